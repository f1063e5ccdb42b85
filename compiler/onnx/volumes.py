"""ONNX of C3D."""

from netdef.compiler.layers.volumes import (
    Convolution3D,
    Deconvolution3D,
    FlatConvolution3D,
    FlatDeconvolution3D,
    FlatPooling3D,
    Pooling3D,
    VoxelSoftmax,
    VoxelSoftmaxLoss,
)
from netdef.compiler.onnx.base import EXPORT, UNWRITTEN
from netdef.compiler.rules import SHAPES_ALONE

for _kind in (Convolution3D, Deconvolution3D, FlatConvolution3D, FlatDeconvolution3D, FlatPooling3D, Pooling3D):
    EXPORT.refuse(_kind, UNWRITTEN)
for _alone in (VoxelSoftmax, VoxelSoftmaxLoss):
    EXPORT.refuse(_alone, SHAPES_ALONE)
