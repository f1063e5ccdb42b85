"""The road from a text to a checked net, in one place.

    text -> tree -> expanded tree -> definition -> net

Each arrow is a function of its own module. All stages report to one report; what is broken is marked, and stays quiet
behind, so that one run says all that is wrong. ``analyse`` goes the whole road whatever the text, and never raises;
``load`` is the same, and raises what was found if any of it is an error.
"""

import re
from collections.abc import Mapping, Sequence
from os import PathLike
from typing import NamedTuple, Unpack

from netdef.compiler.analysis.batch_statistics import check_statistics
from netdef.compiler.analysis.claims import FALSE_CLAIM, check_claims
from netdef.compiler.analysis.zero_layers import check_fillers
from netdef.compiler.collection import no_collection
from netdef.compiler.diagnostics import Diagnostic, Report, did_you_mean
from netdef.compiler.expand import expand
from netdef.compiler.files import DISK, Files
from netdef.compiler.net.assemble import assemble
from netdef.compiler.net.definition import Definition, define
from netdef.compiler.net.named_origin import unknown_origin
from netdef.compiler.net.net import Net, Sizes
from netdef.compiler.net.no_net import is_recipe, net_alone, recipe_for_net
from netdef.compiler.net.opaque import declare
from netdef.compiler.net_error import NetError, stop_on_errors
from netdef.compiler.net_in_solver import net_within, place_of_net
from netdef.compiler.override import override
from netdef.compiler.request import NetRequest, NetStateInPhase, PathName, net_request
from netdef.compiler.schema.caffe import Phase, State
from netdef.compiler.schema.message import Refusal
from netdef.compiler.shape import Shape, Shapes
from netdef.compiler.source import Source
from netdef.compiler.syntax.parser import parse
from netdef.compiler.syntax.tree import DeclaredShapes, Expanded, Tree, Value
from netdef.compiler.views.shown_net import ShownNet

PLACEHOLDER = "N410"
"""A word that a script was to replace, mostly at several places."""
_FILE_NAME = r"\S+\.(net|prototxt|pt|txt)"
"""A text that is most likely a path; no net is so short."""


class Analysis(NamedTuple):
    """All that is known of a text: each stage as far as it goes, and what is wrong.

    A stage is None only where there is nothing to begin with: a file that can't be read, or no such phase. The net of
    a text with errors has the layers whose sizes are known.
    """

    tree: Tree | None
    """The text's statements, with their places."""
    expanded: Expanded | None
    """The same with includes, blocks, loops and variables worked out: plain prototxt."""
    definition: Definition | None
    """The layers with their parameters, of all phases."""
    net: ShownNet | None
    """The layers of one phase, joined, with shapes."""
    report: Report
    """What is wrong."""
    mended: "Analysis | None" = None
    """The same of the text as if its mistakes were mended by other guesses; only what both say is wrong is said."""

    @override
    def __repr__(self) -> str:
        path = self.tree.source.path if self.tree else "what can't be read"
        return f"<Analysis of {path}: {self.net or 'no net'}, {self.report!r}>"

    @property
    def shown(self) -> ShownNet:
        """The net as far as it is known, to be shown beside its mistakes.

        Raises:
            NetError: where nothing is known, or what the text means is a guess.
        """
        is_sure = self.expanded is not None and self.expanded.is_sound
        if self.net is None or not is_sure or (self.report.errors and not self.net.definition.layers):
            raise NetError(self.report)
        return self.net

    @property
    def has_false_claims_alone(self) -> bool:
        """Whether the net is whole, whatever its file claims of it."""
        return all(error.code == FALSE_CLAIM for error in self.report.errors)


