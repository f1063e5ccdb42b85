"""What Simonyan and Zisserman (2014) published, and which of it a result may stand beside."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from netdef.runtime.evaluation.protocol import Pool

NETS = {
    "VGG11": "A",
    "VGG11_LRN": "A-LRN",
    "VGG13": "B",
    "VGG16_1x1": "C",
    "VGG16": "D",
    "VGG19": "E",
    "VGG_ILSVRC_16_layers": "D",
    "VGG_ILSVRC_19_layers": "E",
}
"""The paper's configurations by the net's name: ours, and those of the authors' files."""

JITTER = (256, 512)
"""The training scale S where it is drawn from an interval."""
WIDE = (256, 384, 512)
"""The test scales Q that go with it."""


class Published(NamedTuple):
    """A row of Table 3, 4 or 5: errors on ILSVRC-2012's validation set, in per cent.

    train   S, the shorter side in training: one, or the ends of an interval
    test    Q, the shorter sides in the test
    how     dense, crops or both
    """

    table: int
    net: str
    train: tuple[int, ...]
    test: tuple[int, ...]
    how: str
    top1: float
    top5: float


PUBLISHED = (
    Published(3, "A", (256,), (256,), "dense", 29.6, 10.4),
    Published(3, "A-LRN", (256,), (256,), "dense", 29.7, 10.5),
    Published(3, "B", (256,), (256,), "dense", 28.7, 9.9),
    Published(3, "C", (256,), (256,), "dense", 28.1, 9.4),
    Published(3, "C", (384,), (384,), "dense", 28.1, 9.3),
    Published(3, "C", JITTER, (384,), "dense", 27.3, 8.8),
    Published(3, "D", (256,), (256,), "dense", 27.0, 8.8),
    Published(3, "D", (384,), (384,), "dense", 26.8, 8.7),
    Published(3, "D", JITTER, (384,), "dense", 25.6, 8.1),
    Published(3, "E", (256,), (256,), "dense", 27.3, 9.0),
    Published(3, "E", (384,), (384,), "dense", 26.9, 8.7),
    Published(3, "E", JITTER, (384,), "dense", 25.5, 8.0),
    Published(4, "B", (256,), (224, 256, 288), "dense", 28.2, 9.6),
    Published(4, "C", (256,), (224, 256, 288), "dense", 27.7, 9.2),
    Published(4, "C", (384,), (352, 384, 416), "dense", 27.8, 9.2),
    Published(4, "C", JITTER, WIDE, "dense", 26.3, 8.2),
    Published(4, "D", (256,), (224, 256, 288), "dense", 26.6, 8.6),
    Published(4, "D", (384,), (352, 384, 416), "dense", 26.5, 8.6),
    Published(4, "D", JITTER, WIDE, "dense", 24.8, 7.5),
    Published(4, "E", (256,), (224, 256, 288), "dense", 26.9, 8.7),
    Published(4, "E", (384,), (352, 384, 416), "dense", 26.7, 8.6),
    Published(4, "E", JITTER, WIDE, "dense", 24.8, 7.5),
    Published(5, "D", JITTER, WIDE, "crops", 24.6, 7.5),
    Published(5, "D", JITTER, WIDE, "both", 24.4, 7.2),
    Published(5, "E", JITTER, WIDE, "crops", 24.6, 7.4),
    Published(5, "E", JITTER, WIDE, "both", 24.4, 7.1),
)

LOW = (224, 256, 288)
"""The test scales that go with S = 256."""
HIGH = (352, 384, 416)
"""And with S = 384."""

FUSED = (
    ((("D", WIDE, "dense", JITTER), ("E", WIDE, "dense", JITTER)), 24.0, 7.1),
    ((("D", WIDE, "crops", JITTER), ("E", WIDE, "crops", JITTER)), 23.9, 7.2),
    ((("D", WIDE, "both", JITTER), ("E", WIDE, "both", JITTER)), 23.7, 6.8),
    (
        (
            *(("C", LOW, "dense", (256,)), ("C", HIGH, "dense", (384,))),
            *(("D", LOW, "dense", (256,)), ("D", WIDE, "dense", JITTER), ("D", HIGH, "dense", (384,))),
            *(("E", LOW, "dense", (256,)), ("E", HIGH, "dense", (384,))),
        ),
        24.7,
        7.5,
    ),
)
"""Table 6: the nets that were fused, sorted, each with Q, dense or crops or both, and S; and the errors."""


def how(protocol: Mapping[str, Any]) -> str | None:
    """The paper's word for a protocol, None if it isn't one of the paper's."""
    dense, crops = protocol["dense"], protocol["crops"]
    if (dense and not protocol["flip"]) or crops not in (0, 50) or protocol["pool"] != Pool.LOGITS:
        return None
    return "both" if dense and crops else "dense" if dense else "crops" if crops else None


def published(made: Mapping[str, Any]) -> list[Published]:
    """The rows that a net's result may stand beside; several where nothing tells how it was trained."""
    key, trained = _key(made), _trained(made)
    return [row for row in PUBLISHED if (row.net, row.test, row.how) == key and trained in ((), row.train)]


def published_fusion(parts: Sequence[Mapping[str, Any]]) -> tuple[float, float] | None:
    """Top-1 and top-5 error of a fusion of the same nets, where each part is one net."""
    if any("protocol" not in made for made in parts):
        return None
    found = sorted((*_key(made), _trained(made)) for made in parts)
    for nets, top1, top5 in FUSED:
        alike = (own[:3] == net[:3] and own[3] in ((), net[3]) for own, net in zip(found, nets, strict=False))
        if len(found) == len(nets) and all(alike):
            return top1, top5
    return None


def _key(made: Mapping[str, Any]) -> tuple[str, tuple[int, ...], str]:
    """The paper's net, Q and how; empty words where they aren't the paper's."""
    protocol = made["protocol"]
    return NETS.get(made["name"], ""), tuple(sorted(protocol["scales"])), how(protocol) or ""


def _trained(made: Mapping[str, Any]) -> tuple[int, ...]:
    """S, empty where nothing tells."""
    return tuple(made.get("trained", ()))
