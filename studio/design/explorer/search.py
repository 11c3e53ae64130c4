"""All ways through a workflow, within bounds that are told.

A way is gone from its beginning to its end, with an outcome for each decision; each other
outcome of a decision is a way of its own, still to be gone. They are kept in a queue, so that
ways with few turns off the first one come first: when a bound is reached, what was seen is
spread over the whole tree. Nothing is kept of a way but its moves.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from contextvars import copy_context
from dataclasses import dataclass, field
from functools import lru_cache

from studio.design.explorer.lines import Lines, Statement, catches_failure
from studio.design.explorer.samples import Samples
from studio.design.explorer.walker import Walker
from studio.design.explorer.ways import Impossible, Way, WayEnd
from studio.engine.effects import capture
from studio.engine.work.watchdog import any_blocks, give_up, hung
from studio.kernel.drive import Abandoned, Failed
from studio.language.commands import Place
from studio.language.definition import Workflow

START = 1_767_225_600_000
"""When an explored journey begins, 2026-01-01 UTC: the same each time, so that the ways are."""
MOST_MOVES = 200_000
"""Moves of all ways together, which bounds the memory."""
LOOK_SECONDS = 0.02
END_SECONDS = 0.2
"""How long a thread that is given up has to end."""
BOUNDS = ("depth", "paths", "seconds", "moves", "lines")
"""What may be cut. "lines": a path blocks, and what lines no path reaches is not known."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far the explorer goes."""

    depth: int = 10
    """Decisions on one way."""
    paths: int = 1_000
    seconds: float = 5.0
    hang_after: float = 1.0
    """Seconds that the function may run without an await."""


@dataclass(slots=True)
class Exploration:
    """All ways that were found."""

    workflow: Workflow
    bounds: Bounds
    ways: list[Way]
    """In the order of their decisions."""
    truncated: list[str]
    """Which of `BOUNDS` were reached."""
    unreached: list[Statement]
    """Statements that no way came to."""
    impossible: list[Impossible]
    """Waits that no event can end."""
    seconds: float
    samples: Samples = field(default_factory=Samples)


def explore(
    workflow: Workflow,
    samples: Samples | None = None,
    *,
    bounds: Bounds | None = None,
    failures: bool = False,
    start: int = START,
) -> Exploration:
    """Go all ways through a workflow's function.

    Args:
        samples: what events carry and steps give; what no sample says is taken from `match`.
        failures: try also the failure of each step; without it, of those that stand in a `try`.
        start: when the journey begins, milliseconds since 1970.
    """
    began = time.monotonic()
    search = _Search(workflow, samples or Samples(), bounds or Bounds(), failures, start)
    capture.install()
    try:
        search.run()
    finally:
        capture.uninstall()
    ways = sorted(search.ways, key=lambda way: way.choices)
    if any(way.end.kind in ("bound reached", "never ends") for way in ways):
        search.truncated.add("depth")
    if not search.traces:
        search.truncated.add("lines")
    impossible: dict[tuple[str, str], Impossible] = {}
    for way in ways:
        for each in way.impossible:
            impossible.setdefault((each.line, each.name), each)
    return Exploration(
        workflow,
        search.bounds,
        ways,
        [bound for bound in BOUNDS if bound in search.truncated],
        search.lines.unreached(workflow) if search.traces else [],
        list(impossible.values()),
        time.monotonic() - began,
        search.samples,
    )


