"""Images with labels, and the batches that nets take."""
