"""What a net has learnt: read, matched to its layers, completed by fillers, written."""
