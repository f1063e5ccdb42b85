"""Manifests as a run, a crash or a stranger left them."""

import json
from pathlib import Path

import pytest

from netdef.compiler.net_error import NetError
from netdef.compiler.weights.formats.manifest import KINDS, MANIFEST, read_manifest
from netdef.compiler.weights.formats.run_folder import best_weights

NO_MANIFESTS = [
    b"",
    b"{",
    b"[]",
    b"null",
    b"3",
    b'"text"',
    b"\xff\xfe{}",
    b"[" * 100_000,
    b'{"devices": ' + b"9" * 5_000,
]


@pytest.mark.parametrize("content", NO_MANIFESTS, ids=lambda content: str(content)[:30])
def test_what_is_none_is_named(content: bytes, tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_bytes(content)
    with pytest.raises(NetError, match=r"N882\]: .* is no run: manifest.json: "):
        read_manifest(tmp_path)


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize(
    "value", [True, 0.5, -1, 10**400, [1], [{}], {"a": 1}, "text"], ids=lambda value: str(value)[:20]
)
def test_a_fact_is_of_its_kind_or_named(name: str, value: object, tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_text(json.dumps({name: value}))
    try:
        assert read_manifest(tmp_path)[name] == value
        assert KINDS[name].holds(value)
    except NetError as error:
        assert not KINDS[name].holds(value)
        assert f"manifest.json: {name} should be {KINDS[name].name}" in str(error)  # noqa: PT017  # either is right


def test_what_a_manifest_does_not_say_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_text('{"identity": {"recipe": 3}}')
    manifest = read_manifest(tmp_path)
    assert manifest.within("identity", "net") is None
    with pytest.raises(NetError, match=r"N882\].*it doesn't say classes"):
        manifest["classes"]
    with pytest.raises(NetError, match=r"N882\].*what augment stands in is no object"):
        manifest.within("identity", "recipe", "augment")


@pytest.mark.parametrize("stage", ["..", "../other", "/etc", "a/../../b", "", ".", "a\0b", "a\\b", "n" * 300])
def test_stages_lie_in_the_runs_folder(stage: str, tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "other/best.safetensors").write_bytes(b"")
    (run / MANIFEST).write_text(json.dumps({"stages": [stage]}))
    with pytest.raises(NetError, match="stages should be a list of folders in the run's"):
        best_weights(run)
