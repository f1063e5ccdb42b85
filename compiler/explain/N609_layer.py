"""One name for two layer types."""

from netdef.layer_types import Layer, Written, override


class Unpooled(Layer, name="Enlarge", origin="segnet"):
    """SegNet's."""

    @classmethod
    @override
    def is_meant(cls, written: Written) -> bool:
        """Always."""
        return True


class Nearest(Layer, name="Enlarge", origin="yolo"):
    """YOLO's."""

    @classmethod
    @override
    def is_meant(cls, written: Written) -> bool:
        """Always."""
        return True
