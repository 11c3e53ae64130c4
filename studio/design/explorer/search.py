"""All paths through a workflow, within bounds that are told.

A path is gone from its beginning to its end, with an outcome for each decision; each other
outcome of a decision is a path of its own, still to be gone. They are kept in a queue, so that
paths with few turns off the first one come first: when a bound is reached, what was seen is
spread over the whole tree. Nothing is kept of a path but its steps.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from contextvars import copy_context
from dataclasses import dataclass, field
from functools import lru_cache

from studio.design.explorer.explored_path import ExploredPath, Impossible, PathEnd
from studio.design.explorer.lines import Lines, Statement, catches_failure
from studio.design.explorer.samples import Samples
from studio.design.explorer.walker import Walker
from studio.engine.effects import capture
from studio.engine.work.watchdog import any_blocks, give_up, hung
from studio.kernel.drive import Abandoned, Failed
from studio.language.commands import Place
from studio.language.definition import Workflow

START = 1_767_225_600_000
"""When an explored journey begins, 2026-01-01 UTC: the same each time, so that the paths are."""
MOST_STEPS = 200_000
"""Steps of all paths together, which bounds the memory."""
LOOK_SECONDS = 0.02
END_SECONDS = 0.2
"""How long a thread that is given up has to end."""
BOUNDS = ("depth", "paths", "seconds", "moves", "lines")
"""What may be cut. "lines": a path blocks, and what lines no path reaches is not known."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far the explorer goes."""

    depth: int = 10
    """Decisions on one path."""
    paths: int = 1_000
    seconds: float = 5.0
    hang_after: float = 1.0
    """Seconds that the function may run without an await."""


@dataclass(slots=True)
class Exploration:
    """All paths that were found."""

    workflow: Workflow
    bounds: Bounds
    paths: list[ExploredPath]
    """In the order of their decisions."""
    truncated: list[str]
    """Which of `BOUNDS` were reached."""
    unreached: list[Statement]
    """Statements that no path came to."""
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
    """Go all paths through a workflow's function.

    Args:
        samples: what events carry and steps give; what no sample says is taken from `match`.
        failures: try also the failure of each step; without it, of those that stand in a `try`.
        start: when the journey begins, milliseconds since 1970.
    """
    began = time.monotonic()
    samples = samples or Samples()
    samples.add_types([workflow])
    search = _Search(workflow, samples, bounds or Bounds(), failures, start)
    capture.install()
    try:
        search.run()
    finally:
        capture.uninstall()
    paths = sorted(search.paths, key=lambda path: path.choices)
    if any(path.end.kind in ("bound reached", "never ends") for path in paths):
        search.truncated.add("depth")
    if not search.traces:
        search.truncated.add("lines")
    impossible: dict[tuple[str, str], Impossible] = {}
    for path in paths:
        for each in path.impossible:
            impossible.setdefault((each.line, each.name), each)
    return Exploration(
        workflow,
        search.bounds,
        paths,
        [bound for bound in BOUNDS if bound in search.truncated],
        search.lines.unreached(workflow) if search.traces else [],
        list(impossible.values()),
        time.monotonic() - began,
        search.samples,
    )


class _Search:
    """Goes the paths in a thread of its own, and replaces the thread when the function hangs in it."""

    def __init__(
        self, workflow: Workflow, samples: Samples, bounds: Bounds, failures: bool, start: int
    ) -> None:
        self.workflow = workflow
        self.samples = samples
        self.bounds = bounds
        self.paths: list[ExploredPath] = []
        self.truncated: set[str] = set()
        self.lines = Lines(self._leaving)
        self.traces = True
        """False from when a thread blocks: which lines are run is not known any more."""
        self._failures = failures
        self._steps = 0
        self._until = time.monotonic() + bounds.seconds
        self._lock = threading.Lock()
        self._worker: _Worker | None = None
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
        """Go all paths."""
        while self._todo:
            worker = self._worker = _Worker(self)
            worker.thread.start()
            while worker.thread.is_alive() and not self._hangs(worker):
                worker.thread.join(LOOK_SECONDS)
            if worker.error is not None:
                raise worker.error
            if not worker.given_up and not worker.thread.is_alive():
                break

    def _hangs(self, worker: _Worker) -> bool:
        """Whether the thread is given up: its path ends where it hangs."""
        walker = worker.walker
        if walker is None or time.monotonic() - worker.last_heartbeat < self.bounds.hang_after:
            return False
        with self._lock:
            if (
                worker.walker is not walker
                or time.monotonic() - worker.last_heartbeat < self.bounds.hang_after
            ):
                return False
            worker.given_up = True
        failed = hung(worker.thread, self.bounds.hang_after)
        give_up(worker.thread)
        worker.thread.join(END_SECONDS)
        self._take(walker.cut(_hanging(failed)), worker.choices, walker.forks)
        return True

    def go(self, worker: _Worker) -> None:
        """Go the paths that are left; in the worker's thread."""
        while self._todo and self._may_go_on():
            worker.choices, fork, is_shared = self._todo.popleft()
            if any_blocks():
                self.traces = False
            walker = fork.fork() if is_shared else fork
            worker.heartbeat()
            worker.walker = walker
            trace = self.lines.trace if self.traces else _trace_nothing
            path = walker.walk(worker.choices, worker.heartbeat, trace, keep_forks=self._is_open(1))
            with self._lock:
                worker.walker = None
                if worker.given_up:
                    return
            self._take(path, worker.choices, walker.forks)

    def _may_go_on(self) -> bool:
        if time.monotonic() > self._until:
            self.truncated.add("seconds")
        elif len(self.paths) >= self.bounds.paths:
            self.truncated.add("paths")
        elif self._steps > MOST_STEPS:
            self.truncated.add("moves")
        else:
            return True
        self._todo.clear()
        return False

    def _take(self, path: ExploredPath, choices: tuple[int, ...], forks: list[Walker]) -> None:
        """Keep a path, and what turns off it.

        Args:
            forks: what stands at each decision beyond `choices`.
        """
        self.paths.append(path)
        self._steps += len(path.steps)
        for at in range(len(choices), len(path.widths)):
            for other in range(path.choices[at] + 1, path.widths[at]):
                if not self._is_open():
                    self.truncated.add("paths")
                    return
                is_shared = other + 1 < path.widths[at]
                self._todo.append(((*path.choices[:at], other), forks[at - len(choices)], is_shared))

    def _is_open(self, going: int = 0) -> bool:
        """Whether what turns off a path may still be gone.

        Args:
            going: paths that are being gone.
        """
        return len(self.paths) + going + len(self._todo) < self.bounds.paths

    def _asks_for_failure(self, place: Place) -> bool:
        return self._failures or catches_failure(*place)

    def _leaving(self) -> bool:
        worker = self._worker
        journey = worker.walker.journey if worker is not None and worker.walker is not None else None
        return journey is None or journey._closing


class _Worker:
    """A thread that goes paths."""

    def __init__(self, search: _Search) -> None:
        self.choices: tuple[int, ...] = ()
        self.walker: Walker | None = None
        """The path that is gone now."""
        self.last_heartbeat = time.monotonic()
        """When the function last asked for something."""
        self.given_up = False
        self.error: BaseException | None = None
        self._search = search
        context = copy_context()
        self.thread = threading.Thread(target=context.run, args=(self._run,), name="explorer", daemon=True)

    def heartbeat(self) -> None:
        """The function has come back to ask for something."""
        if self.given_up:
            raise Abandoned
        self.last_heartbeat = time.monotonic()

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


def _hanging(failed: Failed) -> PathEnd:
    return PathEnd("failed", failed.message, failed.line)
