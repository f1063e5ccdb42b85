"""A plain install: what it can do, and what names the extra that it lacks."""

import ast
import json
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from PIL import Image

import netdef
from netdef.cli import COMMANDS, main
from netdef.compiler.extras import DISTRIBUTION, EXTRAS, PACKAGES, extras_named, require

ROOT = Path(__file__).parents[2]
MODULES = {module for modules in EXTRAS.values() for module in modules}
NET = str(ROOT / "nets/lenet.net")

LIGHT = {
    "check": ("check", NET),
    "summary": ("summary", NET),
    "expand": ("expand", NET),
    "fmt": ("fmt", "-"),
    "upgrade": ("upgrade", NET),
    "diff": ("diff", NET, NET),
    "layers": ("layers",),
    "layers TYPE": ("layers", "Convolution", "--json"),
    "explain": ("explain", "N204"),
    "new": ("new", "vgg16", "-o", "made"),
    "draw .dot": ("draw", NET, "-o", "lenet.dot"),
}
"""What a plain install runs to the end."""
REFUSED = {
    "draw .svg": (("draw", NET, "-o", "lenet.svg"), "draw"),
    "evaluate": (("evaluate", NET, "--weights", "w.npz", "--data", "d"), "train"),
    "export": (("export", NET, "--onnx"), "onnx"),
    "features": (("features", NET, "--weights", "w.npz", "--data", "d", "-o", "f.npz"), "train"),
    "layers --back-ends": (("layers", "--back-ends"), "onnx,train"),
    "pack": (("pack", "folder", "out"), "train"),
    "plot": (("plot", "run"), "plot"),
    "predict": (("predict", NET, "--weights", "w.npz", "image.jpg"), "train"),
    "svm": (("svm", "f.npz"), "svm"),
    "time": (("time", NET), "train"),
    "train": (("train", NET, "--data", "digits"), "train"),
    "verify": (("verify", NET), "onnx,train"),
}
"""What needs an extra, and which."""
CALLS = {
    "netdef.load": (f"netdef.load({NET!r}).num_params", None),
    "netdef.dense": (f"netdef.dense(netdef.load({NET!r})).num_params", None),
    "netdef.diff": (f"netdef.diff(netdef.load({NET!r}), netdef.load({NET!r})).is_same", None),
    "netdef.analyse": ("netdef.analyse('input \"x\" [1]').net", None),
    "netdef.load_layers": ("netdef.load_layers('mine.py')", None),
    "help": ("__import__('pydoc').render_doc(netdef)", None),
    "every name": ("[getattr(netdef, name) for name in dir(netdef)]", None),
    "netdef.evaluate": (f"netdef.evaluate({NET!r}, 'w.npz', data='digits')", "train"),
    "netdef.export": (f"netdef.export({NET!r})", "onnx"),
    "netdef.module": (f"netdef.module(netdef.load({NET!r}))", "train"),
    "netdef.onnx_model": (f"netdef.onnx_model(netdef.load({NET!r}))", "onnx"),
    "netdef.predict": (f"netdef.predict({NET!r}, 'image.jpg', weights='w.npz')", "train"),
    "netdef.solver": ("netdef.solver('solver.prototxt', None)", "train"),
    "netdef.train": (f"netdef.train({NET!r}, data='digits')", "train"),
    "netdef.verify": (f"netdef.verify({NET!r})", "onnx,train"),
    "netdef.read_weights": ("netdef.read_weights('w.npz')", "onnx"),
    "netdef.write_weights": ("netdef.write_weights('v.npz', {})", "onnx"),
}
"""Calls from Python, and the extra that they lack."""
WITHOUT = """
import sys

class Without:
    def __init__(self, finder, absent):
        self.finder, self.absent = finder, absent

    def __getattr__(self, name):  # what importlib.metadata asks for
        return getattr(self.finder, name)

    def find_spec(self, name, *more):
        return None if name.partition(".")[0] in self.absent else self.finder.find_spec(name, *more)

sys.meta_path = [Without(finder, sys.argv[1].split(",")) for finder in sys.meta_path]
"""
"""Some modules are as if they weren't installed."""
PLAIN_INSTALL = f"""{WITHOUT}
import io, json, zipfile
from contextlib import redirect_stderr, redirect_stdout
import netdef
from netdef.cli import main

zipfile.ZipFile("w.npz", "w").writestr("fc/0.npy", "")
with open("mine.py", "w") as file:
    file.write("from netdef.layer_types import Layer\\n\\nclass Mine(Layer):\\n    'The same.'\\n")
found = {{}}
for name, words in json.loads(sys.argv[2]).items():
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
        try:
            status = main(words) if isinstance(words, list) else str(eval(words))
        except SystemExit as error:
            status = error.code
        except netdef.NetError as error:
            status = 1
            print(error, file=sys.stderr)
    found[name] = status, out.getvalue(), err.getvalue()
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int | str, str, str]]:
    """Status or value, stdout and stderr of all of them, one after the other where only lark is installed."""
    asked = LIGHT | {name: words for name, (words, _) in REFUSED.items()} | {name: c for name, (c, _) in CALLS.items()}
    asked |= {f"{command} --help": (command, "--help") for command in COMMANDS}
    done = subprocess.run(
        [sys.executable, "-c", PLAIN_INSTALL, ",".join(MODULES), json.dumps(asked)],
        cwd=tmp_path_factory.mktemp("plain"),
        input='layer   "relu" ReLU',  # what fmt formats
        capture_output=True,
        text=True,
        check=True,
    )
    return {name: tuple(what) for name, what in json.loads(done.stdout).items()}


def test_each_command_and_each_function_is_tried() -> None:
    assert {name.split()[0] for name in (*LIGHT, *REFUSED)} == set(COMMANDS)
    functions = {f"netdef.{name}" for name in netdef.__all__ if name.islower()}
    assert functions == {name for name in CALLS if name.startswith("netdef.")}
    light = {"check", "summary", "expand", "fmt", "upgrade", "diff", "layers", "explain", "new", "draw"}
    assert {words[0] for words in LIGHT.values()} == light


@pytest.mark.parametrize("name", LIGHT)
def test_a_plain_install_runs_it(name: str, found: dict[str, tuple[int | str, str, str]]) -> None:
    status, out, err = found[name]
    assert (status, err) == (0, "")
    assert out


@pytest.mark.parametrize("command", COMMANDS)
def test_help_needs_nothing(command: str, found: dict[str, tuple[int | str, str, str]]) -> None:
    status, out, err = found[f"{command} --help"]
    assert (status, err) == (0, "")
    assert f"usage: netdef {command}" in out


@pytest.mark.parametrize("name", REFUSED)
def test_what_lacks_an_extra_names_it(name: str, found: dict[str, tuple[int | str, str, str]]) -> None:
    status, _, err = found[name]
    assert status == 1
    assert err.startswith("error[N010]: ")
    assert f"help: pip install '{DISTRIBUTION}[{REFUSED[name][1]}]'" in err


@pytest.mark.parametrize("name", CALLS)
def test_a_call_that_lacks_an_extra_names_it(name: str, found: dict[str, tuple[int | str, str, str]]) -> None:
    status, _, err = found[name]
    extra = CALLS[name][1]
    if extra is None:
        assert (status != 1, err) == (True, "")
    else:
        assert status == 1
        assert f"error[N010]: {name}" in err or "weights need" in err
        assert f"pip install '{DISTRIBUTION}[{extra}]'" in err


# ---- extras are enough
ENOUGH = {
    "train": (
        "train digits.net --data synthetic --epochs 0.02 --device cpu -o run",
        "evaluate digits.net --weights run --data synthetic --device cpu",
        "features digits.net --weights run --data synthetic --device cpu -o features.npz",
        "predict digits.net --weights run image.png --device cpu",
        "pack images shards",
        "time digits.net --repeat 1 --device cpu",
    ),
    "onnx": ("export digits.net --onnx --weights run",),
    "onnx,train": ("verify digits.net --weights run",),
    "plot": ("plot run",),
    "svm": ("svm features.npz --splits 1 --train-per-class 5",),
}
"""What runs to the end with some extras alone, in an order in which each finds what it needs."""
THROUGH_OTHERS = {"plot": {"PIL"}}
"""What an extra's packages bring themselves."""
SOME_INSTALLED = f"""{WITHOUT}
from netdef.cli import main

sys.exit(next((status for words in sys.argv[2].split(";") if (status := main(words.split()))), 0))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A net, an image, and a folder of images."""
    folder = tmp_path_factory.mktemp("some")
    assert main(["new", "digits", "-o", str(folder)]) == 0
    Image.new("L", (8, 8), 100).save(folder / "image.png")
    for name in ("a", "b"):
        (folder / "images" / name).mkdir(parents=True)
        shutil.copy(folder / "image.png", folder / "images" / name)
    return folder


