"""InnerProducts as convolutions, so that a net takes images of any size (Simonyan and Zisserman 2014, section 3.2)."""

from netdef.compiler.diagnostics import Diagnostic, Label, Report
from netdef.compiler.layers.convolution import Convolution
from netdef.compiler.layers.inner_product import InnerProduct
from netdef.compiler.layers.reshaping import Flatten, Reshape
from netdef.compiler.load import build_defined
from netdef.compiler.net.definition import LayerDefinition
from netdef.compiler.net.net import BlobVersion, Net, Node, Sizes
from netdef.compiler.net_error import stop_on_errors
from netdef.compiler.shape import known


def dense(net: Net, sizes: Sizes | None = None) -> Net:
    """The same net with every InnerProduct as a convolution of the same numbers.

    The first one's kernel is its bottom's height and width; those behind it see 1x1. Weights (num_output, C H W) are
    the same values as (num_output, C, H, W). ``sizes`` are those of the dense net; if None, the net's own.

    Raises:
        NetError: where an InnerProduct can't be a convolution: ``transpose``, an axis other than 1, or a flat bottom.
    """
    nodes = {id(node.definition): node for node in net.nodes if isinstance(node.layer, InnerProduct)}
    report = Report()
    maps = _maps(net)
    layers = tuple(_convolved(d, nodes[id(d)], maps, report) if id(d) in nodes else d for d in net.definition.layers)
    stop_on_errors(report)
    definition = net.definition._replace(layers=layers)
    report.extend(net.report)
    return build_defined(definition, net.state, sizes or net.sizes, True, report)


def _maps(net: Net) -> set[BlobVersion]:
    """The values that have a height and a width in the dense net: images, and what is made of InnerProducts' tops."""
    maps: set[BlobVersion] = set()
    for node in net.nodes:
        ends = isinstance(node.layer, Flatten | Reshape)
        made = isinstance(node.layer, InnerProduct) or (not ends and not maps.isdisjoint(node.bottoms))
        maps |= {top for top in node.tops if made or len(top.shape) == 4}
    return maps


def _convolved(definition: LayerDefinition, node: Node, maps: set[BlobVersion], report: Report) -> LayerDefinition:
    layer = node.layer
    assert isinstance(layer, InnerProduct)
    bottom = node.bottoms[0]
    why = ""
    if layer.transpose or layer.axis not in (1, 1 - len(bottom.shape)):
        why = "it transposes its weight, or begins at another axis"
    elif bottom not in maps:
        why = f"{bottom.name} has no height and width (it needs no Flatten or Reshape before it)"
    if why:
        message = f"{node.name} is no convolution of an image: {why}"
        report.add(Diagnostic("N514", message, Label(definition.at), help="use it without --dense"))
        return definition
    convolution = Convolution(
        num_output=layer.num_output,
        bias_term=layer.bias_term,
        kernel=(known(bottom.shape[2]), known(bottom.shape[3])) if len(bottom.shape) == 4 else (1, 1),
        weight_filler=layer.weight_filler,
        bias_filler=layer.bias_filler,
    )
    return definition._replace(layer=convolution, frame=definition.frame.replace(type="Convolution"))