def analyse(
    text: str | None = None,
    *,
    path: str | PathLike[str] = "<text>",
    files: Files = DISK,
    samples: Mapping[str, Shapes] | None = None,
    **state: Unpack[NetStateInPhase],
) -> Analysis:
    """Read, expand and check a net as far as it goes; never raises, whatever is wrong with the text.

    Args:
        text: what stands in the file; None to read it.
        path: the file's name, beside which includes are looked up.
        files: where texts come from.
        samples: as ``load`` has it.
        state: phase, stages, level, set, sizes, data_size (by layer), dense, opaque, layer_files and origin, as
            ``load`` has them; ``dense`` only changes a net without errors.
    """
    request = net_request(path, **state)
    if text is not None and re.fullmatch(_FILE_NAME, text):
        message = f"the text is the name of a file, not a net: {text}"
        help = f"analyse(path={text!r}) reads the file"
        return Analysis(None, None, None, None, Report([Diagnostic("N415", message, help=help)]))
    file = place_of_net(request.file).file
    return analyse_net(request, samples=samples, files=files if text is None else files.over(file, text))


@no_collection()
def analyse_net(request: NetRequest, *, samples: Mapping[str, Shapes] | None = None, files: Files = DISK) -> Analysis:
    """All that is known of the net that is asked for."""
    return join_net(read_net(request, files), request, samples=samples, files=files)


@no_collection()
def read_net(request: NetRequest, files: Files = DISK) -> Analysis:
    """The first half of the road, which is one for all phases: a text to the definition of its layers; no net yet."""
    report = Report()
    for layer_file in request.layer_files:
        from netdef.compiler.own_types import read_layers  # most nets have Caffe's types

        read_layers(layer_file, report, files)
    _check_origin(request.origin, report)
    file, field = place_of_net(request.file)
    source = _open(file, report, files)
    if source is None:
        return Analysis(None, None, None, None, report)
    tree = parse(source, report)
    read = _define(tree, request, field, Report(report), files)
    if read.expanded is None or not read.expanded.may_be_mended:
        return read
    return _agreed(read, _define(tree, request, field, report, files, as_mended=True))


def _open(file: str, report: Report, files: Files) -> Source | None:
    """A net's text; what isn't one by its name is refused in one word."""
    source = files.open(file, report)
    if source is None or not is_recipe(file):
        return source
    report.add(recipe_for_net(file))
    return None


def _define(
    tree: Tree, request: NetRequest, field: str, report: Report, files: Files, *, as_mended: bool = False
) -> Analysis:
    """One reading of a text, as far as the definition of its layers."""
    found = expand(tree, request.set, report, files, request.origin, as_mended=as_mended)
    expanded = _in_v2(net_alone(net_within(found, field, report), _later(found, report)), report)
    _check_names(expanded, report)
    expanded = declare(expanded, request.opaque, report)
    return Analysis(tree, expanded, define(expanded, _later(expanded, report)), None, report)


def _agreed(found: Analysis, mended: Analysis) -> Analysis:
    """What is known of a text with mistakes: what follows from one guess at it, and not from another, is not said."""
    return found._replace(report=found.report.agreed(mended.report), mended=mended)


@no_collection()
def join_net(
    read: Analysis, request: NetRequest, *, samples: Mapping[str, Shapes] | None = None, files: Files = DISK
) -> Analysis:
    """The second half: the layers of one phase, joined and shaped; what was read may be joined for another, too."""
    report = Report(read.report)
    if read.expanded is None or read.definition is None:
        return read
    if request.phase not in Phase.__members__:
        report.add(_no_phase(request.phase))
        return read._replace(report=report)
    state = state_of(request.phase, request.stages, request.level)
    given = _sizes(read.definition, request, state, samples, files)
    first = given._replace(inputs={}) if request.dense else given
    is_overridden = bool(request.set) or bool(first.inputs)
    net = _checked(read.definition, state, first, is_overridden, _later(read.expanded, report))
    _refuse_zeros(request, report)
    if request.dense and not report.errors:
        from netdef.compiler.passes.dense import make_dense  # few nets ask for it

        found = Report()
        net = make_dense(net, given, found)
        report.extend(found)
    _revise(report)
    joined = read._replace(net=ShownNet.of(net), report=report)
    return (
        joined if read.mended is None else _agreed(joined, join_net(read.mended, request, samples=samples, files=files))
    )


