"""Names that files give of other files: they stay where they belong, and lead to plain files alone."""

import json
import os
from pathlib import Path

import h5py
import numpy as np
import pytest

from netdef.compiler.data_files.hdf5 import read_piece
from netdef.compiler.data_files.lmdb import Lmdb
from netdef.compiler.net_error import NetError
from netdef.compiler.plain_file import open_plain
from netdef.compiler.weights.formats.files import read_weights
from netdef.runtime.data.datasets.box_files import open_voc
from netdef.runtime.data.datasets.listing import Listing
from netdef.runtime.data.datasets.shards import open_shards
from netdef.runtime.localisation.drawing import copies
from netdef.runtime.run import file_name
from netdef.runtime.training.recipe.file import read_recipe_file
from tests.runtime.damaged import add, encoded, make_pack

LEADING_OUT = ("../secret.png", "/etc/passwd", "/dev/zero", "a\0b", "n" * 5_000, "..", "")
SECRET = np.full((3, 3), 255, np.uint8)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder for data, beside a file that is none of theirs."""
    (tmp_path / "secret.png").write_bytes(encoded(SECRET, "PNG"))
    home = tmp_path / "home"
    home.mkdir()
    return home


@pytest.mark.parametrize("name", LEADING_OUT)
def test_an_index_names_shards_beside_it(name: str, home: Path) -> None:
    make_pack(home)
    index = home / "packed/index.json"
    facts = json.loads(index.read_text())
    facts["shards"][0]["name"] = name
    index.write_text(json.dumps(facts))
    with pytest.raises(NetError, match="N771"):
        open_shards(home / "packed")


@pytest.mark.parametrize("name", ["../cat/1.png", "/1.png", "../../1.png", "n" * 90 + "/1.png"])
def test_a_tars_members_are_read_where_they_lie(name: str, home: Path) -> None:
    """Nothing is unpacked, so a member's name is a name and no place."""
    import tarfile

    with tarfile.open(home / "x.tar", "w") as tar:
        add(tar, name, encoded(SECRET, "PNG"))
        link = tarfile.TarInfo("link/1.png")
        link.type, link.linkname = tarfile.SYMTYPE, str(home.parent / "secret.png")
        tar.addfile(link)
    before = sorted(home.parent.rglob("*"))
    data = open_shards(home / "x.tar")
    assert len(data) == 1, "the link is no image"
    assert data.image(0).max() == 255
    assert sorted(home.parent.rglob("*")) == before


@pytest.mark.parametrize("name", LEADING_OUT)
def test_an_annotation_names_an_image_beside_it(name: str, home: Path) -> None:
    box = "<bndbox><xmin>0</xmin><ymin>0</ymin><xmax>2</xmax><ymax>2</ymax></bndbox>"
    written = name.replace("\0", "&#1;")
    (home / "1.xml").write_text(f"<a><filename>{written}</filename><object><name>c</name>{box}</object></a>")
    with pytest.raises(NetError, match=r"N724|N712"):
        open_voc(home, None).image(0)
    (home / "1.png").write_bytes(encoded(SECRET, "PNG"))
    if "\0" not in name:
        assert open_voc(home, None).paths == [str(home / "1.png")]


@pytest.mark.parametrize("name", ["/dev/zero", "/dev/full", "pipe", "a\0b", "n" * 5_000, "."])
def test_a_list_names_plain_files(name: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)
    os.mkfifo("pipe")
    Path("list.txt").write_text(f"{name} 0\n")
    with pytest.raises(NetError, match="N712"):
        Listing(Path("list.txt"))


@pytest.mark.parametrize("name", ["/dev/zero", "/dev/null", "pipe", "a\0b", "n" * 200, "."])
def test_a_recipe_is_like_a_plain_file(name: str, home: Path) -> None:
    os.mkfifo(home / "pipe")
    (home / "r.yaml").write_text(f"like: {json.dumps(name)}\n")
    with pytest.raises(NetError, match="N864"):
        read_recipe_file(home / "r.yaml")
    (home / "endless.yaml").symlink_to("/dev/zero")
    with pytest.raises(NetError, match="no recipe is that long"):
        read_recipe_file(home / "endless.yaml")


def test_numbers_of_an_hdf5_file_are_its_own(home: Path) -> None:
    with h5py.File(home.parent / "secret.h5", "w") as file:
        file["data"] = np.zeros((3, 2))
        file["group/data"] = np.zeros((3, 2))
    (home / "raw").write_bytes(bytes(48))
    with h5py.File(home / "x.h5", "w") as file:
        file["link"] = h5py.ExternalLink("../secret.h5", "data")
        file["group"] = h5py.ExternalLink("../secret.h5", "group")
        file["soft"] = h5py.SoftLink("/group/data")
        file.create_dataset("raw", (3, 2), "f8", external=[(str(home / "raw"), 0, 48)])
        layout = h5py.VirtualLayout((3, 2), "f8")
        layout[:] = h5py.VirtualSource(str(home.parent / "secret.h5"), "data", (3, 2))
        file.create_virtual_dataset("virtual", layout)
        file["own"] = np.zeros((3, 2))
        file["texts"] = ["a", "b"]
        file.create_dataset("huge", (2**40, 2), "f8", chunks=(1, 2))
    assert read_piece(home / "x.h5", ["own"]).num_rows == 3
    for name in ("link", "group/data", "soft", "raw", "virtual", "texts", "huge"):
        with pytest.raises(NetError, match="N773"):
            read_piece(home / "x.h5", [name])


@pytest.mark.parametrize("target", ["/dev/zero", "/dev/null", "pipe", "."])
@pytest.mark.parametrize("name", ["data.mdb", "w.safetensors", "w.npz", "w.caffemodel"])
def test_links_lead_to_plain_files(name: str, target: str, home: Path) -> None:
    os.mkfifo(home / "pipe")
    (home / name).symlink_to(target if target.startswith("/") else home / target)
    with pytest.raises(NetError):
        Lmdb(home) if name == "data.mdb" else read_weights(home / name)
    with pytest.raises(OSError, match="it is no file"):
        open_plain(home / name)


@pytest.mark.parametrize("name", ["../../x", "/etc/x", "..", "", "a\0b", "a/b\\c", "CON\n"])
def test_a_run_is_named_after_its_net_and_lies_in_runs(name: str) -> None:
    assert not set(file_name(name)) & set("/\\\0\n")
    assert file_name(name) not in ("", ".", "..")


def test_copies_of_images_lie_in_their_folder(home: Path) -> None:
    places = list(copies(home, ["/etc/x.png", "../../x.png", "x.png", "..", ".hidden/.png"]))
    assert {place.parent for place in places} == {home}
    assert len(set(places)) == 5


def test_an_image_is_read_whatever_it_is_called(home: Path) -> None:
    path = home / "no image.txt"
    path.write_bytes(encoded(SECRET, "PNG"))
    (home / "list.txt").write_text(f"{path} 0\n")
    assert Listing(home / "list.txt").image(0).shape == (3, 3, 1)
