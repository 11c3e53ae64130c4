"""The engine's hand on its clock: pause, speed, jumps, and the entries that tell of them.

The runner asks it whether time is moved just now, and hands it each turn of a jump.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple

from studio.clocks.adjustable_clock import SPEEDS, JumpState, StudioClock, reading
from studio.clocks.clock import LAST_MOMENT, Clock, VirtualClock, iso
from studio.engine.work.batch import Batch
from studio.engine.work.commit_hooks import CommitHook
from studio.engine.work.futures import answer, refuse
from studio.engine.work.jump import Jump, JumpEnd, JumpProgress
from studio.errors import ClockError, StoreError
from studio.kernel.ports import Part
from studio.language.kinds import Kind
from studio.store.sqlite import Store
from studio.text import json_text as jsontext

_log = logging.getLogger("studio")

JUMP_BATCH = 1000
"""Deadlines in one transaction of a jump: it can be stopped between two."""
JUMP_SECONDS = 0.1
"""How long one of its batches may take: long enough to be worth a commit, short for who wants to stop it."""
COUNT_SECONDS = 0.25
"""The shortest time between two counts of the deadlines that are left."""


class ClockTurn(NamedTuple):
    """What is left to do after the clock was turned."""

    say: Callable[[Batch, int], None]
    """Writes the entry, as part of a batch."""
    take_back: Callable[[], None]
    """For when no batch came to write it: the clock goes on as before."""


class ClockControl(CommitHook):
    """What can be done with the clock of one engine."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.studio = clock if isinstance(clock, StudioClock) else None
        self.jump: Jump | None = None
        """The one that is under way."""
        self._asked: Jump | None = None
        self._lock = threading.Lock()

    @property
    def moved(self) -> bool:
        """Time is moved by hand just now: steps hold it, and deadlines are never late."""
        return self.clock.virtual or self.jump is not None

    def seconds_until(self, due: int) -> float | None:
        """Real seconds until a deadline has passed; None while no time passes."""
        if self.studio is not None:
            return self.studio.seconds_until(due + 1)
        return max(0.0, (due + 1 - self.clock.now()) / 1000)

    def late(self, due: int) -> int:
        """Real milliseconds since a deadline."""
        return self.studio.late(due) if self.studio is not None else max(0, self.clock.now() - due)

    def hold(self, steps: bool) -> None:
        """Whether steps run: a faster clock waits for them."""
        if self.studio is not None:
            self.studio.hold(steps)

    def begin(self, batch: Batch, part: Part) -> None:
        """A batch that moves time begins: should it come to nothing, time stands where it stood."""
        clock = self.clock
        if self.moved and isinstance(clock, VirtualClock | StudioClock):
            batch.take_backs.append(partial(clock.turn_back, clock.now()))

    # -- pause, run, speed -----------------------------------------------------------------

    def turn(self, facts: dict[str, Any]) -> ClockTurn | None:
        """Pause it, let it run or set its speed; gives what is left to do, None when it stood so.

        Takes hold at once, also while the engine is busy with a batch.

        Raises:
            ClockError: the engine's clock is not for turning.
        """
        clock = self.studio
        if clock is None:
            raise _refusal(self.clock)
        course, before = clock.course(), clock.reading()
        _turn(clock, facts)
        if clock.reading() == before:
            return None

        def say(batch: Batch, at: int) -> None:
            # Once more: a batch that came to nothing has taken it back.
            _turn(clock, facts)
            batch.take_backs.append(take_back)
            _append(batch, at, {"from": at, "to": at, **facts})

        def take_back() -> None:
            clock.resume(course)

        return ClockTurn(say, take_back)

    # -- jumps -----------------------------------------------------------------------------

    @property
    def next_jump(self) -> Jump | None:
        """The jump that is under way, or that is to begin."""
        return self.jump or self._asked

    def ask_jump(
        self, to: int, progress: Callable[[JumpProgress], None] | None, inbox: int | None = None
    ) -> Future[JumpEnd]:
        """Ask for a jump; it begins with the next turn.

        Args:
            inbox: the row of the inbox that asks for it.

        Raises:
            ClockError: the clock is not for moving, the moment is over, or a jump is under way.
        """
        if self.studio is None and not self.clock.virtual:
            raise _refusal(self.clock)
        now = self.clock.now()
        # On a fast clock the moment that someone saw ahead may just have passed.
        slack = 2000 * (self.studio.reading().speed if self.studio is not None else 0)
        to = max(to, now) if to > now - slack else to
        if not now <= to <= LAST_MOMENT:
            what = f"{iso(max(to, 0))} is over" if to < now else "that is too far away"
            raise ClockError(what, fix="Time goes forward only, and ends with the year 9999.")
        jump = Jump(to, progress, inbox)
        with self._lock:
            if self.next_jump is not None:
                raise ClockError("a jump is under way", fix="Stop it, or wait for its end.")
            self._asked = jump
        return jump.future

    def withdraw_jump(self) -> None:
        """The batch that asked for it came to nothing: it is asked for once more, by its row of the inbox."""
        with self._lock:
            self._asked = None

    def stop_jump(self) -> bool:
        """Let a jump end where it has come to. False when there is none."""
        with self._lock:
            jump = self.next_jump
            if jump is not None:
                jump.stop = True
            return jump is not None

    def fail(self, error: BaseException) -> None:
        """The engine ends, or cannot go on with it."""
        with self._lock:
            jumps, self.jump, self._asked = (self.jump, self._asked), None, None
        if self.studio is not None:
            self.studio.lead(None)
        for jump in jumps:
            if jump is not None:
                refuse(jump.future, error)

    def begin_jump(self, store: Store) -> None:
        """Begin the jump that is asked for, between two turns."""
        with self._lock:
            if self._asked is None:
                return
            self.jump, self._asked = self._asked, None
        jump = self.jump
        jump.clock, jump.since = self.clock.state(), store.next_seq
        jump.start = self.clock.now()
        jump.began = time.monotonic()
        jump.to = max(jump.to, jump.start)
        self._count(store, jump)
        if self.studio is not None:
            self.studio.lead(JumpState(jump.start, jump.to, 0, jump.total, jump.start))

    def goal(self, busy: bool) -> int | None:
        """Up to which moment time may be led in this turn; None when it must stand.

        Args:
            busy: steps or questions from before the jump are still under way; they hold the clock.
        """
        jump = self.jump
        if jump is None:
            return None
        if jump.stop:
            return self.clock.now()
        return None if busy else jump.to

    def enough(self, began: float) -> bool:
        """Whether a batch of a jump is to be written now, before the next deadline is served.

        Args:
            began: `time.monotonic()` at its start.
        """
        jump = self.jump
        return jump is not None and (jump.stop or time.monotonic() - began > JUMP_SECONDS)

    def arrive(self, batch: Batch, at: int) -> JumpEnd:
        """Write that the goal of this jump was come to."""
        jump = self.jump
        assert jump is not None
        end = jump.end(at)
        facts: dict[str, Any] = {
            "from": jump.start,
            "to": at,
            "deadlines": jump.served + jump.serving,
            "took": round(end.took * 1000),
        }
        if end.stopped:
            facts["stopped"] = True
        _append(batch, at, facts)
        return end

    def lead_on(self, ends: bool) -> None:
        """Let the state that is written say how the clock stands after this batch."""
        jump = self.jump
        if jump is not None and self.studio is not None:
            served = jump.served + jump.serving
            state = JumpState(jump.start, jump.to, served, max(jump.total, served), self.clock.now())
            self.studio.lead(None if ends else state)

    def tell_jump(self, store: Store, steps: int, end: JumpEnd | None) -> None:
        """A batch of it is durable: tell how far it has come, or that it is there."""
        jump = self.jump
        if jump is None:
            return
        jump.served += jump.serving
        jump.left = max(0, jump.left - jump.serving)
        jump.serving = 0
        if time.monotonic() - jump.counted > COUNT_SECONDS:
            self._count(store, jump)
        if jump.progress is not None:
            try:
                jump.progress(JumpProgress(jump.served, jump.total, self.clock.now(), jump.to, steps))
            except Exception:
                # Whoever looks on is a guest in the engine's thread, and may not end it.
                _log.exception("a function given to jump failed")
        if end is not None:
            with self._lock:
                self.jump = None
            answer(jump.future, jump.end(end.at))

    def _count(self, store: Store, jump: Jump) -> None:
        jump.counted = time.monotonic()
        # Only shown: what cannot be counted now is counted later.
        with suppress(StoreError):
            jump.left = store.count_due(jump.to)


