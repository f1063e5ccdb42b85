"""Data layers: whoever runs the module feeds their tops."""

from netdef.compiler.layers.data import Data, HDF5Data, ImageData, MemoryData, WindowData
from netdef.runtime.lowering.base import refuse
from netdef.runtime.lowering.inputs import FED

for _kind in (Data, ImageData, MemoryData, HDF5Data, WindowData):
    refuse(_kind, FED)
