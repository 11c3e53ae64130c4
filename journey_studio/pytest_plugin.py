"""The pytest plugin as it is installed: for every project of the environment, whosever `studio` is.

`studio` is imported by the first test that asks for journeys, and never while pytest starts: a project
with a package of that name has it in its path only later, and would get ours. `studio/testing/plugin.py`
is what works; `-p studio.testing` loads it directly.
"""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from journey_studio import clash
from journey_studio.pytest_options import (
    COVERAGE_LEAST_OPTION,
    add_marker,
    add_options,
    covers,
    is_event_file,
)

if TYPE_CHECKING:
    from studio.testing.verbs import Journeys

COMMAND = "-m pytest"
OK = pytest.ExitCode.OK
_WORKS = "studio.testing.plugin"


def pytest_addoption(parser: pytest.Parser) -> None:
    """The plugin's options."""
    add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """The plugin's marker."""
    add_marker(config)


def pytest_report_header() -> str | None:
    """One line when the project has a `studio` of its own."""
    told = clash(COMMAND)
    return None if told is None else f"journey-studio: its fixtures are off: {told}"


@pytest.fixture
def journeys(request: pytest.FixtureRequest) -> Iterator[Journeys]:
    """Journeys in memory, with a virtual clock."""
    if (told := clash(COMMAND)) is not None:
        pytest.fail(f"journey-studio: {told}", pytrace=False)
    from studio.testing.plugin import journeys_for, set_up

    set_up(request.config)
    yield from journeys_for(request)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """An event file with expectations is a test."""
    if not is_event_file(file_path, parent.config) or clash(COMMAND) is not None:
        return None
    from studio.testing.plugin import pytest_collect_file as collect
    from studio.testing.plugin import set_up

    set_up(parent.config)
    return collect(file_path, parent)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[Any]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Under a test that failed, what happened in its journeys."""
    report = yield
    # Not imported: no test has asked for journeys.
    works = sys.modules.get(_WORKS)
    if works is not None:
        works.add_sections(item, call, report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Take what the journeys of a test went, before anything of the test is taken down."""
    yield
    if covers(item.config) and (works := sys.modules.get(_WORKS)) is not None:
        works.take_coverage(item)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """A worker of pytest-xdist has ended: take what its tests went."""
    if (works := _coverage(node.config)) is not None:
        works.take_worker(node)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """All tests are done: hold what they went against the maps."""
    if (works := _coverage(session.config)) is not None:
        works.finish_coverage(session)
    elif session.config.getoption(COVERAGE_LEAST_OPTION) is not None and session.exitstatus == OK:
        # A share is asked for that cannot be found out.
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Tell what the tests went."""
    if (works := _coverage(config)) is not None:
        works.tell_coverage(terminalreporter, config)
    elif covers(config):
        terminalreporter.section("journey coverage")
        terminalreporter.line(f"it is not known what the tests went: {clash(COMMAND)}")


def _coverage(config: pytest.Config) -> Any:
    """What works, where it is wanted what the tests went and `studio` is ours."""
    if not covers(config) or clash(COMMAND) is not None:
        return None
    from studio.testing import plugin

    return plugin
