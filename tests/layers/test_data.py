"""Data layers: what stands in the file; their tops are fed, so that no back end computes them."""

from netdef.compiler.layers.data import Backend, Data, HDF5Data, ImageData, MemoryData, WindowData
from netdef.compiler.schema.caffe import Transform
from tests.layers.cases import Case, Family, Refused

NOTHING_COMPUTED = {"ONNX": "N1013"}


class TestData(Family):
    cases = (
        Case(
            "Data, a guess where the data set is absent",
            'layer "y" Data { top: ["data", "label"] source: "s" batch_size: 5 backend: LMDB }',
            layer=Data(source="s", batch_size=5, backend=Backend.LMDB),
            shapes={"data": (5, 3, 256, 256), "label": (5,)},
            refused=NOTHING_COMPUTED,
        ),
        Case(
            "Data, cropped",
            'layer "y" Data { top: "data" batch_size: 5 transform_param { crop_size: 27 mirror: true } }',
            layer=Data(batch_size=5, transform=Transform(crop_size=27, mirror=True)),
            shapes={"data": (5, 3, 27, 27)},
            refused=NOTHING_COMPUTED,
        ),
        Case(
            "ImageData, resized, grey",
            'layer "y" ImageData { top: ["data", "label"] batch_size: 2 new_height: 6 new_width: 8 is_color: false }',
            layer=ImageData(batch_size=2, new_height=6, new_width=8, is_color=False),
            shapes={"data": (2, 1, 6, 8), "label": (2,)},
            refused=NOTHING_COMPUTED,
        ),
        Case(
            "MemoryData",
            'layer "y" MemoryData { top: ["data", "label"] batch_size: 2 channels: 3 height: 4 width: 5 }',
            layer=MemoryData(batch_size=2, channels=3, height=4, width=5),
            shapes={"data": (2, 3, 4, 5), "label": (2,)},
            refused=NOTHING_COMPUTED,
        ),
        Case(
            "HDF5Data",
            'layer "y" HDF5Data { top: ["data", "label"] source: "s" batch_size: 7 }',
            layer=HDF5Data(source="s", batch_size=7),
            shapes={"data": (7, 3, 256, 256), "label": (7,)},
            refused=NOTHING_COMPUTED,
        ),
        Case(
            "WindowData, its crop at either place",
            'layer "y" WindowData { top: ["data", "label"] '
            'window_data_param { source: "s" batch_size: 2 crop_size: 27 context_pad: 16 } }',
            layer=WindowData(source="s", batch_size=2, crop_size=27, context_pad=16),
            shapes={"data": (2, 3, 27, 27), "label": (2,)},
            refused=NOTHING_COMPUTED,
        ),
    )
    refused = (
        Refused("ImageData, one size", 'layer "y" ImageData { top: ["a", "b"] new_height: 6 }', "N407"),
        Refused("MemoryData without sizes", 'layer "y" MemoryData { top: ["a", "b"] batch_size: 2 }', "N408"),
        Refused("WindowData without a crop", 'layer "y" WindowData { top: ["a", "b"] batch_size: 2 }', "N201"),
        Refused(
            "WindowData of no mode",
            'layer "y" WindowData { top: ["a", "b"] batch_size: 2 crop_size: 9 crop_mode: "round" }',
            "N403",
        ),
        Refused("ImageData without labels", 'layer "y" ImageData { top: "a" }', "N503"),
    )
