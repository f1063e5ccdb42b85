"""What becomes of a sample whose image can't be read: a mistake, another in its place, or nothing.

Which of them is read depends on the data alone, so that a batch is the same whoever makes it.
"""

from collections.abc import Callable, Iterable, Iterator

from torch import Tensor

from netdef.compiler.diagnostics import Diagnostic, Report, Severity
from netdef.compiler.net_error import NetError
from netdef.runtime.data.datasets.dataset import Dataset, ImageArray

MOST_IN_A_ROW = 100
"""Images that may be skipped: a disk that can't be read is another mistake, and no training."""

Sample = tuple[int, ImageArray]
"""A number and its image."""
ReadSample = Callable[[Dataset, int, list[int]], Sample | None]
"""What is read for a sample; the numbers of those that can't be are added to the list."""


def read_or_fail(data: Dataset, number: int, skipped: list[int]) -> Sample:
    """The sample itself; raises ``NetError`` if it can't be read."""
    return number, data.image(number)


def read_or_none(data: Dataset, number: int, skipped: list[int]) -> Sample | None:
    """The sample itself, or nothing."""
    try:
        return read_or_fail(data, number, skipped)
    except NetError:
        skipped.append(number)
        return None


def read_or_next(data: Dataset, number: int, skipped: list[int]) -> Sample:
    """The sample itself, or the next that can be read."""
    for _ in range(MOST_IN_A_ROW + 1):
        sample = read_or_none(data, number, skipped)
        if sample is not None:
            return sample
        last, number = number, (number + 1) % len(data)
    message = f"more than {MOST_IN_A_ROW} images in a row can't be read"
    mistakes = why(data, last)
    raise NetError(Report([*mistakes, Diagnostic("N776", message, help="look at the data, and at its disk")]))


def why(data: Dataset, number: int) -> list[Diagnostic]:
    """Why a sample can't be read: reading it once more tells, wherever it was read first."""
    try:
        data.image(number)
    except NetError as error:
        return list(error.report)
    return []


class Skipped:
    """The samples that were skipped, each said once, as a warning."""

    def __init__(self, data: Dataset, tell: Callable[[Diagnostic], None]) -> None:
        self.numbers: set[int] = set()
        self._data = data
        self._tell = tell

    def readable(self, batches: Iterable[dict[str, Tensor]]) -> Iterator[dict[str, Tensor]]:
        """The same batches, without those that have no images."""
        for batch in batches:
            numbers = batch.pop("skipped", None)
            for number in () if numbers is None else numbers.tolist():
                if number not in self.numbers:
                    self.numbers.add(number)
                    for mistake in why(self._data, number):
                        self._tell(mistake._replace(severity=Severity.WARNING, help="it is skipped"))
            if batch:
                yield batch
