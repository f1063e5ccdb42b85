"""What a report keeps of very many mistakes."""

import netdef
from netdef.compiler.diagnostics import MOST_OF_ONE_CODE, Diagnostic, Report, Severity
from netdef.compiler.files import Files


def unknown_blobs(num: int) -> Report:
    rows = (f'layer {{ name: "r{i}" type: "ReLU" bottom: "x{i}" top: "r{i}" }}\n' for i in range(num))
    return netdef.analyse(path="a.net", files=Files({"a.net": "".join(rows)}, disk=False)).report


def test_so_many_mistakes_of_a_kind_are_all_kept() -> None:
    report = unknown_blobs(MOST_OF_ONE_CODE)
    assert [each.message for each in report][::999] == ['there is no blob "x0"', 'there is no blob "x999"']


def test_of_more_the_first_are_kept_and_the_next_stands_for_the_others() -> None:
    report = unknown_blobs(MOST_OF_ONE_CODE + 500)
    *kept, last = report
    assert len(kept) == MOST_OF_ONE_CODE
    assert [each.message for each in kept] == [f'there is no blob "x{i}"' for i in range(MOST_OF_ONE_CODE)]
    assert (last.code, last.severity) == ("N501", Severity.ERROR)
    assert last.message == "more than 1,000 mistakes of this kind: the others are not listed"
    assert last.primary is not None
    assert last.primary.span.line == MOST_OF_ONE_CODE + 1
    assert [*Report(report)] == [*report]


def test_a_mistake_of_another_kind_is_still_told() -> None:
    many = [Diagnostic("N900", f"mistake {i}", severity=Severity.WARNING) for i in range(2 * MOST_OF_ONE_CODE)]
    report = Report([*many, many[0], Diagnostic("N901", "an error")])
    assert len(report.warnings) == MOST_OF_ONE_CODE + 1
    assert [each.message for each in report.errors] == ["an error"]
