"""InnerProducts as convolutions, so that a net takes images of any size (Simonyan and Zisserman 2014, section 3.2)."""

from netdef.compiler.definition import LayerDefinition
from netdef.compiler.diagnostics import Diagnostic, Label, Report
from netdef.compiler.layers.convolution import Convolution
from netdef.compiler.layers.inner_product import InnerProduct
from netdef.compiler.load import build_defined
from netdef.compiler.net import Net, Node, Sizes
from netdef.compiler.shape import known


def dense(net: Net, sizes: Sizes | None = None) -> Net:
    """The same net with every InnerProduct as a convolution of the same numbers.

    The first one's kernel is its bottom's height and width; those behind it see 1x1. Weights (num_output, C H W) are
    the same values as (num_output, C, H, W). ``sizes`` are those of the dense net; if None, the net's own.

    Raises:
        NetError: where an InnerProduct can't be a convolution: ``transpose``, or an axis other than 1.
    """
    nodes = {id(node.definition): node for node in net.nodes if isinstance(node.layer, InnerProduct)}
    report = Report()
    layers = tuple(_convolved(d, nodes[id(d)], report) if id(d) in nodes else d for d in net.definition.layers)
    report.stop_on_errors()
    definition = net.definition._replace(layers=layers)
    report.extend(net.report)
    return build_defined(definition, net.state, sizes or net.sizes, True, report)


def _convolved(definition: LayerDefinition, node: Node, report: Report) -> LayerDefinition:
    layer = node.layer
    assert isinstance(layer, InnerProduct)
    bottom = node.bottoms[0].shape
    if layer.transpose or layer.axis not in (1, 1 - len(bottom)):
        message = f"{node.name} is no convolution of an image: it transposes its weight, or begins at another axis"
        report.add(Diagnostic("N514", message, Label(definition.at), help="use it without --dense"))
        return definition
    convolution = Convolution(
        num_output=layer.num_output,
        bias_term=layer.bias_term,
        kernel=(known(bottom[2]), known(bottom[3])) if len(bottom) == 4 else (1, 1),
        weight_filler=layer.weight_filler,
        bias_filler=layer.bias_filler,
    )
    return definition._replace(layer=convolution, frame=definition.frame.replace(type="Convolution"))
