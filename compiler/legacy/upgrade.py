"""A net of any age as Caffe's newest format, V2, has it: what everything behind reads.

    V0   layers { layer { name: "conv1" type: "conv" num_output: 64 kernelsize: 3 } bottom: "data" top: "conv1" }
    V1   layers { name: "conv1" type: CONVOLUTION convolution_param { num_output: 64 kernel_size: 3 } ... }
    V2   layer { name: "conv1" type: "Convolution" convolution_param { num_output: 64 kernel_size: 3 } ... }

Statements keep their places, so what is wrong is shown in the text that the user wrote.
"""

from collections.abc import Sequence

from netdef.compiler.diagnostics import Diagnostic, Label, Report, Severity, again
from netdef.compiler.fixes import insert_field
from netdef.compiler.legacy.mixtures import refuse_mixtures
from netdef.compiler.legacy.v0 import fold_padding, inner_of, is_v0, layer_of_v0
from netdef.compiler.legacy.v1 import layer_of_v1
from netdef.compiler.schema.decode import Decoder
from netdef.compiler.syntax.tree import Expanded, Field, Group, Plain, Word


def upgraded(expanded: Expanded, report: Report) -> Expanded:
    """The same net in V2; one that mixes formats is read in the order of its text, and refused."""
    decoder = Decoder(report, expanded.has_constructs)
    made = tuple(_layer(each, decoder) for each in fold_padding(expanded.body, decoder))
    refuse_mixtures(expanded.body, made, report)
    _warn_of_crops(expanded.body, report)
    return expanded._replace(body=made)


def _layer(statement: Plain, decoder: Decoder) -> Plain:
    if not isinstance(statement, Group) or statement.name != "layers":
        return statement
    if is_v0(statement):
        _need_type(statement, inner_of(statement), 'type: "conv"', decoder)
        return layer_of_v1(layer_of_v0(statement, decoder), decoder)
    _need_type(statement, statement, "type: CONVOLUTION", decoder)
    return layer_of_v1(statement, decoder)


def _need_type(layer: Group, group: Group, example: str, decoder: Decoder) -> None:
    """Say in the words of the file what V2's reader would say of a layer whose ``group`` has no type."""
    if not any(s.name in ("type", "") for s in group.fields):
        label, fix = Label(layer.at), insert_field(group.close, example)
        help = f"add {example}"
        decoder.report.add(Diagnostic("N408", "type is missing", label, help=help, subject="type", fix=fix))


def _warn_of_crops(body: Sequence[Plain], report: Report) -> None:
    """The fork that has CROP in V1, of fully convolutional nets, finds the offset itself, from where windows lie."""
    old = [s for s in body if isinstance(s, Group) and s.name == "layers"]
    bare = [s for s in old if not any(each.name == "crop_param" for each in s.fields)]
    crops = [
        s.value.at
        for group in bare
        for s in group.fields
        if isinstance(s, Field) and isinstance(s.value, Word) and s.value.value == "CROP"
    ]
    if crops:
        primary, labels = again(crops[0], crops[1:])
        message = "where CROP begins is found by the fork that has it; here it is the first row and column"
        help = "all shapes are right; for the numbers, say where: crop_param { offset: 19 }"
        report.add(Diagnostic("N419", message, primary, labels, help=help, severity=Severity.WARNING))
