"""The road from a file to a checked net, in one place.

    text -> tree -> expanded tree -> definition -> net

Each arrow is a function of its own module. All stages report to one report; what is broken is marked, and stays quiet
behind, so that one run says all that is wrong. Only a text that can't be parsed stops the road.
"""

from collections.abc import Mapping, Sequence
from os import PathLike, fspath

from netdef.compiler.analysis.claims import check_claims
from netdef.compiler.diagnostics import Diagnostic, Report, did_you_mean
from netdef.compiler.expand import expand
from netdef.compiler.net.assemble import assemble
from netdef.compiler.net.definition import Definition, define
from netdef.compiler.net.net import Net, Sizes
from netdef.compiler.net.opaque import declare
from netdef.compiler.net_error import NetError, stop_on_errors
from netdef.compiler.request import NetRequest
from netdef.compiler.schema.caffe import Phase, State
from netdef.compiler.shape import Shape, Shapes
from netdef.compiler.source import Source
from netdef.compiler.syntax.open_source import open_source
from netdef.compiler.syntax.parser import parse
from netdef.compiler.syntax.tree import DeclaredShapes, Expanded, Value


def load(
    path: str | PathLike[str],
    *,
    phase: str = "TEST",
    stages: Sequence[str] = (),
    level: int = 0,
    set: Mapping[str, Value] | None = None,
    sizes: Mapping[str, Shape] | None = None,
    data_size: Shape | Mapping[str, Shape] | None = None,
    samples: Mapping[str, Shapes] | None = None,
    dense: bool = False,
    opaque: DeclaredShapes | None = None,
) -> Net:
    """Read, expand and check a net.

    Args:
        path: a ``.net`` or ``.prototxt`` file.
        phase: ``"TRAIN"`` or ``"TEST"``.
        stages: stages that the layers' rules may ask for.
        level: the level that they may ask for.
        set: values for the file's ``let`` variables.
        sizes: shapes of input blobs, instead of the file's.
        data_size: (C, H, W) of data layers whose data set is absent, for all or by layer.
        samples: of data layers whose data set is there, the shape of one sample of each top.
        dense: make convolutions of the InnerProducts, as wide as the file's own sizes; then take ``sizes``.
        opaque: layer types that only their author can run, with the shapes of their tops: ``{"ROIPooling": [("K", 512,
            7, 7)]}``, where a string names a size that only a run can tell.

    Raises:
        NetError: with every mistake of the file; its warnings are in ``net.report``.
    """
    report = Report()
    expanded = declare(_expand_file(fspath(path), set or {}, report), opaque or {}, report)
    state, given = state_of(phase, stages, level), Sizes(sizes or {}, {**(samples or {}), **_images(data_size)})
    if not dense:
        return build(expanded, state, given, bool(set), report)
    from netdef.compiler.passes.dense import dense as convolve  # which itself builds a net

    return convolve(build(expanded, state, given._replace(inputs={}), bool(set), report), given)


def load_net(request: NetRequest, *, samples: Mapping[str, Shapes] | None = None) -> Net:
    """The net that is asked for; ``samples`` and mistakes as ``load`` has them."""
    return load(
        request.file,
        phase=request.phase,
        stages=request.stages,
        level=request.level,
        set=request.set,
        sizes=request.sizes,
        data_size=request.data_size,
        samples=samples,
        dense=request.dense,
        opaque=request.opaque,
    )


def load_expanded(path: str, overrides: Mapping[str, Value]) -> Expanded:
    """The first half of the road: a file to pure Caffe V2 prototxt, as a tree."""
    report = Report()
    expanded = _expand_file(path, overrides, report)
    stop_on_errors(report)
    return expanded


def _expand_file(path: str, overrides: Mapping[str, Value], report: Report) -> Expanded:
    """The same, as far as it goes: what is broken in it is marked, and reported."""
    source = open_source(path, report)
    if source is None:
        raise NetError(report)
    return expand_source(source, overrides, report)


def expand_source(source: Source, overrides: Mapping[str, Value], report: Report) -> Expanded:
    """Parse and expand a text; a text that can't be parsed stops the road."""
    tree = parse(source, report)
    stop_on_errors(report)
    expanded = expand(tree, overrides, report)
    for name in expanded.unused:
        help = did_you_mean(name, expanded.settable)
        report.add(Diagnostic("N310", f"--set {name}: no let of {source.path} has this name", help=help))
    return expanded


def build(expanded: Expanded, state: State, sizes: Sizes, overridden: bool, report: Report) -> Net:
    """The second half of the road: an expanded tree to a checked net."""
    return build_defined(define(expanded, report), state, sizes, overridden or bool(sizes.inputs), report)


def build_defined(definition: Definition, state: State, sizes: Sizes, overridden: bool, report: Report) -> Net:
    """Join and check what is defined, and hold it against its claims."""
    net = assemble(definition, state, sizes, report)
    stop_on_errors(report)
    check_claims(net, overridden)
    stop_on_errors(report)
    return net


def state_of(phase: str, stages: Sequence[str] = (), level: int = 0) -> State:
    """What a net is run for, from the words of a command line."""
    if phase not in Phase.__members__:
        raise NetError(Diagnostic("N513", f"the phase is TRAIN or TEST, not {phase}"))
    return State(phase=Phase[phase], stage=tuple(stages), level=level)


def _images(data_size: Shape | Mapping[str, Shape] | None) -> Mapping[str, Shapes]:
    if data_size is None:
        return {}
    by_layer = data_size if isinstance(data_size, Mapping) else {"": data_size}
    return {name: (image,) for name, image in by_layer.items()}
