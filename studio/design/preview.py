"""A workflow tried on one made-up user, a step at a time, in virtual time, on a scratch store.

The engine is the real one; the store is a temporary file that nobody else knows, and no step is
run: something stands in for each. An act is an event or a stretch of time. To take one back, the
others are done again on a store that begins as the first did, so that what is computed by chance
or from an id comes out the same.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from studio.clocks.clock import VirtualClock
from studio.design.explorer.samples import USER, Samples, data_folder
from studio.engine.engine import Engine
from studio.errors import StudioError
from studio.events.recording import record, save
from studio.kernel.matching import look_up
from studio.language.definition import Workflow
from studio.language.incoming import Incoming, incoming
from studio.language.names import names
from studio.store.database import open_database
from studio.store.records import Entry, JourneyRow, WaitRow
from studio.store.seed import FIXED
from studio.store.temporary import remove_store, temporary_store
from studio.store.views import Views
from studio.text import json_text as jsontext
from studio.text.private import make_file

HANG_AFTER = 2.0
"""Seconds: somebody looks on."""
MOST_WAITS = 1_000
NAME_CHARS = 48
"""Of a workflow's name in that of a file."""
ENDED = ("completed", "failed", "exited", "cancelled")


@dataclass(frozen=True, slots=True)
class PreviewState:
    """How things stand."""

    now: int
    """Virtual time, milliseconds since 1970."""
    passed_ms: int
    """Since the journey began."""
    waits: list[WaitRow]
    """What is open, the nearest deadline first."""
    journey: JourneyRow | None
    """The one that matters most, where there are several; None when nothing began."""
    last: Entry | None
    """Its newest entry."""

    @property
    def failed(self) -> bool:
        """Whether the journey has failed; `last` says how."""
        return self.journey is not None and self.journey.status == "failed"


@dataclass(frozen=True, slots=True)
class _Until:
    """Time passed up to this moment."""

    at: int


