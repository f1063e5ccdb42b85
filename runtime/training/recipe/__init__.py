"""How a net is trained, as its file says: netdef's YAML, or Caffe's solver.prototxt."""
