"""``expect { }``: claims of a file, held against what the compiler finds."""

from collections.abc import Iterator

from netdef.compiler.diagnostics import Diagnostic, Label, Severity, did_you_mean
from netdef.compiler.net.net import Net
from netdef.compiler.schema.caffe import Expect
from netdef.compiler.schema.decode import Places
from netdef.compiler.shape import show
from netdef.compiler.source import Span


def check_claims(net: Net, overridden: bool) -> None:
    """Report every claim for the net's phase that is false; under an override, as not checked."""
    for expect, places in net.definition.expects:
        if expect.phase is not net.state.phase:
            continue
        for claim, claimed, found, help, at in _false_claims(net, expect, places):
            if overridden:
                message = f"the claim of {claim} {claimed} is not checked under an override; here, there is {found}"
                net.report.add(Diagnostic("N603", message, Label(at), severity=Severity.WARNING))
            else:
                net.report.add(Diagnostic("N602", f"{claim}: {claimed} expected, {found} found", Label(at), help=help))


def _false_claims(net: Net, expect: Expect, places: Places) -> Iterator[tuple[str, str, str, str | None, Span]]:
    """Claim, what it says, what is so, what to do about it, and where it stands."""
    counts = {"num_params": net.num_params, "macs": net.macs, "weight_layers": net.num_weight_layers}
    for attribute, found in counts.items():
        claimed = getattr(expect, attribute)
        if claimed not in (None, found):
            claim = attribute.removeprefix("num_")
            help: str | None = f"if the net is right, write {claim}: {found:_}"
            yield claim, f"{claimed:,}", f"{found:,}", help, places[attribute][0]
    for blob, at in zip(expect.blob, places.get("blob", ()), strict=True):
        shape = net.blobs.get(blob.name)
        if shape is None:
            help = did_you_mean(blob.name, net.blobs)
            yield f'blob "{blob.name}"', show(blob.shape), "no such blob", help, at
        elif shape != blob.shape:
            help = f"if the net is right, write shape: [{', '.join(map(str, shape))}]"
            yield f'blob "{blob.name}"', show(blob.shape), show(shape), help, at
