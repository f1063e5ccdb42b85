"""Whether a test sees all test data: in Caffe ``test_iter`` batches, however many images there are."""

from collections.abc import Iterator
from math import ceil

from netdef.compiler.diagnostics import Diagnostic, Severity
from netdef.runtime.training.recipe.recipe import Evaluation


def check_coverage(test: Evaluation, num_images: int) -> Iterator[Diagnostic]:
    """A warning where a test's batches see a part of the images, or some more than once.

    The last batch of those that see all may be filled up with the first images again, as Caffe fills it.
    """
    enough = ceil(num_images / test.batch)
    if test.batches is None or test.batches == enough:
        return
    seen = test.batches * test.batch
    batches = f"{test.batches:,} x {test.batch:,} images"
    if test.batches < enough:
        message = f"a test sees {seen:,} of {num_images:,} test images ({batches}), the next one others"
    else:
        message = f"a test goes over its {num_images:,} test images {seen / num_images:.3g} times ({batches})"
    help = f"{enough:,} batches see all: test_iter: {enough} in a solver, test: {{batches: {enough}}} in a recipe"
    yield Diagnostic("N852", message, help=help, severity=Severity.WARNING)