@pytest.mark.parametrize("extras", ENOUGH)
def test_an_extra_is_enough_for_its_commands(extras: str, folder: Path) -> None:
    present = {module for extra in extras.split(",") for module in EXTRAS[extra]} | THROUGH_OTHERS.get(extras, set())
    command = [sys.executable, "-c", SOME_INSTALLED, ",".join(MODULES - present), ";".join(ENOUGH[extras])]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


# ---- the table
def project() -> dict[str, dict[str, list[str]]]:
    """The extras of pyproject.toml: names without versions."""
    table = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    named = {extra: [name.split(">")[0] for name in those] for extra, those in table["optional-dependencies"].items()}
    return {"extras": named, "base": {"": [name.split(">")[0] for name in table["dependencies"]]}}


def test_the_base_is_lark_alone() -> None:
    assert project()["base"][""] == ["lark"]


def test_the_table_is_pyprojects() -> None:
    extras = project()["extras"]
    assert extras.pop("all") == [f"{DISTRIBUTION}[{','.join(EXTRAS)}]"]
    assert f"{DISTRIBUTION}[all]" in extras.pop("dev")
    programs = {"graphviz-pure"}  # brings a command and no module
    ours = {extra: {PACKAGES.get(module, module) for module in modules} for extra, modules in EXTRAS.items()}
    assert {extra: set(names) - programs for extra, names in extras.items()} == ours