class Preview:
    """One try of a workflow. Its methods take their time, and are called by one thread at a time.

    Args:
        samples: what events carry and steps give, and who the user is.
        start: the moment at which the journey begins, milliseconds since 1970.
        seed: what `random` and `uuid` are drawn from: the same at each try.
    """

    def __init__(self, workflow: Workflow, samples: Samples, start: int, seed: str = FIXED) -> None:
        self.workflow = workflow
        self.samples = samples
        self.user = str(samples.user.get("id", USER))
        self._start = start
        self._seed = seed
        self._key: tuple[str, Any] | None = None
        self._acts: list[Incoming | _Until] = []
        self._engine: Engine | None = None
        self._empty: bytes | None = None
        """The store before anything happened."""
        self._standing = PreviewState(start, 0, [], None, None)

    # -- beginning and end -----------------------------------------------------------------

    def begin(self) -> PreviewState:
        """Send the event that begins the journey, in a scratch store of its own; one from before goes.

        Raises:
            StudioError: there can be no scratch store.
        """
        self.end()
        self._engine = self._launch()
        begins = self.samples.beginning(self.workflow)
        if self.workflow.key is not None:
            self._key = (self.workflow.key, look_up(jsontext.loads(begins.text), self.workflow.key))
        return self._do(begins)

    def end(self) -> None:
        """Throw the scratch store away. Calling it again does nothing."""
        engine, self._engine = self._engine, None
        if engine is not None:
            _discard(engine)

    def _launch(self) -> Engine:
        path = self._new_store()
        engine = Engine(
            self.workflow,
            store=path,
            clock=VirtualClock(self._start),
            durability="normal",
            hang_after=HANG_AFTER,
            stand_in=self._stand_in,
            seed=self._seed,
        )
        try:
            engine.start_now()
        except BaseException:
            remove_store(path)
            raise
        return engine

    def _new_store(self) -> Path:
        path = temporary_store()
        if self._empty is None:
            open_database(path, "normal").close()
            self._empty = path.read_bytes()
        else:
            make_file(path)
            path.write_bytes(self._empty)
        return path

    def _stand_in(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        result = self.samples.step_result(name, function)

        def would_run(*args: Any, **kwargs: Any) -> Any:
            return result

        return would_run

    @property
    def engine(self) -> Engine:
        """What drives the journey.

        Raises:
            StudioError: the try is over.
        """
        if self._engine is None:
            raise StudioError("the try has ended")
        return self._engine

    @property
    def store(self) -> Path:
        """The scratch store: another one after `back`."""
        return self.engine.path

    # -- what can be done ------------------------------------------------------------------

    def wait(self, seq: int) -> WaitRow:
        """The open wait of this entry.

        Raises:
            StudioError: it is over, or it never was a wait.
        """
        found = next((row for row in self._standing.waits if row.seq == seq), None)
        if found is None:
            raise StudioError("it has already ended")
        return found

    def answer_to(self, wait: WaitRow) -> tuple[str, dict[str, Any]]:
        """The event that answers a wait: its name and data.

        Raises:
            StudioError: no event does.
        """
        if wait.kind == "group":
            raise StudioError("several are waited for here: answer one of them")
        if wait.kind != "wait" or not wait.name:
            raise StudioError(f"a {wait.kind} does not wait for an event: x lets its time pass")
        name = self.samples.event_name(names(wait.name.split(", ")))
        return name, self.samples.event_data(name, wait.match, self._key)

    def answer(self, seq: int) -> PreviewState:
        """Send the event that answers a wait."""
        name, data = self.answer_to(self.wait(seq))
        return self._send(name, data)

    def time_out(self, seq: int) -> PreviewState:
        """Let time pass up to the deadline of a wait or sleep, each deadline before it at its own time.

        Raises:
            StudioError: it has none.
        """
        wait = self.wait(seq)
        if (due := self.due_of(wait)) is None:
            raise StudioError(f"{wait.name or wait.kind} has no deadline: only an event ends it")
        return self._do(_Until(due))

    def due_of(self, wait: WaitRow) -> int | None:
        """When time ends a wait, ms since 1970: by its own deadline, or by that of the group it stands in."""
        if wait.due_at is not None:
            return wait.due_at
        around = (
            row.due_at
            for row in self._standing.waits
            if row.kind == "group" and row.journey == wait.journey and row.due_at is not None
        )
        return min(around, default=None)

    def pass_time(self) -> PreviewState:
        """Let time pass up to the nearest deadline.

        Raises:
            StudioError: there is none.
        """
        due = min((row.due_at for row in self._standing.waits if row.due_at is not None), default=None)
        if due is None:
            raise StudioError("there is no deadline: nothing is waiting for a time")
        return self._do(_Until(due))

    def can_go_on(self) -> bool:
        """Whether nothing is open, and another trigger event begins a pass or a journey."""
        standing = self._standing
        if standing.waits or standing.journey is None:
            return False
        ended = standing.journey.status in ENDED
        return not ended or (self.workflow.again and not standing.failed)

    def go_on(self) -> PreviewState:
        """Send the trigger event once more.

        Raises:
            StudioError: that would begin nothing.
        """
        if not self.can_go_on():
            raise StudioError("the journey has ended" if not self._standing.waits else "it still waits")
        return self._send(*self.samples.trigger(self.workflow, self._key))

    def back(self) -> PreviewState:
        """Take the last act back.

        Raises:
            StudioError: there is none but the one that the journey began with.
        """
        before = self.engine
        if len(self._acts) < 2:
            raise StudioError("there is nothing to undo: the journey begins here")
        now = self._launch()
        try:
            for act in self._acts[:-1]:
                asyncio.run(_play(now, act))
        except BaseException:
            _discard(now)
            raise
        self._engine = now
        self._acts.pop()
        _discard(before)
        return self._look()

    def keep(self) -> Path:
        """Write what happened as an event file with expectations, and give its path.

        It is `data/NAME-try-1.jsonl` beside the folder of workflows, or the next number that is free.

        Raises:
            StudioError: it cannot be written.
        """
        with Views(self.store) as views:
            found = record(views, self.user, expect=True)
        folder = data_folder(self.workflow)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StudioError(f"the folder cannot be made: {error.strerror}", where=str(folder)) from error
        name = file_name(self.workflow.name)
        free = (folder / f"{name}-try-{number}.jsonl" for number in count(1))
        path = next(path for path in free if not path.exists())
        save(path, found.lines)
        return path

    # -- doing it --------------------------------------------------------------------------

    def _send(self, name: str, data: dict[str, Any]) -> PreviewState:
        # A moment later: at one and the same an event would come before a deadline and a step's
        # result, and what is kept has only moments to say what came first.
        return self._do(incoming(name, self.user, data, at=self._standing.now + 1))

    def _do(self, act: Incoming | _Until) -> PreviewState:
        asyncio.run(_play(self.engine, act))
        self._acts.append(act)
        return self._look()

    def _look(self) -> PreviewState:
        now = self.engine.clock.now()
        with Views(self.store) as views:
            waits = views.waits(user=self.user, limit=MOST_WAITS)
            side = views.side_by_side(self.user, journeys=1, entries=1)
        last = side.entries[-1] if side.entries else None
        journey = side.journeys[0] if side.journeys else None
        self._standing = PreviewState(now, now - self._start, waits, journey, last)
        return self._standing


async def _play(engine: Engine, act: Incoming | _Until) -> None:
    if isinstance(act, _Until):
        await engine.forward_to(act.at)
    else:
        await engine.ingest_many([act])
    await engine.run_until_idle()


def _discard(engine: Engine) -> None:
    engine.stop_now()
    remove_store(engine.path)


def file_name(name: str) -> str:
    """A workflow's name as a part of a file's: a name is any text, a file's stays in its folder."""
    return re.sub(r"[^\w.-]+", "_", name)[:NAME_CHARS].strip(".") or "journey"
