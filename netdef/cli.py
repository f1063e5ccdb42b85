"""Parse, choose, run: the command line.

Exit status: 0 fine, 1 mistakes in the user's files, 2 wrong usage, 3 our fault.
Results go to stdout; diagnostics and progress to stderr.
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from netdef import streams
from netdef.compiler.collection import no_collection
from netdef.compiler.diagnostics import Diagnostic, Report
from netdef.compiler.extras import extras_named, require
from netdef.compiler.net_error import NetError
from netdef.compiler.override import override
from netdef.compiler.request import UsageError
from netdef.ending import Ended, ended_by_signals
from netdef.options.parser import Parser, epilog, near_or_all
from netdef.overview import overview
from netdef.runtime.console import Console, LostOutput, open_console, tell
from netdef.runtime.exit_status import ExitStatus

COMMANDS = sorted(path.stem for path in (Path(__file__).parent / "commands").glob("[a-z]*.py"))
"""A command is a file: ``HELP``, ``EXAMPLES``, ``arguments(parser)``, ``run(args, console) -> int``; ``EXTRAS`` if a
plain install won't do, and ``completions()`` if an argument takes names of ours. Only the chosen is loaded."""
USED = ("torch", "onnx", "onnxruntime", "numpy", "graphviz")
"""Packages of extras whose versions matter to who reads a report of a fault."""


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit status."""
    streams.prepare()
    try:
        args = parse(sys.argv[1:] if argv is None else argv)
    except (SystemExit, LostOutput, OSError) as end:
        ended = end
        return status_of(lambda console: _end(ended, console))
    return status_of(lambda console: args.run(args, console))


def _end(end: SystemExit | LostOutput | OSError, console: Console) -> int:
    """End as parsing did: with help or versions, which are results that may be lost, or with wrong usage."""
    if isinstance(end, SystemExit) and not end.code:
        console.write("")
    if isinstance(end, OSError) and not isinstance(end, BrokenPipeError):
        raise LostOutput(end.strerror or str(end)) from None
    raise end


def status_of(work: Callable[[Console], int]) -> int:
    """The exit status of some work, which is given a console to speak by; what breaks it off is told."""
    console = open_console()
    try:
        with ended_by_signals():
            return _status_of(work, console)
    except Ended as end:
        tell("netdef: stopped")
        return end.status
    except LostOutput as lost:
        console.fail(Report([Diagnostic("N006", f"the standard output can't be written: {lost}")]))
        return ExitStatus.USER_MISTAKE
    except BrokenPipeError:  # the reader of a pipe had enough: `netdef summary ... | head`
        return ExitStatus.FINE
    finally:
        streams.drain()


def _status_of(work: Callable[[Console], int], console: Console) -> int:
    try:
        return work(console)
    except NetError as error:
        console.fail(error.report)
        return ExitStatus.USER_MISTAKE
    except UsageError as error:
        return console.refuse_usage(f"netdef: {error}")
    except (LostOutput, BrokenPipeError):
        raise
    except Exception as error:
        from netdef.compiler.memory import out_of_memory
        from netdef.compiler.system_errors import refused_by_system  # few commands come here

        if (mistake := out_of_memory(error) or refused_by_system(error)) is not None:
            console.fail(Report([mistake]))
            return ExitStatus.USER_MISTAKE
        if "NETDEF_TRACEBACK" in os.environ:
            raise
        kind = type(error).__name__
        tell(f"netdef: our fault, not yours: {kind}: {error}\nSet NETDEF_TRACEBACK=1 to see where.")
        return ExitStatus.OUR_FAULT


def parse(argv: list[str]) -> argparse.Namespace:
    """Read the arguments; wrong ones exit with status 2 and a line that says why."""
    chosen = next((word for word in argv if not word.startswith("-")), None)
    if not argv:
        tell(overview(_helps()).rstrip())
        sys.exit(ExitStatus.WRONG_USAGE)
    if any(word.startswith("--print-c") for word in argv):
        return _completion_asked_for(argv)
    if chosen is not None and chosen not in COMMANDS:
        Parser(prog="netdef").error(f"there is no command {chosen}; {near_or_all(chosen, COMMANDS)}")
    parser, commands = _parser([] if chosen is None else [chosen], argv)
    args, unknown = parser.parse_known_args(argv)
    if unknown:
        commands[args.command].refuse_unknown(unknown)
    return args


def _parser(names: Iterable[str], argv: list[str]) -> tuple[Parser, dict[str, Parser]]:
    """The parser of the whole program and, by name, those of some commands."""
    parser = _Main(prog="netdef")
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    commands = parser.add_subparsers(
        title="commands", metavar="COMMAND", dest="command", required=True, parser_class=Parser, prog="netdef"
    )
    made = {}
    for name in names:
        module = _module(name)
        made[name] = sub = commands.add_parser(name, help=module.HELP, description=module.__doc__)
        module.arguments(sub)
        sub.epilog = epilog(module.EXAMPLES, sub.epilog)
        sub.set_defaults(run=with_extras(name, module), words=argv)
    return parser, made


def _completion_asked_for(argv: list[str]) -> argparse.Namespace:
    from netdef.options.completion import SHELLS

    parser = Parser(prog="netdef")
    parser.add_argument("--print-completion", choices=SHELLS, required=True)
    args = parser.parse_args(argv)
    args.run = _print_completion
    return args


def _print_completion(args: argparse.Namespace, console: Console) -> int:
    from netdef.options.completion import SHELLS, completion_script

    parser, _ = _parser(COMMANDS, [])
    parser.add_argument("--print-completion", choices=SHELLS, help="a script that completes commands and flags")
    words: dict[str, dict[str, list[str]]] = {name: getattr(_module(name), "completions", dict)() for name in COMMANDS}
    console.print(completion_script(parser, args.print_completion, words))
    return ExitStatus.FINE


@no_collection()
def _module(command: str) -> Any:
    return import_module(f"netdef.commands.{command}")


def _helps() -> dict[str, str]:
    return {name: _module(name).HELP for name in COMMANDS}


def with_extras(name: str, module: Any) -> Callable[[argparse.Namespace, Console], int]:
    """A command that begins only where its extras are installed."""

    @extras_named(f"netdef {name}")
    def run(args: argparse.Namespace, console: Console) -> int:
        require(f"netdef {name}", *getattr(module, "EXTRAS", ()))
        if own := getattr(args, "load", ()):
            from netdef.compiler.own_types import load_layers  # most nets have Caffe's types

            load_layers(*own)
        status: int = module.run(args, console)
        return status

    return run


class _Main(Parser):
    """The program's own help is its overview."""

    @override
    def format_help(self) -> str:
        return overview(_helps())


class _Version(argparse.Action):
    @override
    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import PackageNotFoundError, version  # 20 ms that only this flag needs

        lines = [f"netdef {version('netdef-compiler')}"]
        for package in ("lark", *USED):
            with suppress(PackageNotFoundError):
                lines.append(f"{package} {version(package)}")
        open_console().write("\n".join([*lines, f"Python {sys.version.partition(' ')[0]}", ""]))
        parser.exit()


if __name__ == "__main__":
    sys.exit(main())
