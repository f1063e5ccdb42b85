"""Options and fixtures of all tests."""

import os
from collections.abc import Generator
from pathlib import Path

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")
"""Small nets gain nothing by more threads, and on a busy machine those that wait spin."""

BESIDE = Path(__file__).parent.parent.parent / "shared"
"""Where the shared material lies beside a checkout: real files, and what Caffe made of them."""
SHARED = Path(os.environ.get("NETDEF_SHARED", BESIDE))
MAY_SKIP = not (os.environ.get("CI") == "true" and BESIDE.is_dir())
ABSENT = "the shared material is absent"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="run the tests marked long, too")
    parser.addoption("--rewrite", action="store_true", help="write the transcripts of compiler/explain anew")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--long"):
        for item in items:
            if item.get_closest_marker("long"):
                item.add_marker(pytest.mark.skip(reason="takes minutes: run with --long"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where CI has the shared material, a test that does without it has failed."""
    report = yield
    reason = report.longrepr[2] if report.skipped and isinstance(report.longrepr, tuple) else ""
    if not MAY_SKIP and "shared" in reason:
        report.outcome = "failed"
    return report


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of the shared material; without it the test is skipped."""
    if not SHARED.is_dir():
        pytest.skip(f"{ABSENT}: {SHARED}")
    return SHARED
