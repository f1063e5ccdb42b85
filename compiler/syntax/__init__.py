"""Text to a tree, and a tree to pure Caffe V2 prototxt."""
