"""What a recipe may say of images in training: other scales, random windows, mirrored and shifted ones."""

from collections.abc import Iterator

from netdef.compiler.bounds import MOST_SIDE
from netdef.compiler.override import override
from netdef.compiler.schema.message import Message, ProtoEnum, Refusal, param


class CropPosition(ProtoEnum):
    """Where the net's window is cut out of a larger image."""

    RANDOM = 0
    CENTRE = 1


class Augment(Message):
    """What training does to an image, beside what the net's own ``preprocess`` says."""

    scale: tuple[int, ...] = param(
        0,
        default=(),
        least=1,
        most=MOST_SIDE,
        doc="shorter side in training, in pixels, if not the net's; [256, 512] draws it",
    )
    crop: CropPosition = param(
        0, default=CropPosition.RANDOM, doc="where the net's window is cut out, random or centre"
    )
    mirror: bool = param(0, default=False, doc="mirror every second image, chosen at random")
    rgb_shift: float = param(
        0, default=0.0, least=0, doc="deviation of Krizhevsky's shift of the colours, 0.1 in the papers; 0 for none"
    )

    @override
    def problems(self) -> Iterator[Refusal]:
        """A scale is one side or an interval."""
        if len(self.scale) > 2:
            help = "give the least and the greatest side: [256, 512]"
            yield Refusal("N863", f"scale is one side or two, not {len(self.scale)}", at="scale", help=help)
        elif self.scale and self.scale[0] > self.scale[-1]:
            least, greatest = reversed(self.scale)
            yield Refusal("N863", "scale has its greater side first", at="scale", help=f"say [{least}, {greatest}]")
