"""A run's folder: what was asked for, what happened, and the weights.

manifest.json       what the run is: net, recipe, data, versions, the command, and at its end the result
metrics.jsonl       one line for each iteration, each once, whatever broke in between
checkpoints/        from which a broken run goes on
best.safetensors    the weights with the best score
last.safetensors    the weights of the last checkpoint
"""

import fcntl
import hashlib
import json
import os
import re
from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from netdef.compiler.atomic import UNFINISHED, write_new, write_whole_text
from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net_error import NetError
from netdef.compiler.solver_state import is_solver_state, solver_state
from netdef.compiler.weights.formats.manifest import MANIFEST, Manifest, read_manifest
from netdef.compiler.weights.formats.run_folder import BEST, LAST, stages_of
from netdef.runtime.metric_names import TEST_METRICS
from netdef.runtime.metrics_file import read_lines
from netdef.runtime.requests import TrainRequest

RUNS = Path("runs")
"""Where runs go that are not told where to go."""

NUM_DIFFERENCES_SHOWN = 5
LONGEST_NUMBER = 18
"""Digits in a checkpoint's name: what fits in 64 bits."""

_HELD: set[int] = set()
"""Folders that this process holds."""


def _let_go() -> None:
    """In a child that reads images: it may outlive its parent by seconds, and must not hold what that one held."""
    for folder in _HELD:
        os.close(folder)
    _HELD.clear()


os.register_at_fork(after_in_child=_let_go)


