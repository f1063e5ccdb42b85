"""Caffe's older formats, V0 and V1, as its newest, V2."""
