"""What a case of the conformance list is made of: journeys, a script, and the history it must give.

A history is text, a line an entry, written by hand from the rules of DESIGN §5:

    +0s event signup                        from outside; "from welcome/u" when a journey sent it
    +0s journey.started
    +0s wait.opened activated#0 7d          key, match, timeout
    +7d wait.timeout activated#0
    +7d journey.completed {"ok":false}

With more than one journey each line names its own behind the time, with more than one
user each event names its own as @user. "…" in a line stands for any text: what DESIGN
leaves to the wording. Lines that are the very same again and again are one, "(many)".
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from studio.language.definition import Workflow

BY_USER = ("partitions", "packed partitions", "computed twice", "turns alone")
"""Ways in which each user is by itself: histories are comparable within one user only (DESIGN rule 6)."""


@dataclass(frozen=True, slots=True)
class Send:
    """An event comes."""

    event: str
    data: Mapping[str, Any] | None = None
    user: str | Mapping[str, Any] = "u"
    id: str | None = None
    after: str | None = None
    """How long after what stands before it; it beats deadlines of its own moment."""
    sent_at: int | None = None


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Another process adds an event to the inbox."""

    event: str
    data: Mapping[str, Any] | None = None
    user: str = "u"


@dataclass(frozen=True, slots=True)
class Forward:
    """Time passes, deadlines at its end included."""

    by: str


@dataclass(frozen=True, slots=True)
class Down:
    """The engine is stopped, time passes, and it is started again."""

    by: str


@dataclass(frozen=True, slots=True)
class Kill:
    """The process is killed while a step that called `gate.enter` runs, and started again."""


@dataclass(frozen=True, slots=True)
class Cancel:
    """The operator ends a journey."""

    journey: str


@dataclass(frozen=True, slots=True)
class Resume:
    """The operator drives a failed journey again."""

    journey: str


@dataclass(frozen=True, slots=True)
class Restart:
    """The operator begins a journey anew."""

    journey: str


@dataclass(frozen=True, slots=True)
class Pause:
    """The operator lets a workflow stand still."""

    workflow: str


@dataclass(frozen=True, slots=True)
class Unpause:
    """The operator lets a workflow go on."""

    workflow: str
    skip_late: str | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """Something outside changes: the world that steps look at."""

    function: Callable[[], object]


Op = Send | Elsewhere | Forward | Down | Kill | Cancel | Resume | Restart | Pause | Unpause | Call


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One small story."""

    name: str
    """A sentence that says the rule."""
    workflows: tuple[Workflow, ...]
    script: tuple[Op, ...]
    history: str
    not_by: Mapping[str, str] = field(default_factory=dict)
    """Ways that it cannot go, with the reason."""
    killed: bool = False
    """Also played by real processes that SIGKILL ends, one for each act."""
    elsewhere: tuple[Mapping[str, Any], ...] = ()
    """Events that `check_event` knows: user, name, data, id."""
    seed: str | None = None
    """What is drawn from, where the history shows a draw."""

    @property
    def lines(self) -> list[str]:
        """The history, a line an entry."""
        return [line.strip() for line in self.history.strip().splitlines()]

    def __repr__(self) -> str:
        return f"<Case {self.name}>"


class Gate:
    """Where a step hangs until its process is killed."""

    def __init__(self) -> None:
        self.arm(0)

    def arm(self, kills: int) -> None:
        """Let the next so many steps hang."""
        self._left = kills
        self.entered = threading.Event()
        self._opened = threading.Event()

    def enter(self) -> None:
        """Called by a step: goes on at once when it is not to be killed."""
        if self._left == 0:
            return
        self._left -= 1
        opened = self._opened
        self.entered.set()
        opened.wait(60)

    def open(self) -> None:
        """What hung in the process that is gone ends, so that no thread is left behind."""
        self._opened.set()
        self.entered, self._opened = threading.Event(), threading.Event()


gate = Gate()