class _Search:
    """Goes the ways in a thread of its own, and replaces the thread when the function hangs in it."""

    def __init__(
        self, workflow: Workflow, samples: Samples, bounds: Bounds, failures: bool, start: int
    ) -> None:
        self.workflow = workflow
        self.samples = samples
        self.bounds = bounds
        self.ways: list[Way] = []
        self.truncated: set[str] = set()
        self.lines = Lines(self._leaving)
        self.traces = True
        """False from when a thread blocks: which lines are run is not known any more."""
        self._failures = failures
        self._moves = 0
        self._until = time.monotonic() + bounds.seconds
        self._lock = threading.Lock()
        self._hand: _Hand | None = None
        first = Walker(
            workflow,
            samples,
            depth=bounds.depth,
            may_fail=lru_cache(maxsize=None)(self._asks_for_failure),
            start=start,
            seconds=bounds.seconds,
        )
        self._todo: deque[tuple[tuple[int, ...], Walker, bool]] = deque([((), first, False)])
        """Choices, what stands where the last is to be made, and whether others go on from there, too."""

    def run(self) -> None:
        """Go all ways."""
        while self._todo:
            hand = self._hand = _Hand(self)
            hand.thread.start()
            while hand.thread.is_alive() and not self._hangs(hand):
                hand.thread.join(LOOK_SECONDS)
            if hand.error is not None:
                raise hand.error
            if not hand.given_up and not hand.thread.is_alive():
                break

    def _hangs(self, hand: _Hand) -> bool:
        """Whether the thread is given up: its way ends where it hangs."""
        walker = hand.walker
        if walker is None or time.monotonic() - hand.pulse < self.bounds.hang_after:
            return False
        with self._lock:
            if hand.walker is not walker or time.monotonic() - hand.pulse < self.bounds.hang_after:
                return False
            hand.given_up = True
        failed = hung(hand.thread, self.bounds.hang_after)
        give_up(hand.thread)
        hand.thread.join(END_SECONDS)
        self._take(walker.cut(_hanging(failed)), hand.choices, walker.forks)
        return True

    def go(self, hand: _Hand) -> None:
        """Go the ways that are left; in the hand's thread."""
        while self._todo and self._may_go_on():
            hand.choices, fork, is_shared = self._todo.popleft()
            if any_blocks():
                self.traces = False
            walker = fork.fork() if is_shared else fork
            hand.beat()
            hand.walker = walker
            trace = self.lines.trace if self.traces else _trace_nothing
            way = walker.walk(hand.choices, hand.beat, trace, keep_forks=self._is_open(1))
            with self._lock:
                hand.walker = None
                if hand.given_up:
                    return
            self._take(way, hand.choices, walker.forks)

    def _may_go_on(self) -> bool:
        if time.monotonic() > self._until:
            self.truncated.add("seconds")
        elif len(self.ways) >= self.bounds.paths:
            self.truncated.add("paths")
        elif self._moves > MOST_MOVES:
            self.truncated.add("moves")
        else:
            return True
        self._todo.clear()
        return False

    def _take(self, way: Way, choices: tuple[int, ...], forks: list[Walker]) -> None:
        """Keep a way, and what turns off it.

        Args:
            forks: what stands at each decision beyond `choices`.
        """
        self.ways.append(way)
        self._moves += len(way.moves)
        for at in range(len(choices), len(way.widths)):
            for other in range(way.choices[at] + 1, way.widths[at]):
                if not self._is_open():
                    self.truncated.add("paths")
                    return
                is_shared = other + 1 < way.widths[at]
                self._todo.append(((*way.choices[:at], other), forks[at - len(choices)], is_shared))

    def _is_open(self, going: int = 0) -> bool:
        """Whether what turns off a way may still be gone.

        Args:
            going: ways that are being gone.
        """
        return len(self.ways) + going + len(self._todo) < self.bounds.paths

    def _asks_for_failure(self, place: Place) -> bool:
        return self._failures or catches_failure(*place)

    def _leaving(self) -> bool:
        hand = self._hand
        journey = hand.walker.journey if hand is not None and hand.walker is not None else None
        return journey is None or journey._closing


class _Hand:
    """A thread that goes ways."""

    def __init__(self, search: _Search) -> None:
        self.choices: tuple[int, ...] = ()
        self.walker: Walker | None = None
        """The way that is gone now."""
        self.pulse = time.monotonic()
        """When the function last asked for something."""
        self.given_up = False
        self.error: BaseException | None = None
        self._search = search
        context = copy_context()
        self.thread = threading.Thread(target=context.run, args=(self._run,), name="explorer", daemon=True)

    def beat(self) -> None:
        """The function has come back to ask for something."""
        if self.given_up:
            raise Abandoned
        self.pulse = time.monotonic()

    def _run(self) -> None:
        try:
            self._search.go(self)
        except Abandoned:
            return
        except BaseException as error:
            if not self.given_up:
                self.error = error


def _trace_nothing(on: bool) -> None:
    """In place of `Lines.trace`."""


def _hanging(failed: Failed) -> WayEnd:
    return WayEnd("failed", failed.message, failed.line)
