"""What the engine's thread is at, as others see it; and whose what is said there is."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

import pytest

from studio.engine.work.drive_monitor import ThreadMonitor
from studio.engine.work.log_lines import LogLine


def speaker(**more: Any) -> Any:
    """A journey, as far as the monitor looks at it."""
    said: list[str] = []

    def say(level: str, message: str, place: Any) -> bool:
        said.append(f"{level} {message}")
        return message != "again"

    return SimpleNamespace(id="w/ada", said=said, _say=say, _live=True, _closing=False, **more)


def test_the_longest_drive_is_kept_with_its_journey(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("studio.engine.work.drive_monitor.time.monotonic", lambda: now)
    monitor = ThreadMonitor()
    for seconds in (1.0, 3.0, 2.0):
        monitor.begin(speaker(), 7)
        assert monitor.journey == 7
        now += seconds
        assert monitor.is_hanging(seconds)
        assert not monitor.is_hanging(seconds + 0.1)
        assert monitor.over() == seconds
    assert (monitor.longest, monitor.slowest) == (3.0, "w/ada")
    assert not monitor.is_hanging(0.0)


def test_what_is_said_is_the_driven_journeys() -> None:
    monitor = ThreadMonitor()
    assert not monitor.hear("info", "nobodys", ("x.py", 1), None)
    journey = speaker()
    monitor.begin(journey, 7)
    assert monitor.hear("info", "mine", ("x.py", 1), None)
    # While it is replayed, or left, it says nothing; and it is nobody else's.
    journey._live = False
    assert monitor.hear("info", "replayed", ("x.py", 1), None)
    journey._live, journey._closing = True, True
    assert monitor.hear("info", "left", ("x.py", 1), None)
    assert journey.said == ["info mine"]


def test_lines_for_the_applications_handlers_are_kept_once() -> None:
    log = logging.getLogger("studio.test.monitor")
    handler = logging.NullHandler()
    log.addHandler(handler)
    line = LogLine(log, log.makeRecord("x", 30, "x.py", 1, "said", (), None))
    monitor = ThreadMonitor()
    monitor.begin(speaker(), 7)
    monitor.hear("warning", "said", ("x.py", 1), line)
    monitor.hear("warning", "again", ("x.py", 1), line)
    log.removeHandler(handler)
    assert monitor.lines == [line]


def test_the_end_of_a_drive_is_the_end_of_what_was_begun_to_be_said() -> None:
    monitor, flushed = ThreadMonitor(), []
    listener = SimpleNamespace(rest="begun", flush=lambda: flushed.append(monitor.speaker))
    monitor.listener = listener
    journey = speaker()
    monitor.begin(journey, 7)
    monitor.over()
    assert flushed == [journey]
    assert monitor.speaker is None


def test_a_line_that_no_handler_wants_is_not_kept() -> None:
    line: Any = SimpleNamespace(is_wanted=False)
    monitor = ThreadMonitor()
    monitor.begin(speaker(), 7)
    assert monitor.hear("info", "said", ("x.py", 1), line)
    assert monitor.lines == []


def test_where_nothing_was_begun_to_be_said_nothing_is_taken_at_the_end() -> None:
    monitor, flushed = ThreadMonitor(), list[int]()
    monitor.over()
    monitor.listener = SimpleNamespace(rest="", flush=lambda: flushed.append(1))
    monitor.over()
    assert flushed == []


def test_a_thread_that_has_driven_nobody_is_at_nothing() -> None:
    monitor = ThreadMonitor()
    assert not monitor.committing
    assert not monitor.abandoned
    assert not monitor.is_hanging(0.0)
    # Nobody took that time.
    monitor.over()
    assert (monitor.longest, monitor.slowest) == (0.0, "")
