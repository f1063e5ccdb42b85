"""Metrics as a run, a crash or a stranger left them."""

import json
from pathlib import Path

import pytest

from netdef.compiler.net_error import NetError
from netdef.runtime.metrics_file import read_lines
from netdef.runtime.training.history import spread

SOUND: dict[str, object] = {"iteration": 1, "epoch": 0.5, "loss": 2.0, "lr": 0.1, "seconds": 3.0}


def written(folder: Path, *lines: object) -> Path:
    path = folder / "metrics.jsonl"
    path.write_bytes(b"\n".join(x if isinstance(x, bytes) else json.dumps(x).encode() for x in lines))
    return path


HALF = [
    b'{"iteration": 2, "lo',
    b"\xff\xfe",
    b"null",
    b"3",
    b"[]",
    b"{}",
    b"[" * 100_000,
    b"\0\0\0",
    b'{"iteration": "2"}',
]
WRONG: list[dict[str, object]] = [
    {"seconds": None},
    {"loss": "2"},
    {"iteration": True},
    {"iteration": -1},
    {"epoch": [1]},
    {"lr": 10**400},
]


@pytest.mark.parametrize("half", [*HALF, *(SOUND | wrong for wrong in WRONG)], ids=lambda half: str(half)[:40])
def test_a_half_line_at_the_end_is_left_out_and_between_others_named(half: object, tmp_path: Path) -> None:
    assert read_lines(written(tmp_path, SOUND, half)) == [SOUND]
    assert read_lines(written(tmp_path, SOUND, half, half)) == [SOUND]
    path = written(tmp_path, SOUND, half, SOUND)
    with pytest.raises(NetError, match=r"N889\]: .*metrics.jsonl:2 is no line of metrics"):
        read_lines(path)


def test_a_line_without_its_seconds_has_those_before(tmp_path: Path) -> None:
    bare = {"iteration": 2, "loss": 1.0}
    lines = read_lines(written(tmp_path, bare, SOUND, bare))
    assert lines == [bare, SOUND, bare]
    assert [line["seconds"] for line in spread(lines)] == [0.0, 1.5, 3.0]
    assert spread([]) == []


def test_a_folder_in_its_place_is_named(tmp_path: Path) -> None:
    assert read_lines(tmp_path / "absent") == []
    with pytest.raises(NetError, match="N889"):
        read_lines(tmp_path)
