"""From what was asked for to what can be trained: the recipe, the nets of both phases, the data, the means."""

import argparse
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from netdef.compiler.diagnostics import Diagnostic, Report
from netdef.compiler.load import load_expanded
from netdef.compiler.net.definition import define
from netdef.options.net import net_request
from netdef.runtime.console import open_console

if TYPE_CHECKING:
    from netdef.runtime.hardware.process_group import ProcessGroup
    from netdef.runtime.training.recipe.file import RecipeFile
    from netdef.runtime.training.recipe.recipe import Recipe
    from netdef.runtime.training.setup import TrainingSetup


class Opening:
    """Opens what a command asks for: data that several stages share once, with one warning of each kind."""

    def __init__(self, group: "ProcessGroup") -> None:
        from netdef.runtime.data.datasets.source import open_data

        self.group = group
        self.data = cache(open_data)
        self._said: set[tuple[str, str, str]] = set()

    def warn(self, found: Iterable[Diagnostic]) -> None:
        """Show what wasn't shown before."""
        new = {_told(each): each for each in found}
        if self.group.is_rank_0:
            open_console().show(Report(each for told, each in new.items() if told not in self._said))
        self._said.update(new)


def _told(found: Diagnostic) -> tuple[str, str, str]:
    """What tells a diagnostic from others for whoever reads it: the same file may be read for several stages."""
    return found.code, found.message, "" if found.primary is None else str(found.primary.span)


def prepared_of(
    args: argparse.Namespace, written: "RecipeFile | None", recipe: "Recipe", opening: Opening
) -> "TrainingSetup":
    """What the arguments ask for, checked, but for the weights to begin with."""
    recipe = overridden(recipe, args)

    from netdef.runtime.data.data_layers import layers_data, load_fed
    from netdef.runtime.data.datasets.dataset import warnings_of
    from netdef.runtime.data.datasets.source import input_spec_of
    from netdef.runtime.hardware.devices import device_of
    from netdef.runtime.training.checkpoint import NUM_KEPT
    from netdef.runtime.training.setup import Hardware, prepare
    from netdef.training.idle import fed_by_layers, idle_in_layers, idle_in_recipe

    net, own = load_fed(net_request(in_state(args, written, "TRAIN")).replace(phase="TRAIN"), args.data)
    opening.warn(net.report)
    test_path = None if written is None else written.tested(args.file)
    test_net, test_own = load_fed(net_request(in_state(args, written, "TEST"), test_path), args.data)
    if own is not None and test_own is not None:
        recipe = fed_by_layers(recipe, own, test_own, args)
        places = {} if written is None else written.places.get(args.only, {})
        idle = idle_in_recipe(recipe, places, args)
    else:
        idle = idle_in_layers((net, test_net), recipe, args.data or "digits")
    objects = tuple(args.object) or None
    data = layers_data(own, test_own) or opening.data(
        args.data or "digits", args.test_data, input_spec_of(net, test_net), objects
    )
    opening.warn([*idle, *warnings_of(data.train), *warnings_of(data.test)])
    return prepare(
        net,
        test_net,
        recipe,
        data,
        feeds=(own.feed, test_own.feed) if own and test_own else None,
        skip=args.corrupt == "skip",
        inputs=dict(args.input),
        scores=args.scores,
        means=Hardware(
            device=device_of(args.device),
            group=opening.group,
            passes=args.passes or 1,
            shards=args.shard,
            sync_batchnorm=args.sync_batchnorm,
            chosen=vars(args),
            num_workers=args.workers,
            num_kept=args.keep or NUM_KEPT,
        ),
    )


def name_of(args: argparse.Namespace) -> str:
    """What runs of the net are called; its shapes may depend on data, and are not looked at."""
    return define(load_expanded(args.file, dict(args.set)), Report()).frame.name or Path(args.file).stem


def recipe_file(args: argparse.Namespace) -> "RecipeFile | None":
    """What the recipe's file says, if there is one."""
    from netdef.runtime.training.recipe.file import read_recipe_file

    path = recipe_path(args)
    return None if path is None else read_recipe_file(path)


def recipe_path(args: argparse.Namespace) -> Path | None:
    """The file with the recipe: the one given, else the one beside the net, if there is one."""
    if args.recipe is not None:
        return Path(args.recipe)
    beside = None if args.file is None else Path(args.file).with_suffix(".yaml")
    return beside if beside is not None and beside.is_file() else None


def overridden(recipe: "Recipe", args: argparse.Namespace) -> "Recipe":
    """The recipe, with what the command line says instead."""
    if args.epochs is not None:
        recipe = recipe.replace(epochs=args.epochs, iterations=None)
    if args.lr is not None:
        recipe = recipe.replace(lr=recipe.lr.replace(base=args.lr))
    return recipe.replace(
        batch=recipe.batch if args.batch is None else args.batch,
        seed=recipe.seed if args.seed is None else args.seed,
    )


def in_state(args: argparse.Namespace, written: "RecipeFile | None", phase: str) -> argparse.Namespace:
    """The arguments with the level and the stages that a solver.prototxt gives a phase, where they give none."""
    state = None if written is None else written.states.get(phase)
    if state is None or args.stage or args.level:
        return args
    return argparse.Namespace(**{**vars(args), "stage": state.stage, "level": state.level})
