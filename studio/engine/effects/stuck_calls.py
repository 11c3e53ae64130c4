"""What was called and does not come back: which step or hook, for how long, and where it stands."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable
from types import FrameType
from typing import Any, Protocol

from studio.clocks.clock import wall_ms
from studio.engine.work.batch import Batch
from studio.engine.work.commit_hooks import CommitHook
from studio.kernel.drive import suspended_frames
from studio.store.stuck import MOST, STUCK, StuckCall, stuck_text
from studio.text.source_code import is_library

AFTER = 10.0
"""Seconds after which a step or a hook that has not come back is named."""
EVERY = 1.0
"""Seconds between two looks."""


class OpenCall(Protocol):
    """A step's or a hook's function that was called."""

    @property
    def kind(self) -> str:
        """ "step", "check_event" or "set_event"."""

    @property
    def name(self) -> str:
        """The step's name, or whom or what a hook was called for."""

    @property
    def journey(self) -> str:
        """The step's journey; "" for a hook."""

    began: float | None
    """`time.monotonic()`; None before it was called."""
    thread: int
    """The ident of the thread in which it was called."""
    coroutine: Any
    """What it gave, while that is awaited."""


class StuckCalls(CommitHook):
    """Those of one engine, and what its store says of them.

    Args:
        calls: who knows of open calls: steps, hooks.
    """

    def __init__(self, *calls: Callable[[], Iterable[OpenCall]]) -> None:
        self._calls = calls
        self._looked = time.monotonic()
        self._found: list[OpenCall] = []
        self._stored: list[OpenCall] = []
        self._new: list[OpenCall] | None = None

    def find(self) -> list[StuckCall]:
        """Calls that have not come back for `AFTER` seconds, the oldest first."""
        return [_stuck_call(call) for call in self._find()]

    def _find(self) -> list[OpenCall]:
        """Looks once a second, however often it is asked: tens of thousands of steps may run."""
        now = time.monotonic()
        if now - self._looked > EVERY:
            self._looked = now
            self._found = self._look(now - AFTER)
        return self._found

    def _look(self, before: float) -> list[OpenCall]:
        calls = [call for ask in self._calls for call in ask()]
        stuck = [(call.began, call) for call in calls if call.began is not None and call.began < before]
        return [call for _, call in sorted(stuck, key=lambda pair: pair[0])]

    def has_changed(self) -> bool:
        """Whether the store is to be told otherwise than it was."""
        # The same calls are no news, wherever they stand now.
        if self._new is None and (found := self._find()[:MOST]) != self._stored:
            self._new = found
        return self._new is not None

    def before_commit(self, batch: Batch) -> None:
        """Let a batch write it beside its own, when anything has changed."""
        if self.has_changed():
            batch.unit.changes.meta.append(
                (STUCK, stuck_text([_stuck_call(call) for call in self._new or ()]))
            )

    def after_commit(self, batch: Batch) -> None:
        """The batch that had it is durable."""
        if self._new is not None:
            self._stored, self._new = self._new, None


def _stuck_call(call: OpenCall) -> StuckCall:
    long = time.monotonic() - (call.began or 0.0)
    return StuckCall(call.kind, call.name, call.journey, wall_ms() - round(long * 1000), stand(call))


def stand(call: OpenCall) -> str:
    """Where a call stands at this moment, in the author's own code: "mail.py:20"; "" when it is not known."""
    frames: Iterable[FrameType]
    if hasattr(call.coroutine, "cr_frame"):
        # Its thread is shared with others.
        frames = reversed(list(suspended_frames(call.coroutine)))
    else:
        frames = _outwards(sys._current_frames().get(call.thread))
    for frame in frames:
        if not is_library(frame.f_code.co_filename):
            return f"{os.path.basename(frame.f_code.co_filename)}:{frame.f_lineno}"
    return ""


def _outwards(frame: FrameType | None) -> Iterable[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back
