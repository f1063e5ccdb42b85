"""A certificate says what agrees, for people and as JSON."""

import json

import numpy as np
import pytest

from netdef.runtime.verification.certificate import Case, Certificate
from netdef.runtime.verification.verify import difference


def test_a_difference_that_is_no_number_does_not_agree() -> None:
    bad = difference("layer", "blob", np.asarray([np.nan], np.float32), np.asarray([1], np.float32))
    certificate = Certificate({}, 1e-4, (Case({}, (bad,), ()),))
    assert not certificate.agrees
    assert json.loads(certificate.json(), parse_constant=pytest.fail)["first_difference"]["max_rel"] is None


def test_22_draw_names() -> None:
    """A name with a line break stands in one line of the table, and in the verdict."""
    bad = difference("acc\n(Accuracy)", "c\x1b{1}", np.asarray([2], np.float32), np.asarray([1], np.float32))
    table = Certificate({}, 1e-4, (Case({}, (bad,), ()),)).table()
    assert "\x1b" not in table
    _, row, verdict = table.splitlines()
    assert row.startswith("c\N{REPLACEMENT CHARACTER}{1}  acc\N{REPLACEMENT CHARACTER}(Accuracy)")
    assert "acc\N{REPLACEMENT CHARACTER}(Accuracy)" in verdict
