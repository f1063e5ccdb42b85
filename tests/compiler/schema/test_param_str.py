"""Parameters of Python layers, as published nets write them; nothing of them is run."""

import pytest

from netdef.compiler.schema.param_str import Value, read_param_str


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("'feat_stride': 16", {"feat_stride": 16}),
        (
            "'feat_stride': 16 \n'scales': !!python/tuple [4, 8, 16, 32]",
            {"feat_stride": 16, "scales": (4, 8, 16, 32)},
        ),
        (
            "{ 'feat_stride': 16, 'use_clip': 1, 'clip_base': 512 }",
            {"feat_stride": 16, "use_clip": 1, "clip_base": 512},
        ),
        ("{'tops': ['color', 'label'], 'split': 'test'}", {"tops": ("color", "label"), "split": "test"}),
        ("num_classes: 21", {"num_classes": 21}),
        ("{num_classes: 21}", {"num_classes": 21}),
        ('"ratios": (0.5, 1)\nbp_all: True\nname: voc', {"ratios": (0.5, 1), "bp_all": True, "name": "voc"}),
        ("1248, 352, 16, 1", {}),
        ("", {}),
        ("{'a': __import__('os').getcwd()}", {}),
        ("'a': " + "[" * 5000, {}),
        ("'a': 1\n" * 5000, {}),
    ],
)
def test_what_a_text_says(text: str, wanted: dict[str, Value]) -> None:
    assert read_param_str(text) == wanted
