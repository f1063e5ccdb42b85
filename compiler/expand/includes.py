"""``include``: another file's statements, in the place of the include."""

from os.path import basename, dirname

from netdef.compiler.diagnostics import Report
from netdef.compiler.expand.evaluate import evaluate
from netdef.compiler.expand.place import Place
from netdef.compiler.expand.run import Run
from netdef.compiler.expand.scope import Mistake
from netdef.compiler.files import beside
from netdef.compiler.fixes import rename
from netdef.compiler.spelling import misspelt
from netdef.compiler.syntax.parser import parse
from netdef.compiler.syntax.tree import Include, Plain


def run_include(run: Run, include: Include, place: Place) -> list[Plain]:
    """What an included file leaves; one that can't be read takes all names that it may have given with it."""
    at = place.here(include.at)
    written = evaluate(include.path, place.scope)
    assert isinstance(written, str), "the grammar takes a string"
    path = beside(include.at.source.path, written)
    own = run.files.identity(path)
    if not run.files.may_include(path, include.at.source.path, run.including[0]):
        help = "copy it into the including file's folder, or start netdef in a folder that holds both"
        raise Mistake("N311", f"{written} leads out of the net's folder", at, help)
    if own in run.including:
        chain = " includes ".join([*run.including[run.including.index(own) :], own])
        help = f"drop one of the includes of this circle: {_short(chain)}"
        raise Mistake("N311", f"{written} includes itself", at, help)
    if own not in run.trees:
        found = Report()
        source = run.files.open(path, found)
        if source is None:
            (reason,) = found
            near = misspelt(basename(path), run.files.beside(path)) if reason.code == "N001" else None
            help = f'did you mean "{near}"?' if near else "the path is relative to the including file"
            fix = rename(include.path.at, basename(written), near)
            raise Mistake("N311", reason.message, at, help, fix=fix)
        run.trees[own] = parse(source, found)
        run.report.extend(found)
    return run.file(run.trees[own], at)


def _short(chain: str) -> str:
    return chain.replace(dirname(chain.split(" includes ", maxsplit=1)[0]) + "/", "")
