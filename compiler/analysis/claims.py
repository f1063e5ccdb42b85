"""``expect { }``: claims of a file, held against what the compiler finds."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from netdef.compiler.analysis.costs import costs_of_run
from netdef.compiler.compare_sizes import Comparison, compare
from netdef.compiler.diagnostics import Diagnostic, Label, Severity
from netdef.compiler.fixes import Applicability, Fix, replace
from netdef.compiler.net.net import Net
from netdef.compiler.schema.caffe import Expect
from netdef.compiler.schema.decode import Places
from netdef.compiler.shape import Shape, compare_shapes, show
from netdef.compiler.size import Dim
from netdef.compiler.source import Span
from netdef.compiler.spelling import NearNames

FALSE_CLAIM = "N602"
"""The code of a claim that doesn't hold; the net itself is sound."""


class _Claim(NamedTuple):
    """What a file claims, beside what is so."""

    of: str
    claimed: str
    found: str
    holds: Comparison
    help: str | None
    at: Span
    fix: Fix | None = None


def check_claims(net: Net, overridden: bool) -> None:
    """Report every claim for the net's phase that is false, or not checked: under an override, or before a run."""
    expects = [each for each in net.definition.expects if each[0].phase is net.state.phase]
    if not expects:
        return
    counts: dict[str, Dim] = {
        "num_params": net.num_params,
        "macs": net.macs + costs_of_run(net).macs,
        "weight_layers": net.num_weight_layers,
    }
    blobs = net.blobs
    near = NearNames()
    for expect, places in expects:
        for claim in (*_counts(counts, expect, places), *_shapes(blobs, near, expect, places)):
            if claim.holds is not Comparison.EQUAL:
                net.report.add(_said(claim, overridden))


def _said(claim: _Claim, overridden: bool) -> Diagnostic:
    at, said = Label(claim.at), f"{claim.of} {claim.claimed}"
    if overridden:
        message = f"the claim of {said} is not checked under an override; here, there is {claim.found}"
    elif claim.holds is Comparison.UNKNOWN:
        message = f"the claim of {said} is not checked: there is {claim.found}, which only a run can tell"
    else:
        message = f"{claim.of}: {claim.claimed} expected, {claim.found} found"
        return Diagnostic(FALSE_CLAIM, message, at, help=claim.help, fix=claim.fix)
    return Diagnostic("N603", message, at, severity=Severity.WARNING)


def _counts(counts: Mapping[str, Dim], expect: Expect, places: Places) -> Iterator[_Claim]:
    for attribute, found in counts.items():
        claimed = getattr(expect, attribute)
        if claimed is not None:
            word = attribute.removeprefix("num_")
            help = f"if the net is right, write {word}: {found:_}" if isinstance(found, int) else None
            at = places[attribute][0]
            fix = replace(at, f"{found:_}", Applicability.UNSAFE) if isinstance(found, int) else None
            yield _Claim(word, f"{claimed:,}", f"{found:,}", compare(claimed, found), help, at, fix)


def _shapes(blobs: Mapping[str, Shape], near: NearNames, expect: Expect, places: Places) -> Iterator[_Claim]:
    for blob, at in zip(expect.blob, places.get("blob", ()), strict=True):
        found, claimed = blobs.get(blob.name), show(blob.shape)
        if found is None:
            meant = near.closest(blob.name, blobs)
            help = f'did you mean "{meant}"?' if meant else None
            yield _Claim(f'blob "{blob.name}"', claimed, "no such blob", Comparison.DIFFERENT, help, at)
        else:
            is_known = all(isinstance(dim, int) for dim in found)
            help = f"if the net is right, write shape: [{', '.join(map(str, found))}]" if is_known else None
            yield _Claim(f'blob "{blob.name}"', claimed, show(found), compare_shapes(blob.shape, found), help, at)