def test_modules_belong_to_the_packages_that_pip_installs() -> None:
    homes = packages_distributions()
    assert {
        module for module in MODULES if PACKAGES.get(module, module) not in {name.lower() for name in homes[module]}
    } == set()


def imported() -> Iterator[tuple[str, str]]:
    """Every module that the source imports, and where."""
    for folder in ("compiler", "netdef", "runtime"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Import):
                    yield from ((alias.name.split(".")[0], str(path)) for alias in node.names)
                elif isinstance(node, ast.ImportFrom):
                    yield (node.module or "").split(".")[0], str(path)


def test_every_package_that_is_imported_has_an_extra() -> None:
    """Type checkers alone read what comes from typing_extensions."""
    known = {"netdef", "lark", "typing_extensions", *MODULES, *sys.stdlib_module_names}
    assert {module: path for module, path in imported() if module not in known} == {}


def test_every_extra_is_imported_somewhere() -> None:
    through_torch = {"tensorboard"}
    assert MODULES - {module for module, _ in imported()} - through_torch == set()


# ---- the mistake
def test_all_packages_that_are_missing_are_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("torch", "sklearn"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(netdef.NetError) as caught:
        require("a test", "train", "svm", "onnx", otherwise="or go without")
    (mistake,) = caught.value.report
    assert mistake.message == "a test needs torch and scikit-learn, which are not installed"
    assert mistake.help == f"pip install '{DISTRIBUTION}[train,svm]'; or go without"


def test_what_is_installed_is_not_asked_for() -> None:
    require("a test", "train", "onnx")


def test_a_module_of_no_extra_is_our_fault() -> None:
    with pytest.raises(ModuleNotFoundError, match="nonsense"), extras_named("a test"):
        raise ModuleNotFoundError("No module named 'nonsense'", name="nonsense")