class Run:
    """One run's folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.checkpoints = path / "checkpoints"
        self.metrics = path / "metrics.jsonl"
        self.best = path / BEST
        self.last = path / LAST
        self._manifest = path / MANIFEST

    @property
    def manifest(self) -> Manifest:
        """What the run is."""
        return read_manifest(self.path)

    @manifest.setter
    def manifest(self, manifest: Mapping[str, Any]) -> None:
        with self.saving():
            write_whole_text(self._manifest, _text(manifest))

    def begin(self, manifest: Mapping[str, Any]) -> None:
        """Say what a new run is: from here on the folder is its own.

        Raises:
            NetError: if another process began one here first, which stays as it is; or if it can't be written.
        """
        is_first = True
        with self.saving():
            self.checkpoints.mkdir(parents=True, exist_ok=True)
            try:
                write_new(self._manifest, lambda unfinished: unfinished.write_text(_text(manifest), encoding="utf-8"))
            except FileExistsError:
                is_first = False
        if not is_first:
            raise _taken(self.path)

    @property
    def request(self) -> TrainRequest:
        """What was asked for when it began.

        Raises:
            NetError: if another version of netdef began it, which remembered that otherwise.
        """
        try:
            asked: Any = self.manifest.get("request")  # an older one has none
            return TrainRequest.from_data(asked)
        except (AttributeError, KeyError, TypeError, ValueError):
            message = f"the run in {self.path} was begun by another version of netdef: what was asked for isn't known"
            help = "start anew without --resume, perhaps from its weights; to evaluate it, name the data with --data"
            raise NetError(Diagnostic("N882", message, help=help)) from None

    @property
    def is_there(self) -> bool:
        """Whether the folder is a run's."""
        return self._manifest.is_file()

    @contextmanager
    def held(self) -> Iterator[None]:
        """While it is entered, no other process trains here; a process that dies lets go, and what it left half goes.

        Raises:
            NetError: if one does already.
        """
        folder = os.open(self.path, os.O_RDONLY)
        _HELD.add(folder)
        try:
            try:
                fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                help = "wait for it, or stop it, or choose another folder with -o"
                raise NetError(Diagnostic("N888", f"another process trains in {self.path}", help=help)) from None
            for left in self.path.glob(f"{UNFINISHED}*"):  # by one that died while it wrote
                left.unlink(missing_ok=True)
            yield
        finally:
            _HELD.remove(folder)
            os.close(folder)

    @contextmanager
    def saving(self) -> Iterator[None]:
        """What is written here, or a mistake that says what is safe.

        Raises:
            NetError: if the disk is full, or the folder can't be written.
        """
        try:
            yield
        except (OSError, NetError) as error:
            reason = error.report.errors[0].message if isinstance(error, NetError) else None
            what = reason or getattr(error, "strerror", None) or error
            help = f"make room, or see who may write there; then go on: netdef train --resume -o {self.path}"
            checkpoints = stored_checkpoints(self.checkpoints)
            note = f"the last checkpoint is intact: {checkpoints[0]}" if checkpoints else "there is no checkpoint yet"
            message = f"the run {self.path} can't be saved: {what}"
            raise NetError(Diagnostic("N887", message, notes=(note,), help=help)) from None

    @property
    def stages(self) -> list["Run"]:
        """The runs of its stages, in order; most runs have none."""
        return [Run(folder) for folder in stages_of(self.path)]

    @property
    def is_finished(self) -> bool:
        """Whether the run came to its end."""
        return self.is_there and "result" in self.manifest

    def log(self, lines: Iterable[Mapping[str, Any]]) -> None:
        """Add to the metrics."""
        with self.metrics.open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(line) + "\n" for line in lines)

    @property
    def lines(self) -> Iterator[dict[str, Any]]:
        """The metrics, up to a line that is half-written: the run goes on, or was killed then.

        Raises:
            NetError: if they can't be read, or a line between others is none of ours.
        """
        yield from read_lines(self.metrics)

    @property
    def evaluations(self) -> list[dict[str, Any]]:
        """The metrics of the iterations that were evaluated, in order."""
        return [line for line in self.lines if any(name in line for name in TEST_METRICS)]

    def cut_back(self, iteration: int, *, at_all: bool = True) -> float:
        """Drop what came after an iteration, or all: it will be run again; the seconds that the run had taken by then.

        Checkpoints that were passed over are renamed, and count no longer.
        """
        kept = []
        seconds = 0.0
        for facts in self.lines if at_all else ():
            if facts["iteration"] > iteration:
                break
            kept.append(facts)
            seconds = facts.get("seconds", seconds)
        with self.saving():
            put_aside(self.checkpoints, iteration)
            self._rewrite(kept)
        return seconds

    def amend(self, facts: Mapping[str, Any]) -> None:
        """Add to the last line of the metrics."""
        *before, last = self.lines
        with self.saving():
            self._rewrite([*before, {**last, **facts}])

    def _rewrite(self, lines: Iterable[Mapping[str, Any]]) -> None:
        write_whole_text(self.metrics, "".join(json.dumps(facts) + "\n" for facts in lines))


def put_aside(folder: Path, iteration: int) -> None:
    """Rename the checkpoints after an iteration, which were passed over: they count no longer."""
    for path in stored_checkpoints(folder):
        if int(path.stem) > iteration:
            path.replace(path.with_name(f"damaged-{path.name}"))


def stored_checkpoints(folder: Path) -> list[Path]:
    """The checkpoints in a folder, the newest first; copies under other names are none."""
    own = (path for path in folder.glob("[0-9]*.safetensors") if path.stem.isdecimal() and path.stem.isascii())
    return sorted((path for path in own if len(path.stem) <= LONGEST_NUMBER), key=lambda path: -int(path.stem))


def new_run(path: Path | None, name: str) -> Run:
    """A new folder: the one asked for, else ``runs/NAME``, with a number if that is taken."""
    if path is not None:
        if path.is_file() or any(inner.is_file() for inner in path.rglob("*")):
            raise _taken(path)
        return _made(path)
    home = candidate = RUNS / file_name(name)
    number = 1
    while True:
        try:
            return _made(candidate, anew=True)
        except FileExistsError:
            number += 1
            candidate = home.with_name(f"{home.name}-{number}")


