"""Where a result goes, and in what form: the same words in every command."""

import argparse
from collections.abc import Iterable


def output_argument(
    parser: argparse.ArgumentParser,
    what: str,
    *,
    metavar: str = "OUT",
    default: str | None = None,
    required: bool = False,
) -> None:
    """Add ``-o``; ``what`` says what is written there, and where it goes if nothing is said."""
    parser.add_argument("-o", "--output", metavar=metavar, default=default, required=required, help=what)


def format_arguments(parser: argparse.ArgumentParser, formats: Iterable[str]) -> None:
    """Add ``--format``, whose first word is what is printed if nothing is said, and ``--json`` for the one of JSON."""
    forms = [*formats]
    parser.add_argument("--format", choices=forms, default=forms[0], help="how to print it")
    same = "print JSON, as --format json does"
    parser.add_argument("--json", action="store_const", const="json", dest="format", help=same)
