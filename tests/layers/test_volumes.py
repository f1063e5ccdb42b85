"""C3D's layers over volumes."""

from netdef.compiler.layers.pooling import Reduce
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
from tests.layers.cases import SHAPES_ALONE, Case, Family, Refused

VOLUME = 'input "x" [2, 2, 5, 7, 6] '


class TestVolumes(Family):
    cases = (
        *(
            Case(
                f"Convolution3D by {message}",
                VOLUME
                + f'layer "y" Convolution3D {{ {message} {{ num_output: 3 kernel_size: 3 kernel_depth: 2 pad: 1 }} }}',
                layer=kind(num_output=3, kernel_size=3, kernel_depth=2, pad=1),
                shapes={"y": (2, 3, 4, 7, 6)},
                weights={"weight": (3, 2, 2, 3, 3), "bias": (1, 1, 1, 1, 3)},
                macs=2 * 3 * 4 * 7 * 6 * 2 * 2 * 9,
                refused=SHAPES_ALONE,
            )
            for message, kind in (("convolution3d_param", Convolution3D), ("convolution_param", FlatConvolution3D))
        ),
        *(
            Case(
                f"Deconvolution3D by {message}",
                VOLUME + f'layer "y" Deconvolution3D {{ {message} {{ num_output: 3 kernel_size: 4 kernel_depth: 2 '
                "stride: 2 temporal_stride: 2 pad: 1 bias_term: false } }",
                layer=kind(
                    num_output=3, kernel_size=4, kernel_depth=2, stride=2, temporal_stride=2, pad=1, bias_term=False
                ),
                shapes={"y": (2, 3, 10, 14, 12)},
                weights={"weight": (2, 3, 2, 4, 4)},
                macs=2 * 2 * 5 * 7 * 6 * 3 * 2 * 16,
                refused=SHAPES_ALONE,
            )
            for message, kind in (("convolution3d_param", Deconvolution3D), ("convolution_param", FlatDeconvolution3D))
        ),
        *(
            Case(
                f"Pooling3D by {message}",
                VOLUME + f'layer "y" Pooling3D {{ {message} {{ pool: AVE kernel_size: 2 kernel_depth: 2 stride: 2 '
                "temporal_stride: 2 } }",
                layer=kind(pool=Reduce.AVE, kernel_size=2, kernel_depth=2, stride=2, temporal_stride=2),
                shapes={"y": (2, 2, 3, 4, 3)},
                refused=SHAPES_ALONE,
            )
            for message, kind in (("pooling3d_param", Pooling3D), ("pooling_param", FlatPooling3D))
        ),
        Case(
            "VoxelSoftmax",
            VOLUME + 'layer "y" VoxelSoftmax',
            layer=VoxelSoftmax(),
            shapes={"y": (2, 2, 5, 7, 6)},
            refused=SHAPES_ALONE,
        ),
        Case(
            "VoxelSoftmaxLoss",
            VOLUME + 'input "t" [2, 1, 5, 7, 6] layer "y" VoxelSoftmaxLoss { bottom: ["x", "t"] }',
            layer=VoxelSoftmaxLoss(),
            shapes={"y": ()},
            refused=SHAPES_ALONE,
        ),
    )
    refused = (
        Refused("an image", 'input "x" [2, 2, 7, 6] layer "y" Convolution3D { num_output: 3 kernel_size: 3 }', "N203"),
        Refused(
            "a long window", VOLUME + 'layer "y" Convolution3D { num_output: 3 kernel_size: 3 kernel_depth: 6 }', "N204"
        ),
        Refused("a wide window", VOLUME + 'layer "y" Pooling3D { kernel_size: 8 kernel_depth: 1 }', "N204"),
        Refused("no window", VOLUME + 'layer "y" Pooling3D { kernel_depth: 1 }', "N408"),
        Refused(
            "labels of other voxels",
            VOLUME + 'input "t" [2, 1, 5, 7, 5] layer "y" VoxelSoftmaxLoss { bottom: ["x", "t"] }',
            "N206",
        ),
    )
