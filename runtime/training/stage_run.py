"""The trainings of a session, checked: from what was asked for to nets, data and hardware that fit together."""

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import NamedTuple

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net_error import NetError
from netdef.compiler.request import NetRequest
from netdef.compiler.weights.match import match
from netdef.compiler.weights.stored import Weights
from netdef.runtime.console import Console
from netdef.runtime.data.datasets import source
from netdef.runtime.data.datasets.dataset import Data, warnings_of
from netdef.runtime.data.layer_feed import layers_data, load_fed
from netdef.runtime.hardware.devices import device_of
from netdef.runtime.hardware.process_group import ProcessGroup
from netdef.runtime.requests import RecipeRequest, TrainRequest
from netdef.runtime.training.checkpoint import NUM_KEPT
from netdef.runtime.training.coverage import check_coverage
from netdef.runtime.training.recipe.file import RecipeFile
from netdef.runtime.training.recipe.recipe import Recipe, Stage
from netdef.runtime.training.setup import Hardware, TrainingSetup, prepare
from netdef.runtime.training.stages import first_weights, in_stage, weights_like
from netdef.runtime.training.unused_settings import fed_by_layers, unused_in_layers, unused_in_recipe


class StageRun(NamedTuple):
    """One training: a net's alone, or one of several stages.

    request   what is asked for in it, so that it can be asked for again by itself
    """

    stage: Stage
    request: TrainRequest
    setup: TrainingSetup


class Shared(NamedTuple):
    """What the stages of a session have in common.

    open_data   opens data that several stages share once
    warn        shows warnings that weren't shown before: the same file may be read for several stages
    """

    recipe_file: RecipeFile | None
    group: ProcessGroup
    open_data: Callable[..., Data]
    warn: Callable[[Iterable[Diagnostic]], None]


def checked_stages(
    request: TrainRequest,
    recipe_file: RecipeFile | None,
    stages: Sequence[Stage],
    *,
    given: Weights | None,
    group: ProcessGroup,
    console: Console,
) -> list[StageRun]:
    """The trainings that are asked for, with everything checked that can be before the first of them.

    Raises:
        NetError: where a net, a recipe, the data, the division or the weights of any of them are wrong.
    """
    shared = Shared(recipe_file, group, cache(source.open_data), _showing_once(console))
    found: dict[str, StageRun] = {}
    for stage in stages:
        try:
            own = request_of_stage(request, recipe_file, stage)
            setup = set_up(own, stage.recipe, shared)
            before = found.get(stage.init.stage) if stage.init else None
            offered = weights_like(before.setup.train_net) if before else given
            weights = first_weights(stage.init, offered, f"stage {before.stage.name}" if before else request.weights)
            if weights is not None:
                match(setup.train_net, weights)
        except NetError as error:
            raise in_stage(stage, error) if len(stages) > 1 else error from None
        found[stage.name] = StageRun(stage, own, setup)
    return [*found.values()]


def request_of_stage(request: TrainRequest, recipe_file: RecipeFile | None, stage: Stage) -> TrainRequest:
    """What is asked for in one of several stages."""
    if recipe_file is None or not stage.name:
        return request
    file = request.net.file if stage.net is None else recipe_file.found(stage.net)
    own = request.recipe.replace(file=str(recipe_file.path), only=stage.name)
    return request.replace(net=request.net.replace(file=file), recipe=own)


