"""A net to another net that computes the same: each pass is one file."""