@no_collection()
def in_training(tested: Analysis) -> Analysis:
    """What was joined for phase TEST, for TRAIN: of a net that has the same layers in both."""
    if tested.net is None:
        return tested
    report = Report(tested.report)
    if not report.errors:
        report.extend(check_fillers(tested.net))
        _revise(report)
    return tested._replace(net=tested.net.in_phase(Phase.TRAIN, report), report=report)


def _revise(report: Report) -> None:
    """Say of a placeholder once that it is one, and make warnings as loud as comments of the file say."""
    report.merge(PLACEHOLDER)
    if report.warnings:
        from netdef.compiler.lints.comments import revised  # most nets have none

        report.revise(revised)


def _refuse_zeros(request: NetRequest, report: Report) -> None:
    """A net whose own text makes an input empty is only warned of; whoever sets a variable to 0 is told no."""
    zeros = [f"{name}=0" for name, value in request.set.items() if value == 0 and not isinstance(value, bool)]
    if zeros and any(said.code == "N606" for said in report):
        message = f"--set {' '.join(zeros)} leaves an input without a value"
        report.add(Diagnostic("N606", message, help="give it a size of 1 or more"))


def _sizes(
    definition: Definition, request: NetRequest, state: State, samples: Mapping[str, Shapes] | None, files: Files
) -> Sizes:
    """The sizes that come from outside of the file; without ``samples`` those of the data that are there."""
    untold: Mapping[str, str] = {}
    misfits: Mapping[str, Refusal] = {}
    if (
        samples is None
        and files.reach_disk
        and any(each.layer and each.layer.sized_by_data for each in definition.layers)
    ):
        from netdef.compiler.data_sizes import find_sizes  # few nets have data layers

        samples, untold, misfits = find_sizes(definition, state)
    return Sizes(request.sizes, samples or {}, request.data_size, untold, misfits)


def _later(expanded: Expanded, report: Report) -> Report:
    """Where the later stages report: where braces are a guess, so is all that follows from them, and is not said."""
    return report if expanded.is_sound else Report()


def load(
    path: str | PathLike[str],
    *,
    files: Files = DISK,
    phase: str = "TEST",
    stages: Sequence[str] = (),
    level: int = 0,
    set: Mapping[str, Value] | None = None,
    sizes: Mapping[str, Shape] | None = None,
    data_size: Shape | Mapping[str, Shape] | None = None,
    samples: Mapping[str, Shapes] | None = None,
    dense: bool = False,
    opaque: DeclaredShapes | None = None,
    layer_files: PathName | Sequence[PathName] = (),
    origin: str = "",
) -> ShownNet:
    """Read, expand and check a net.

    Args:
        path: a ``.net`` or ``.prototxt`` file; ``-`` is the standard input.
        files: where texts come from.
        phase: ``"TRAIN"`` or ``"TEST"``.
        stages: stages that the layers' rules may ask for.
        level: the level that they may ask for.
        set: values for the file's ``let`` variables.
        sizes: shapes of input blobs, instead of the file's.
        data_size: the shape of one sample, such as (C, H, W), of data layers whose data set is absent: for all, by
            layer, or by ``"LAYER.TOP"``.
        samples: of data layers, the shape of one sample of each top, where the data that they name aren't to be looked
            at; by default sizes are those of the data that are there.
        dense: make convolutions of the InnerProducts, as wide as the file's own sizes; then take ``sizes``.
        opaque: layer types that only their author can run, with the shapes of their tops: ``{"ROIPooling": [("K", 512,
            7, 7)]}``, where a string names a size that only a run can tell.
        layer_files: Python files that declare layer types of your own, as ``load_layers`` takes them.
        origin: the fork whose layer types are meant where a name has several, such as ``"segnet"``, and the net
            doesn't tell.

    Raises:
        NetError: with every mistake of the file; its warnings are in ``net.report``.
        UsageError: if a keyword means nothing, such as a size that is no whole number.
    """
    request = net_request(
        path,
        phase=phase,
        stages=stages,
        level=level,
        set=set or {},
        sizes=sizes or {},
        data_size={} if data_size is None else data_size,
        dense=dense,
        opaque=opaque or {},
        layer_files=layer_files,
        origin=origin,
    )
    return load_net(request, samples=samples, files=files)