def set_up(request: TrainRequest, recipe: Recipe, shared: Shared) -> TrainingSetup:
    """What a request asks for, checked, but for the weights to begin with."""
    recipe_file, asked = shared.recipe_file, request.data
    recipe = overridden(recipe, request.recipe)
    net, own = load_fed(net_in_phase(request.net, recipe_file, "TRAIN"), asked.data)
    shared.warn([said for said in net.report if request.weights is None or said.code != "N604"])  # they start elsewhere
    test_net, test_own = load_fed(net_in_tests(request.net, recipe_file), asked.data)
    shared.warn(said for said in test_net.report if said.code == "N608")  # all else the net in phase TRAIN says
    if own is not None and test_own is not None:
        recipe = fed_by_layers(recipe, own, test_own, request)
        places = recipe_file.places.get(request.recipe.only, {}) if recipe_file else {}
        unused = unused_in_recipe(recipe, places, request)
    else:
        unused = unused_in_layers((net, test_net), recipe, asked.data or "digits")
    if own is None and test_own is None:
        source.check_named(asked.data, net)
    spec = source.input_spec_of(net, test_net, asked.scores)
    data = layers_data(own, test_own) or shared.open_data(
        asked.data or "digits", asked.test_data, spec, asked.objects or None
    )
    coverage = check_coverage(recipe.test, len(data.test))
    shared.warn([*unused, *coverage, *warnings_of(data.train), *warnings_of(data.test)])
    return prepare(
        net,
        test_net,
        recipe,
        data,
        feeds=(own.feed, test_own.feed) if own and test_own else None,
        skip=asked.skips,
        inputs=asked.inputs,
        scores=asked.scores,
        hardware=hardware_of(request, shared.group),
        num_kept=request.keep or NUM_KEPT,
    )


def hardware_of(request: TrainRequest, group: ProcessGroup) -> Hardware:
    """On what a request asks to train."""
    return Hardware(
        device=device_of(request.hardware.device),
        group=group,
        passes=request.division.passes or 1,
        shards=bool(request.division.shard),
        sync_batchnorm=bool(request.division.sync_batchnorm),
        settings=request.hardware.settings,
        num_workers=request.data.workers,
    )


def overridden(recipe: Recipe, asked: RecipeRequest) -> Recipe:
    """The recipe, with what is asked for instead."""
    length = recipe.length
    if asked.epochs is not None:
        recipe = recipe.replace(epochs=asked.epochs, iterations=None)
    if asked.max_iter is not None:
        recipe = recipe.replace(epochs=None, iterations=asked.max_iter)
    if (
        getattr(recipe.lr, "length", None) == length and recipe.length.amount
    ):  # a rate that falls to the end, as Caffe's poly
        recipe = recipe.replace(lr=recipe.lr.replace(length=recipe.length))
    if asked.lr is not None:
        recipe = recipe.replace(lr=recipe.lr.replace(base=asked.lr))
    return recipe.replace(
        batch=recipe.batch if asked.batch is None else asked.batch,
        seed=recipe.seed if asked.seed is None else asked.seed,
    )


def net_in_phase(net: NetRequest, recipe_file: RecipeFile | None, phase: str) -> NetRequest:
    """The net in a phase; where the request gives no level and no stages, with those that a solver.prototxt gives."""
    state = None if recipe_file is None else recipe_file.states.get(phase)
    if state is None or net.stages or net.level:
        return net.replace(phase=phase)
    return net.replace(phase=phase, stages=tuple(state.stage), level=state.level)


def net_in_tests(net: NetRequest, recipe_file: RecipeFile | None) -> NetRequest:
    """The net that is tested while another is trained: a solver.prototxt may name one of its own."""
    tested = net.replace(file=recipe_file.tested(net.file)) if recipe_file else net
    return net_in_phase(tested, recipe_file, "TEST")


def _showing_once(console: Console) -> Callable[[Iterable[Diagnostic]], None]:
    """What shows warnings that it hasn't shown before."""
    shown: set[tuple[str, str, str]] = set()

    def show(found: Iterable[Diagnostic]) -> None:
        new = {_for_a_reader(each): each for each in found}
        console.show(each for told, each in new.items() if told not in shown)
        shown.update(new)

    return show


def _for_a_reader(found: Diagnostic) -> tuple[str, str, str]:
    """What tells a diagnostic from others for whoever reads it."""
    return found.code, found.message, "" if found.primary is None else str(found.primary.span)
