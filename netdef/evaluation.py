"""How often nets are wrong on labelled images: ``netdef.evaluate``, and what the command of that name calls.

Law: torch is loaded by what is called, not by whoever imports this.
"""

import pickle
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Unpack

from netdef.compiler.override import override
from netdef.compiler.request import NetState, PathName, net_request, numbers_of, path_of, paths_of
from netdef.compiler.temporary import temporary_folder
from netdef.launch import Task, ended, needs_launch, run_launched
from netdef.runtime.console import Console, open_console
from netdef.runtime.hardware.threads import share_processors
from netdef.runtime.requests import DataRequest, EvaluateRequest, EvaluationTask, Form, HardwareRequest

if TYPE_CHECKING:
    from netdef.runtime.evaluation.measured_net import MeasuredResult
    from netdef.runtime.evaluation.posteriors import Posteriors
    from netdef.runtime.evaluation.report import Result
    from netdef.runtime.localisation.nets import BoxResult


class Evaluation(NamedTuple):
    """What came of an evaluation.

    results      of saved posteriors, then of each net, and last, where these are several, of them all together; of nets
                 that give boxes, each ``BoxResult``, of those judged by label maps or their loss ``MeasuredResult``
    posteriors   the last result's; None for boxes
    """

    results: "tuple[Result | MeasuredResult, ...] | tuple[BoxResult, ...]"
    posteriors: "Posteriors | None"

    @override
    def __repr__(self) -> str:
        return f"<Evaluation: {'; '.join(result.text for result in self.results)}>"

    @property
    def as_data(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"results": [result.as_data for result in self.results]}

    def report(self, *, markdown: bool = False) -> str:
        """Tables laid out as the VGG paper's, its own figures beside them; a line for each net judged otherwise."""
        from netdef.runtime.evaluation.measured_net import MeasuredResult
        from netdef.runtime.evaluation.report import Result, report

        tables = report([result for result in self.results if isinstance(result, Result)], markdown=markdown)
        lines = [result.text for result in self.results if isinstance(result, MeasuredResult)]
        return "\n\n".join(part for part in (tables, *lines) if part)


def evaluate(
    net: PathName | Sequence[PathName] = (),
    weights: PathName | Sequence[PathName] = (),
    *,
    data: PathName | None = None,
    scales: int | Sequence[int] = (),
    crops: int = 0,
    flip: bool = False,
    pool: str = "logits",
    boxes: bool = False,
    whole: bool = False,
    scores: str | None = None,
    inputs: Mapping[str, str] | None = None,
    objects: Sequence[str] = (),
    corrupt: str | None = None,
    workers: int | None = None,
    device: str | None = None,
    devices: int | None = None,
    posteriors: Sequence[PathName] = (),
    save_posteriors: PathName | None = None,
    per_class: PathName | None = None,
    classes: PathName | None = None,
    progress: bool = True,
    **state: Unpack[NetState],
) -> Evaluation:
    """Count how often nets are wrong on labelled images, as ``netdef evaluate`` does.

        netdef.evaluate("nets/digits.net", "runs/digits").results[0].errors.top1_error

    Args:
        net: a file, or several; or a run's folder, which stands for its net and its best weights.
        weights: what each takes, in the same order: a file, or a run's folder for its best ones. In the place of a
            net, a run's folder takes none.
        data: labelled images; by default what the net's data layers name, else what the run was tested on, else the
            digits.
        scales: the shorter side of an image, in pixels, or several.
        crops: windows of an image at one scale: 0, 1, 10 or 50.
        flip: whether the image is shown mirrored, too.
        pool: whether a map is averaged before (``logits``) or after (``prob``) the soft-max.
        boxes: whether wrong boxes are counted; so they are for nets that learn from boxes.
        whole: whether all test images of a run count, where its tests saw a part of them.
        scores: the blob with the class scores, where the net doesn't tell.
        inputs: input blob -> field of the data, where the blob's name doesn't say it.
        objects: the classes whose boxes count; without any, all.
        corrupt: what happens with an image that can't be read: ``error`` or ``skip``.
        workers: processes that read images; by default as many as the data need.
        device: ``cpu``, ``cuda`` or ``cuda:1``; by default a GPU if there is one.
        devices: share the images among so many processes, which are started; each has its own GPU, if there are any.
        posteriors: files of saved ones, to be averaged with those of the nets.
        save_posteriors: a file for those of the last result.
        per_class: a file, .csv or .png, for each class's errors, or of label maps its accuracy and IoU, and the
            confusion matrix of the last result; as numbers all results have both (``results[-1].per_class``).
        classes: a file with the classes' names, one a line; by default the data's, or
            of label maps the run's.
        progress: whether warnings and progress are said on stderr.
        state: what chooses and sizes the nets, as for ``netdef.load``: ``stages``, ``level``, ``set``, ``sizes``,
            ``data_size``, ``opaque``, ``layer_files``, ``origin``, and ``dense``, with which a net is shown whole
            images.

    Raises:
        NetError: if a net, its weights or the data are wrong, or don't go together.
        UsageError: if what is asked for doesn't go together.
    """
    request = EvaluateRequest(
        files=paths_of(net),
        weights=paths_of(weights),
        net=net_request("", **state),
        data=DataRequest(
            data=path_of(data),
            inputs=inputs or {},
            scores=scores,
            objects=tuple(objects),
            corrupt=corrupt,
            workers=workers,
        ),
        hardware=HardwareRequest(device=device, devices=devices),
        scales=numbers_of(scales),
        crops=crops,
        flip=flip,
        pool=pool,
        boxes=boxes,
        whole=whole,
        posteriors=paths_of(posteriors),
        save_posteriors=path_of(save_posteriors),
        per_class=path_of(per_class),
        classes=path_of(classes),
    )
    request.check()
    share_processors()
    console = open_console().without(progress=progress, results=False)
    return evaluate_elsewhere(request, console) if needs_launch(request.hardware) else evaluate_here(request, console)


def evaluate_elsewhere(request: EvaluateRequest, console: Console) -> Evaluation:
    """What is asked for, found by as many processes as are asked for, which are started."""
    with temporary_folder() as folder:
        out = folder / "evaluation"
        task = EvaluationTask(evaluation=request, form=Form.PICKLE, out=str(out))
        launched = run_launched(Task.of("evaluate", task, "netdef.evaluate(...)", console), request.hardware)
        if launched.status:
            raise ended(launched.status)
        found: Evaluation = pickle.loads(out.read_bytes())
        return found


def evaluate_here(request: EvaluateRequest, console: Console) -> Evaluation:
    """What is asked for; results are printed as soon as they are there. Every process of a group comes here."""
    from netdef.runtime.evaluation.nets import score_nets
    from netdef.runtime.hardware.process_group import process_group
    from netdef.runtime.localisation.nets import asks_for_boxes, evaluate_box_nets

    with process_group(request.hardware.device) as group:
        if asks_for_boxes(request, group):
            return Evaluation(evaluate_box_nets(request, console, group), None)
        return Evaluation(*score_nets(request, console, group))
