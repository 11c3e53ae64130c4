"""Event files as tests: one that says what it expects is one test."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from studio.errors import StudioError
from studio.events.event_files import first_seed
from studio.events.expectations import EXPECT
from studio.testing.checked_play import play_and_check
from studio.testing.loop_thread import LoopThread
from studio.testing.replays import replay_always
from studio.testing.verbs import Source


class NotAsExpected(Exception):
    """What came of an event file is not what it expects; the text says what, with a diff."""


def expects(path: Path) -> bool:
    """Whether a file has a line that expects something; other event files are data, and no tests."""
    mark = f'"{EXPECT}"'.encode()
    with path.open("rb") as lines:
        return any(mark in line and _is_expectation(line) for line in lines)


def _is_expectation(line: bytes) -> bool:
    try:
        fields = json.loads(line)
    except ValueError:
        # A line that is nearly an expectation is to fail, not to be left out.
        return not line.lstrip().startswith(b"#")
    return isinstance(fields, dict) and EXPECT in fields


class EventFile(pytest.File):
    """An event file that is collected."""

    workflows: Callable[[], Iterable[Source]]
    seed: str | None
    """What to draw from instead of what the file carries."""
    usual: str | None
    """What to draw from where the file carries nothing."""

    def collect(self) -> Iterator[pytest.Item]:
        """The one test that it is."""
        item: EventFileTest = EventFileTest.from_parent(self, name="expected")
        item.workflows, item.seed, item.usual = self.workflows, self.seed, self.usual
        yield item


class EventFileTest(pytest.Item):
    """Plays an event file, and holds its expectations against what comes."""

    workflows: Callable[[], Iterable[Source]]
    seed: str | None
    usual: str | None

    def runtest(self) -> None:
        """Play it."""
        lines = self.path.read_bytes().splitlines()
        name = self._name
        seed = self.seed or first_seed(lines, name) or self.usual
        with LoopThread() as loop:
            playing = play_and_check(
                lines, self.workflows(), name=name, replay_always=replay_always(), seed=seed
            )
            done = loop.run(playing)
        if done.mismatch is not None:
            raise NotAsExpected(str(done.mismatch))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The text alone: the lines of our own code say nothing about the journey."""
        if isinstance(excinfo.value, NotAsExpected | StudioError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where it stands."""
        return self.path, None, self._name

    @property
    def _name(self) -> str:
        root = self.config.rootpath
        return str(self.path.relative_to(root) if root in self.path.parents else self.path)
