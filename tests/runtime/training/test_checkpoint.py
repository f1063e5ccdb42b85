"""Checkpoints: whole or not there, and passed over if they are damaged."""

from pathlib import Path

import numpy as np
import pytest

from netdef.compiler.atomic import UNFINISHED, write_whole
from netdef.compiler.weights.by_layer import by_key
from netdef.runtime.run import put_aside
from netdef.runtime.run import stored_checkpoints as stored
from netdef.runtime.training.checkpoint import NUM_KEPT, Checkpoint, newest, read, save


def made(iteration: int, identity: str = "ours") -> Checkpoint:
    numbers = np.random.default_rng(iteration)
    weights = {
        "a/b": [numbers.normal(size=(3, 2)).astype(np.float32), np.array(1.5, np.float32)],
        "many": [np.full((1,), i, np.float32) for i in range(12)],  # index 10 comes after 9
    }
    history = {"a/b/0": numbers.normal(size=(3, 2)).astype(np.float32)}
    return Checkpoint(iteration, (0.5, 1 / 3), weights, history, identity)


def same(one: Checkpoint | None, other: Checkpoint) -> bool:
    def facts(checkpoint: Checkpoint) -> tuple[object, ...]:
        weights = {name: array.read() for name, array in by_key(checkpoint.weights).items()}
        return (
            *(checkpoint.iteration, checkpoint.scores, checkpoint.identity),
            *(
                {name: (array.shape, array.dtype, array.tobytes()) for name, array in found.items()}
                for found in (weights, checkpoint.history)
            ),
        )

    return one is not None and facts(one) == facts(other)


def test_what_is_saved_is_read_again_bit_for_bit(tmp_path: Path) -> None:
    save(tmp_path, made(7))
    found, warnings = newest(tmp_path, {"ours"})
    assert same(found, made(7))
    assert warnings == []


def test_only_the_newest_are_kept(tmp_path: Path) -> None:
    for iteration in (5, 50, 500, 99):
        save(tmp_path, made(iteration))
    assert [path.name for path in stored(tmp_path)] == ["00000500.safetensors", "00000099.safetensors"]
    assert NUM_KEPT == 2


def test_nothing_saved_is_nothing_found(tmp_path: Path) -> None:
    assert newest(tmp_path, {"ours"}) == (None, [])


@pytest.mark.parametrize("damage", ["cut", "one bit", "empty", "no safetensors"])
def test_a_damaged_one_is_passed_over_with_a_warning(tmp_path: Path, damage: str) -> None:
    save(tmp_path, made(5))
    save(tmp_path, made(10))
    newer = tmp_path / "00000010.safetensors"
    content = bytearray(newer.read_bytes())
    if damage == "cut":
        content = content[:-5]
    elif damage == "one bit":
        content[-5] ^= 1
    elif damage == "empty":
        content = bytearray()
    else:
        content = bytearray(b"\0" * 100)
    newer.write_bytes(content)
    found, warnings = newest(tmp_path, {"ours"})
    assert same(found, made(5))
    (warning,) = warnings
    assert (warning.code, str(newer) in warning.message) == ("N884", True)


def test_facts_are_covered_by_the_digest(tmp_path: Path) -> None:
    save(tmp_path, made(10))
    path = tmp_path / "00000010.safetensors"
    content = path.read_bytes()
    assert content.count(b'"iteration":"10"') == 1
    path.write_bytes(content.replace(b'"iteration":"10"', b'"iteration":"11"'))
    assert read(path) is None


def test_one_of_another_run_is_passed_over(tmp_path: Path) -> None:
    save(tmp_path, made(5))
    save(tmp_path, made(10, "theirs"))
    found, warnings = newest(tmp_path, {"ours"})
    assert same(found, made(5))
    assert "belongs to another run" in warnings[0].message


def test_a_write_that_breaks_off_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    write_whole(path, lambda unfinished: unfinished.write_text("old"))

    def breaks(unfinished: Path) -> None:
        unfinished.write_text("half of the n")
        raise OSError("no space left on device")

    with pytest.raises(OSError, match="no space"):
        write_whole(path, breaks)
    assert path.read_text() == "old"
    write_whole(path, lambda unfinished: unfinished.write_text("new"))
    assert path.read_text() == "new"
    assert not list(tmp_path.glob(f"{UNFINISHED}*"))


def test_an_unfinished_checkpoint_is_none(tmp_path: Path) -> None:
    save(tmp_path, made(5))
    (tmp_path / f"{UNFINISHED}00000010.safetensors").write_bytes(b"half")
    found, warnings = newest(tmp_path, {"ours"})
    assert same(found, made(5))
    assert warnings == []


def test_a_damaged_newer_one_takes_no_place(tmp_path: Path) -> None:
    """A run goes on from before it, and what is saved then is kept, though its number is lower."""
    save(tmp_path, made(5))
    (tmp_path / "00000010.safetensors").write_bytes(b"half")
    found, _ = newest(tmp_path, {"ours"})
    assert same(found, made(5))
    put_aside(tmp_path, 5)
    save(tmp_path, made(7), num_kept=1)
    assert [path.name for path in stored(tmp_path)] == ["00000007.safetensors"]
    assert (tmp_path / "damaged-00000010.safetensors").read_bytes() == b"half"