def _turn(clock: StudioClock, facts: dict[str, Any]) -> None:
    match facts:
        case {"paused": True}:
            clock.pause()
        case {"paused": False}:
            clock.run()
        case {"speed": int(speed)} if speed in SPEEDS and not isinstance(speed, bool):
            clock.set_speed(speed)
        case _:
            fix = f"Use one of {', '.join(str(each) for each in SPEEDS)}."
            raise ClockError(f"there is no speed {facts.get('speed')!r}", fix=fix)


def interrupted(batch: Batch, state: dict[str, Any], now: int) -> None:
    """Write that a jump was cut short by the end of its engine."""
    jump = reading(state).jump
    assert jump is not None
    facts = {"from": jump.start, "to": int(state["at"]), "deadlines": jump.served, "interrupted": True}
    _append(batch, now, facts)


def _append(batch: Batch, at: int, facts: dict[str, Any]) -> None:
    batch.unit.append(at, Kind.CLOCK_MOVED, None, None, data=jsontext.dumps(facts))


def _refusal(clock: Clock) -> ClockError:
    if clock.virtual:
        return ClockError(
            "a virtual clock has no speed and stands still between moves", fix="Move it by forward or jump."
        )
    return ClockError(
        "this engine runs in real time, which nobody can pause or move",
        fix="Give the engine clock=StudioClock().",
        advice="move the clock",
    )
