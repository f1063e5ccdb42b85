"""A training that is only tried: what it would need, or whether the net can learn at all. Nothing is written."""

from netdef.compiler.net_error import NetError
from netdef.compiler.weights.stored import Weights
from netdef.runtime.console import Console
from netdef.runtime.hardware.process_group import ProcessGroup
from netdef.runtime.requests import TrainRequest, Trial
from netdef.runtime.training.dry_run import dry_run
from netdef.runtime.training.job import job_of
from netdef.runtime.training.memory_estimate import check_memory, show_bytes
from netdef.runtime.training.overfit import overfit
from netdef.runtime.training.progress import display
from netdef.runtime.training.session import Session, checked, given_weights, open_session
from netdef.runtime.training.signals import SignalHandler
from netdef.runtime.training.stage_run import StageRun
from netdef.runtime.training.stages import first_weights

NO_DATA = {"N710", "N717", "N010", "N774"}
"""What is said of data that aren't there, aren't named, or whose package isn't there."""


def try_out(request: TrainRequest, group: ProcessGroup, console: Console, signals: SignalHandler) -> None:
    """Print what a run would need, or whether the net can learn, as the request's ``trial`` says."""
    has_data = True
    session = open_session(request, "", group, console, signals)
    asked = session.request
    given = given_weights(asked.weights)
    try:
        stage_runs = checked(session, asked, given)
    except NetError as error:
        if asked.trial is not Trial.DRY_RUN or NO_DATA.isdisjoint(each.code for each in error.report.errors):
            raise
        console.say(f"netdef train: made-up images stand in: {error.report.errors[0].message}")
        has_data = False
        stage_runs = checked(session, asked.replace(data=asked.data.replace(data="synthetic")), given)
    for each in stage_runs:
        if len(stage_runs) > 1:
            console.print(f"stage {each.stage.name}:")
        begins_with_given = len(stage_runs) == 1 or each.stage.init is None
        try_stage(session, each, given if begins_with_given else None, has_data=has_data)


def try_stage(session: Session, stage_run: StageRun, given: Weights | None, *, has_data: bool) -> None:
    """Try one training; without weights that were given, from the fillers."""
    stage, request, setup = stage_run
    with display(session.console, session.group.rank) as shown:
        if request.trial is Trial.DRY_RUN:
            expected = check_memory(setup)
            shown.print(f"from the shapes: about {show_bytes(expected.total)} of memory")
        job = job_of(setup, first_weights(stage.init, given, request.weights))
        found = dry_run(job, shown, has_data=has_data) if request.trial is Trial.DRY_RUN else overfit(job, shown)
    session.console.print(found.text)