def _taken(path: Path) -> NetError:
    help = f"--resume goes on with the run in {path}" if Run(path).is_there else "choose another with -o"
    return NetError(Diagnostic("N881", f"{path} is there already", help=help))


def _text(manifest: Mapping[str, Any]) -> str:
    return json.dumps(manifest, indent=2) + "\n"


def _made(path: Path, *, anew: bool = False) -> Run:
    try:
        path.mkdir(parents=True, exist_ok=not anew)
    except FileExistsError:
        raise
    except OSError as error:
        message = f"no run can be made in {path}: {error.strerror or error}"
        raise NetError(Diagnostic("N887", message, help="choose another folder with -o")) from None
    return Run(path)


def run_in(path: Path) -> Run:
    """The run in a folder."""
    run = Run(path)
    if is_solver_state(path.name):
        raise NetError(solver_state(str(path), "N882"))
    if not run.is_there:
        raise NetError(Diagnostic("N882", f"there is no run in {path}", help="leave out --resume to start one"))
    return run


def launched_run(path: Path | None, launch: str | None) -> Run | None:
    """The run that a launch of several processes began, if they came so far: at ``path``, else among all runs."""
    candidates = [Run(path)] if path is not None else [Run(folder) for folder in RUNS.glob("*")]
    return next((run for run in candidates if run.is_there and _launch_of(run) == launch), None)


def _launch_of(run: Run) -> str | None:
    """The launch that a run's first processes belonged to; None if it doesn't tell."""
    with suppress(NetError):  # of another's run that is damaged, nothing is wanted
        launch: str | None = run.manifest.get("launch")
        return launch
    return None


def newest_run(name: str) -> Run:
    """The newest run of a net in ``runs/``."""
    home = file_name(name)
    numbered = re.compile(rf"{re.escape(home)}(-[0-9]+)?")
    runs = [Run(path) for path in RUNS.glob(f"{home}*") if numbered.fullmatch(path.name)]
    runs = [run for run in runs if run.is_there]
    if not runs:
        help = "leave out --resume to start one, or name it with -o"
        raise NetError(Diagnostic("N882", f"there is no run of {name} in {RUNS}/ to go on with", help=help))
    return max(runs, key=lambda run: max(path.stat().st_mtime for path in (run.path, *run.path.iterdir())))


def file_name(name: str) -> str:
    """A net's name as a file's."""
    return re.sub(r"[^\w.+-]+", "-", name).strip("-.") or "net"


def digest_of(identity: Mapping[str, Any]) -> str:
    """A short form of what a run is, to tell whether a checkpoint is its own."""
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()


def refuse_another(run: Run, now: Mapping[str, Any], may_differ: Container[str] = ()) -> None:
    """Refuse to go on with a run whose recipe, net or data were others; ``now`` is what was asked for."""
    before = flat_facts(run.manifest["identity"])
    after = flat_facts(now)
    differences = [
        f"{key}: {before.get(key, 'nothing')} in the run, {after.get(key, 'nothing')} now"
        for key in (*before, *(key for key in after if key not in before))
        if before.get(key) != after.get(key) and key not in may_differ
    ]
    if differences:
        shown = differences[:NUM_DIFFERENCES_SHOWN]
        more = len(differences) - len(shown)
        notes = (*shown, f"and {more} more") if more else tuple(shown)
        help = f"put back what differs, or start anew without --resume; the run began with: {run.manifest['command']}"
        raise NetError(Diagnostic("N883", f"{run.path} is a run of something else", notes=notes, help=help))


def flat_facts(value: object, head: str = "") -> dict[str, str]:
    """Nested facts by their path, ``recipe.lr.base``, as they are compared."""
    if isinstance(value, Mapping):
        flat: dict[str, str] = {}
        for key, inner in value.items():
            flat |= flat_facts(inner, f"{head}.{key}" if head else str(key))
        return flat
    return {head: json.dumps(value) if not isinstance(value, str) else value}
