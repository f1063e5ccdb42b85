"""A net as an ONNX model: ``netdef.export``, and what the command of that name calls."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Unpack

from netdef.compiler.analysis.bare_scores import bare_scores
from netdef.compiler.analysis.free_axes import allowed
from netdef.compiler.diagnostics import Diagnostic, Report
from netdef.compiler.extras import require
from netdef.compiler.files import stem_of
from netdef.compiler.load import load_net
from netdef.compiler.model_options import OPSET, axes_of
from netdef.compiler.net.net import Net
from netdef.compiler.net_error import NetError
from netdef.compiler.onnx import save_model
from netdef.compiler.override import override
from netdef.compiler.render.line import visible
from netdef.compiler.request import NetStateInPhase, PathName, UsageError, net_request, path_of
from netdef.compiler.save import save_text, unwritable
from netdef.compiler.temporary import temporary_folder
from netdef.compiler.weights.complete import filled_by, made_up_warning
from netdef.compiler.weights.formats.files import NamedWeights, open_named
from netdef.compiler.weights.made_up import made_up
from netdef.output import STDOUT
from netdef.runtime.console import Console, open_console
from netdef.runtime.requests import ExportRequest

if TYPE_CHECKING:
    from netdef.runtime.verification.certificate import Certificate


class Exported(NamedTuple):
    """What was written.

    files         the model, and if it is large a second one with its numbers
    warnings      of the net, and of numbers that were made up
    certificate   how closely the model agrees with PyTorch, and its file, where that was asked for
    """

    files: tuple[Path, ...]
    warnings: tuple[Diagnostic, ...]
    certificate: "Certificate | None" = None
    certificate_file: Path | None = None

    @override
    def __repr__(self) -> str:
        said = [", ".join(map(str, self.files))]
        if self.warnings:
            said.append(f"warnings {' '.join(each.code for each in self.warnings)}")
        if self.certificate is not None:
            said.append(self.certificate.verdict)
        return f"<Exported: {'; '.join(said)}>"


def export(
    net: PathName,
    out: PathName | None = None,
    *,
    weights: PathName | None = None,
    dynamic: str | Sequence[str] | None = ("N",),
    opset: int = OPSET,
    seed: int = 0,
    verify: bool = False,
    progress: bool = True,
    **state: Unpack[NetStateInPhase],
) -> Exported:
    """Write a net as an ONNX model, as ``netdef export --onnx`` does.

        netdef.export("nets/digits.net", "digits.onnx", weights="runs/digits").files

    Args:
        net: a file.
        out: the model; by default the net's name with .onnx.
        weights: a file, or a run's folder for its best ones; by default the net's fillers, under ``seed``, and random
            ones for layers that have none.
        dynamic: which axes of the inputs are free: ``"N"``, ``"H"``, ``"W"``; ``None`` is all that the net allows.
        opset: the version of ONNX's operators.
        seed: the fillers' seed.
        verify: whether the model is run against PyTorch, and certified beside it.
        progress: whether warnings are said on stderr.
        state: what chooses and sizes the net, as for ``netdef.load``: ``phase``, ``stages``, ``level``, ``set``,
            ``sizes``, ``data_size``, ``dense``, ``opaque``, ``layer_files``, ``origin``.

    Raises:
        NetError: if the net or its weights are wrong, ONNX can't express a layer, or the file can't be written.
        UsageError: if ``out`` doesn't end in .onnx, there is no such axis, or the opset or the seed is out of range.
    """
    request = ExportRequest(
        net=net_request(net, **state),
        weights=path_of(weights),
        out=path_of(out),
        dynamic=None if dynamic is None else axes_of(dynamic),
        opset=opset,
        seed=seed,
        verify=verify,
    )
    return exported(request, open_console().without(progress=progress, results=False))


def exported(request: ExportRequest, console: Console) -> Exported:
    """What is asked for; what was written is printed as soon as it is there."""
    if request.out == STDOUT:
        return _printed(request, console)
    if request.verify:
        require("verifying a model", "onnx", "train")
    net = load_net(request.net)
    console.show(net.report)
    given, doubts = _weights(net, request)
    out = Path(request.out or f"{stem_of(request.net.file)}.onnx")
    dynamic = allowed(net) if request.dynamic is None else request.dynamic
    try:
        saved = save_model(
            net, out, given.weights, dynamic=dynamic, opset=request.opset, seed=request.seed, origin=given.origin
        )
    except (OSError, ValueError) as error:
        raise NetError(unwritable(out, error)) from None
    doubts.extend(saved.report)
    console.show(doubts)
    for path in saved.files:
        console.print(f"{visible(str(path))}: {path.stat().st_size / 1e6:,.1f} MB")
    for blob in bare_scores(net):
        console.say(f"{blob} has no soft-max behind it: if these are class scores, the model gives no probabilities")
    written = Exported(tuple(saved.files), (*net.report, *doubts))
    if not request.verify:
        return written
    from netdef.runtime.verification.verify import verify as compare

    certificate = compare(
        net,
        given.weights,
        dynamic=dynamic,
        opset=request.opset,
        seed=request.seed,
        origin=given.origin,
        exported=saved.files,
        console=console,
    )
    proof = out.with_suffix(".certificate.json")
    save_text(proof, certificate.json())
    console.print(f"{certificate.table()}\n{visible(str(proof))}: the certificate")
    return written._replace(certificate=certificate, certificate_file=proof)


def _printed(request: ExportRequest, console: Console) -> Exported:
    """The model on the standard output, which takes one file and no certificate."""
    if request.verify:
        raise UsageError("--verify writes a certificate beside the model: give it a name, -o FILE.onnx")
    with temporary_folder() as folder:
        written = exported(request.replace(out=f"{folder}/model.onnx"), console.without(results=False))
        if len(written.files) > 1:
            raise UsageError("a model above 2 GiB is two files: give it a name, -o FILE.onnx")
        console.write_bytes(written.files[0].read_bytes())
    return written._replace(files=())


def _weights(net: Net, request: ExportRequest) -> tuple[NamedWeights, Report]:
    """The numbers of the model, and what is to be said of those that nobody gave."""
    if request.weights is not None:
        return open_named(request.weights), Report()
    drawn = made_up(net, request.seed)
    said = [made_up_warning(request.seed, drawn.at_random)] if drawn.weights else []
    return NamedWeights(drawn.weights, filled_by(request.seed, drawn.at_random)), Report(said)
