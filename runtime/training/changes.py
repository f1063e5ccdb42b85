"""What a run that goes on does otherwise than before: another rate or length, and whatever else was asked for anew.

A run's first weights, its net, its data and most of its recipe decide what it is: with others it would be another run.
What may change on the way is noted in its manifest, with the iteration from which it holds; ``--resume`` without a word
then goes on so.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net_error import NetError
from netdef.runtime.requests import RecipeRequest, TrainRequest
from netdef.runtime.run import Run, digest_of, flat_facts
from netdef.runtime.training.checkpoint import Checkpoint
from netdef.runtime.training.manifest import hashes_of, remembered
from netdef.runtime.training.recipe.recipe import Recipe, as_data, unsaid_data

LENGTH = ("recipe.epochs", "recipe.iterations", "recipe.lr.length")
CHANGEABLE = {"lr": ("recipe.lr.base",), "epochs": LENGTH, "max_iter": LENGTH}
"""What may be asked for anew -> the facts of a run's identity that follow from it."""


class Change(NamedTuple):
    """Something asked for anew, by its option; None was not said."""

    name: str
    before: Any
    now: Any

    @property
    def text(self) -> str:
        """A line for people."""
        return f"--{self.name.replace('_', '-')} {_shown(self.now)} from here on, instead of {_shown(self.before)}"


def changes_of(asked: RecipeRequest, run: Run) -> list[Change]:
    """What is asked for anew of a run's recipe, of what may be."""
    said = {name: value for name in CHANGEABLE if (value := getattr(asked, name)) is not None}
    before = run.request.recipe if said else asked
    changes = [Change(name, getattr(before, name), value) for name, value in said.items()]
    return [each for each in changes if each.now != each.before]


def may_differ(asked: RecipeRequest, run: Run, recipe: Recipe) -> frozenset[str]:
    """The facts of a run's identity that what is asked for anew may change, and those that it doesn't tell."""
    changed = frozenset(fact for each in changes_of(asked, run) for fact in CHANGEABLE[each.name])
    return changed | _unknown_then(run, recipe)


def _unknown_then(run: Run, recipe: Recipe) -> frozenset[str]:
    """Settings that the netdef of an older run didn't know: there they stood for their defaults, and still do."""
    told = flat_facts({"recipe": run.manifest.within("identity", "recipe") or {}})
    now, unsaid = flat_facts({"recipe": as_data(recipe)}), flat_facts({"recipe": unsaid_data(recipe)})
    return frozenset(fact for fact, value in now.items() if fact not in told and unsaid.get(fact) == value)


def identities_of(run: Run) -> frozenset[str]:
    """The digests of what a run is, and of what it was before each change: its checkpoints may be of any of them."""
    manifest = run.manifest
    return frozenset([digest_of(manifest["identity"]), *(each["identity"] for each in manifest.get("changes", ()))])


def refuse_too_short(run: Run, start: Checkpoint | None, total: int) -> None:
    """Refuse to go on to where a run has been already.

    Raises:
        NetError: which says how far it has come.
    """
    if start is not None and start.iteration > total:
        message = f"{run.path} has come to iteration {start.iteration:,}, and is to end after {total:,}"
        help = "ask for more; or begin a new run with its weights: --weights"
        raise NetError(Diagnostic("N883", message, help=help))


def note_changes(
    run: Run, request: TrainRequest, identity: dict[str, Any], start: Checkpoint | None, command: str
) -> None:
    """Write down what is asked for now, and what the run is, if it isn't what its manifest says.

    Weights to begin with stay those that the run began with: a run that goes on reads no others.
    """
    manifest = run.manifest
    kept = request.replace(weights=run.request.weights)
    differences = dict(_differences(manifest["request"], remembered(kept)))
    if not differences and digest_of(identity) == digest_of(manifest["identity"]):
        return
    change = {
        "iteration": 0 if start is None else start.iteration,
        "command": command,
        "changed": differences,
        "identity": digest_of(manifest["identity"]),
    }
    told = {name: value for name, value in manifest.items() if name != "result"}
    run.manifest = told | {
        "request": remembered(kept),
        "changes": [*manifest.get("changes", ()), change],
        "identity": identity,
        "hashes": hashes_of(identity),
    }


def _differences(before: Any, now: Any, head: str = "") -> Iterator[tuple[str, list[Any]]]:
    """What differs between two requests, by its path: before, and now."""
    if isinstance(before, dict) and isinstance(now, dict):
        for name in dict.fromkeys([*before, *now]):
            yield from _differences(before.get(name), now.get(name), f"{head}.{name}" if head else name)
    elif before != now:
        yield head, [before, now]


def _shown(value: Any) -> str:
    return "what the recipe says" if value is None else f"{value:g}"
