"""InnerProducts as convolutions, so that a net takes images of any size (Simonyan and Zisserman 2014, section 3.2)."""

from netdef.compiler.analysis.claims import check_claims
from netdef.compiler.diagnostics import Diagnostic, Label, Report
from netdef.compiler.net.assemble import assemble
from netdef.compiler.net.definition import LayerDefinition
from netdef.compiler.net.net import BlobVersion, Net, Node, Sizes, need_net
from netdef.compiler.net_error import stop_on_errors
from netdef.compiler.schema.message import Refusal
from netdef.compiler.views.shown_net import ShownNet


def dense(net: Net, sizes: Sizes | None = None) -> ShownNet:
    """The same net with every InnerProduct as a convolution of the same numbers.

    The first one's kernel is its bottom's height and width; those behind it see 1x1. Weights (num_output, C H W) are
    the same values as (num_output, C, H, W). ``sizes`` are those of the dense net; if None, the net's own.

    Raises:
        NetError: where an InnerProduct can't be a convolution: ``transpose``, an axis other than 1, or a flat bottom.
    """
    need_net(net)
    report = Report()
    made = make_dense(net, sizes or net.sizes, report)
    stop_on_errors(report)
    return ShownNet.of(made)


def make_dense(net: Net, sizes: Sizes, report: Report) -> Net:
    """``dense``, with what is wrong in ``report``; the net itself where that has errors."""
    nodes = {id(node.definition): node for node in net.nodes if node.layer.flattens}
    maps = _maps(net)
    layers = tuple(_convolved(d, nodes[id(d)], maps, report) if id(d) in nodes else d for d in net.definition.layers)
    report.extend(net.report)
    if report.errors:
        return net
    made = assemble(net.definition._replace(layers=layers), net.state, sizes, report)
    if not report.errors:
        check_claims(made, overridden=True)
    return made


def _maps(net: Net) -> set[BlobVersion]:
    """The values that have a height and a width in the dense net: images, and what is made of InnerProducts' tops."""
    maps: set[BlobVersion] = set()
    for node in net.nodes:
        goes_on = node.layer.keeps_positions and not maps.isdisjoint(node.bottoms)
        made = node.layer.flattens or goes_on
        maps |= {top for top in node.tops if made or len(top.shape) == 4}
    return maps


def _convolved(definition: LayerDefinition, node: Node, maps: set[BlobVersion], report: Report) -> LayerDefinition:
    bottom = node.bottoms[0]
    try:
        convolution = node.layer.as_convolution(bottom.shape)
        if bottom not in maps:
            why = f"{bottom.name} has no height and width (it needs no Flatten or Reshape before it)"
            raise Refusal("N514", why)
    except Refusal as refusal:
        message = f"{node.name} is no convolution of an image: {refusal.message}"
        report.add(Diagnostic("N514", message, Label(definition.at), help="use it without --dense"))
        return definition
    return definition._replace(layer=convolution, frame=definition.frame.replace(type=convolution.type_name))
