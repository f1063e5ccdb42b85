"""What a class line says of a layer type beside its fields: what it is for, and its names elsewhere.

Whoever asks which bottom holds the scores, or whether a layer brings data, reads a role. Outside its class a layer type
is known by name to the rules of back ends alone; so a type that comes later is understood everywhere at once.
"""

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import NamedTuple


class V1(NamedTuple):
    """A type in V1, the format of ``layers { type: CONVOLUTION }`` (caffe.proto's V1LayerParameter).

    word     what stands as its ``type``
    number   the word's number
    message  the number of the type's own message in such a layer; 0 where it has none there
    """

    word: str
    number: int
    message: int = 0


class Makes(Enum):
    """What a layer's first top is, for those who look for it.

    VALUES         anything else
    PROBABILITIES  of the classes: they sum to 1 along ``classes_axis``
    LOSS           a number to be made small; it counts 1 in the loss unless the file says otherwise (Caffe's LossLayer)
    MEASURE        how good the scores are, for people: no gradient goes back
    POOLED         what windows hold, and not where in them: class scores, perhaps, but no coordinates
    """

    VALUES = "values"
    PROBABILITIES = "probabilities"
    LOSS = "loss"
    MEASURE = "measure"
    POOLED = "pooled"


class Holds(Enum):
    """What a bottom must hold that is neither an image, nor scores, nor labels, for whoever makes up a net's inputs.

    REGIONS    rows of an image's number in the batch, and corners x1, y1, x2, y2 in pixels of the net's input
    TRUTH      rows of the corners and the class of an object that is there: x1, y1, x2, y2, class
    IMAGE_INFO the size of the net's input, and how much it was scaled: height, width, scale
    """

    REGIONS = "regions"
    TRUTH = "truth"
    IMAGE_INFO = "image info"


class Colour(Enum):
    """What a drawing fills a layer's box with: a family looks alike. The values are CSS colours."""

    WHITE = "#ffffff"
    GREY = "#eeeeee"
    BLUE = "#cfe2f3"
    VIOLET = "#d9d2e9"
    RED = "#f4cccc"
    YELLOW = "#fff2cc"
    PINK = "#ead1dc"
    PEACH = "#fce5cd"
    ORANGE = "#f9cb9c"


class WeightRole(Enum):
    """What changes a stored blob.

    LEARNED    gradients
    STATISTIC  what the layer sees in training (BatchNorm's mean)
    STATE      each pass, for the next one (what a recurrent layer remembers)
    """

    LEARNED = "learned"
    STATISTIC = "statistic"
    STATE = "state"


class Written(NamedTuple):
    """What a file says of a layer, by which types of one name are told apart.

    num_bottoms, num_tops  how many it names
    fields                 the layer's own fields (``upsample_param``) and those inside of them (``scale``)
    num_weights            how many ``param`` fields it has, or ``blobs_lr``: one for each stored blob, as a rule
    values                 what stands in the fields inside, by name, in order: numbers, texts, and words as texts
    """

    num_bottoms: int
    num_tops: int
    fields: frozenset[str]
    num_weights: int = 0
    values: Mapping[str, tuple[float | str, ...]] = MappingProxyType({})