def load_net(request: NetRequest, *, samples: Mapping[str, Shapes] | None = None, files: Files = DISK) -> ShownNet:
    """The net that is asked for; ``samples`` and mistakes as ``load`` has them."""
    found = analyse_net(request, samples=samples, files=files)
    stop_on_errors(found.report)
    assert found.net is not None, "what there is no net for is an error"
    return found.net


def load_expanded(path: str, overrides: Mapping[str, Value], files: Files = DISK, origin: str = "") -> Expanded:
    """The first half of the road: a file to pure Caffe V2 prototxt, as a tree; ``origin`` as ``load`` has it."""
    report = Report()
    _check_origin(origin, report)
    file, field = place_of_net(path)
    source = _open(file, report, files)
    if source is None:
        raise NetError(report)
    found = expand_source(source, overrides, report, files, origin)
    expanded = _in_v2(net_alone(net_within(found, field, report), _later(found, report)), report)
    stop_on_errors(report)
    return expanded


def _in_v2(expanded: Expanded, report: Report) -> Expanded:
    """The same net in Caffe's newest format."""
    if not any(each.name == "layers" for each in expanded.body):
        return expanded
    from netdef.compiler.legacy.upgrade import upgraded  # few nets are so old

    return upgraded(expanded, _later(expanded, report))


def expand_source(
    source: Source, overrides: Mapping[str, Value], report: Report, files: Files = DISK, origin: str = ""
) -> Expanded:
    """Parse and expand a text."""
    tree, found = parse(source, report), Report()
    expanded = expand(tree, overrides, found, files, origin)
    _check_names(expanded, found)
    if expanded.may_be_mended:
        mended = Report()
        _check_names(expand(tree, overrides, mended, files, origin, as_mended=True), mended)
        found = found.agreed(mended)
    report.extend(found)
    return expanded


def _check_origin(origin: str, report: Report) -> None:
    """Say that nobody knows a fork that was given to ``--origin``."""
    if (unknown := unknown_origin(origin)) is not None:
        report.add(unknown)


def _check_names(expanded: Expanded, report: Report) -> None:
    """Say which names were given to ``--set`` that no variable has."""
    for name in expanded.unused:
        help = did_you_mean(name, expanded.settable) or f"it has {', '.join(sorted(expanded.settable)) or 'none'}"
        report.add(Diagnostic("N310", f"--set {name}: no let of {expanded.source.path} has this name", help=help))


def build(expanded: Expanded, state: State, sizes: Sizes, overridden: bool, report: Report) -> ShownNet:
    """The second half of the road: an expanded tree to a checked net; raises ``NetError`` as ``load`` does."""
    net = _checked(define(expanded, report), state, sizes, overridden or bool(sizes.inputs), report)
    stop_on_errors(report)
    return ShownNet.of(net)


def _checked(definition: Definition, state: State, sizes: Sizes, overridden: bool, report: Report) -> Net:
    """Join and check what is defined, and hold it against its claims, unless it has mistakes."""
    net = assemble(definition, state, sizes, report)
    if not report.errors:
        check_claims(net, overridden)
        report.extend(check_fillers(net) if state.phase is Phase.TRAIN else check_statistics(net))
    return net


def state_of(phase: str, stages: Sequence[str] = (), level: int = 0) -> State:
    """What a net is run for, from the words of a command line."""
    if phase not in Phase.__members__:
        raise NetError(_no_phase(phase))
    return State(phase=Phase[phase], stage=tuple(stages), level=level)


def _no_phase(phase: str) -> Diagnostic:
    return Diagnostic("N513", f"the phase is TRAIN or TEST, not {phase}")
