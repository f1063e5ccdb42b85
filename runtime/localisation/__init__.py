"""Where the object of a picture is: boxes, their errors, and the paper's two protocols."""
