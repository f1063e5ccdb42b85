"""Messages declared once, and how they are read: from text and from Caffe's binary format."""
