"""From definitions to a checked net: layers joined by blobs, as Caffe's net.cpp does it."""
