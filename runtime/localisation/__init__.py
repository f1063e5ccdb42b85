"""Where the object of an image is: boxes, their errors, and the paper's two protocols."""
