"""What `netdef expand` prints, read by OpenCV 4, whose reader of Caffe's files isn't ours: `make test-opencv4`.

OpenCV 5 reads Caffe's files no more, so version 4 has an environment of its own, and there are two scripts: ``write``
makes files with netdef, and ``compare`` reads them with OpenCV alone.
"""
