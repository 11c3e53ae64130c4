"""An engine for tests: in memory, its time moved by hand, with plain verbs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from studio.clocks import durations, moments
from studio.clocks.clock import VirtualClock, to_datetime, to_ms
from studio.engine.engine import Engine
from studio.errors import StudioError
from studio.events.expectations import timeline
from studio.events.named_start import read_start
from studio.language.arguments import Duration
from studio.language.definition import Workflow
from studio.language.event import Event
from studio.language.incoming import Incoming
from studio.language.names import names
from studio.source.loader import collect
from studio.source.project import absolute, working_folder
from studio.store.records import Entry, WaitRow
from studio.store.seed import FIXED
from studio.store.views import Views
from studio.testing import collected
from studio.testing.checked_play import all_entries
from studio.testing.loop_thread import LoopThread
from studio.testing.replays import replay_always
from studio.testing.sent import Sent
from studio.testing.snapshots import Snapshot, compare
from studio.testing.stubs import Stub, Stubs

Source = str | Path | Workflow
ALL_ROWS = 1_000_000


@dataclass(frozen=True, slots=True)
class JourneyState:
    """Where a journey stands."""

    id: str
    user: str
    workflow: str
    status: str
    """waiting, idle, completed, failed, exited or cancelled."""
    result: Any
    """What a completed journey returned."""
    error: str | None
    """What a failed one raised."""
    note: str | None
    waits_for: str | None
    """The event, "sleep", or "step NAME"."""
    passes: int


class Journeys:
    """Runs workflows in memory; each verb returns when nothing is left to do at this moment.

    The engine starts at the first verb.

    Args:
        workflows: a folder, a file, a workflow, or several of these.
        start: the first moment, also as "2026-03-02T09:00"; 2026-01-01 00:00 UTC when not given.
        timezone: of a text without an offset: "Europe/Berlin"; UTC when not given.
        folder: where snapshots are, for `matches_snapshot`.
        write_snapshots: write them anew.
        seed: what `random` and `uuid` are drawn from: the same in each run.
    """

    def __init__(
        self,
        workflows: Source | Iterable[Source] = (),
        *,
        start: datetime | str | None = None,
        timezone: str | None = None,
        folder: Path | None = None,
        write_snapshots: bool = False,
        seed: str = FIXED,
    ) -> None:
        self._workflows = _settled(workflows)
        if isinstance(start, str) or timezone is not None:
            self._clock = VirtualClock(read_start(start, timezone))
        else:
            self._clock = VirtualClock(start)
        self._start = self._clock.now()
        self._folder = folder or working_folder()
        self._write = write_snapshots
        self._seed = seed
        self._stubs = Stubs()
        self._loop: LoopThread | None = None
        self._engine: Engine | None = None
        self._is_covered = False
        self.differences: list[Snapshot] = []
        """Snapshots that differed."""

    # -- before the first event ------------------------------------------------------------

    def load(self, *workflows: Source | Iterable[Source]) -> None:
        """Run these instead: folders, files or workflows.

        Raises:
            StudioError: the engine runs already.
        """
        if self._engine is not None:
            raise StudioError("the journeys have begun", fix="Call load before the first other verb.")
        self._workflows = [each for given in workflows for each in _settled(given)]

    def stub(
        self, step: str, returns: Any = None, *, fails: int | bool = 0, error: Exception | None = None
    ) -> Stub:
        """Let something stand in for the function of a step, from here on.

        Args:
            step: its name; `*` is any run of characters.
            returns: its result, or a function that is called with what the step's would be.
            fails: how many calls raise first; True lets all.
            error: what they raise.
        """
        stub = Stub(step, returns, fails=fails, error=error)
        self._stubs.add(stub)
        return stub

    # -- what happens ----------------------------------------------------------------------

    def send(
        self,
        event: str,
        user: str | Mapping[str, Any],
        data: Mapping[str, Any] | None = None,
        id: str | None = None,
    ) -> Event:
        """Take an event in, and let the journeys that it wakes move.

        Args:
            user: an id, or a mapping with "id" and what else is known.
            id: events with the same id count once.
        """
        engine, loop = self._running()
        sent = loop.run(engine.ingest(event, user, data, id))
        loop.run(engine.run_until_idle())
        return sent

    def forward(self, by: Duration) -> None:
        """Let time pass, each deadline at its own moment."""
        engine, loop = self._running()
        loop.run(engine.forward(by))
        loop.run(engine.run_until_idle())

    def until(self, moment: str | datetime) -> None:
        """Let time pass up to a moment: "2026-12-01 09:00", "09:00", a datetime; UTC unless it names a zone.

        Raises:
            StudioError: it is no moment, or one that is over.
        """
        engine, loop = self._running()
        now = self._clock.now()
        at = to_ms(moment) if isinstance(moment, datetime) else moments.parse(moment, now, UTC)
        if at < now:
            raise StudioError(f"{moment} is over; it is {to_datetime(now):%Y-%m-%d %H:%M:%S}")
        loop.run(engine.forward_to(at))
        loop.run(engine.run_until_idle())

    def finish(self, events: Iterable[Incoming] = ()) -> bool:
        """Let time pass until no deadline is left; False when some are after a year.

        Args:
            events: come at their own moments meanwhile.
        """
        engine, loop = self._running()
        return loop.run(engine.play(events))

    @property
    def now(self) -> datetime:
        """This moment of the virtual clock."""
        return to_datetime(self._clock.now())

    # -- what came of it -------------------------------------------------------------------

    def entries(self, user: str | None = None) -> list[Entry]:
        """The history, of all users or of one."""
        with self._views() as views:
            return [e for e in all_entries(views) if user is None or e.user == user]

    def waits(self, user: str | None = None) -> list[WaitRow]:
        """Open waits, sleeps and steps, the nearest deadline first."""
        with self._views() as views:
            return views.waits(user=user, limit=ALL_ROWS)

    def logs(self, user: str | None = None) -> list[str]:
        """What journeys said, in order."""
        return [e.message or "" for e in self.entries(user) if e.kind == "log"]

    def timeline(self, user: str | None = None) -> str:
        """What happened, a line each: the same text in each run."""
        entries = self.entries(user)
        users = {e.user for e in entries if e.user is not None}
        return "\n".join(timeline(entries, self._start, users))

    def sent(
        self,
        event: str,
        times: int | None = None,
        *,
        user: str | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> Sent:
        """The events of this name that journeys sent; true when there are as many as asked for.

        Args:
            event: a name; `*` is any run of characters.
            times: how many; at least one when not given.
            data: fields that must agree.
        """
        meant = names(event)
        found = [
            _event(e)
            for e in self.entries(user)
            if e.kind == "event" and e.journey is not None and meant.meets(e.name or "")
        ]
        wanted = (data or {}).items()
        found = [event for event in found if all(event.get(name) == value for name, value in wanted)]
        return Sent(event, found, times, self._start)

    def journey(self, user: str, workflow: str | None = None) -> JourneyState:
        """Where a user's journey stands.

        Args:
            user: a user, or a journey's id: `workflow/user[/key][~n]`.
            workflow: which, of a user with several.

        Raises:
            StudioError: there is none, or there are several.
        """
        with self._views() as views:
            rows = views.journeys(user=user, workflow=workflow, limit=ALL_ROWS)
            if not rows and (found := views.journey(user)) is not None:
                rows = [found]
        if len(rows) != 1:
            known = ", ".join(row.id for row in rows)
            what = f"{user} has several journeys: {known}" if rows else f"there is no journey of {user!r}"
            raise StudioError(what, fix="Give the id of one." if rows else "Send the event that begins one.")
        (row,) = rows
        own = [e for e in self.entries() if e.journey == row.id]
        ended = next((e for e in reversed(own) if e.kind in ("journey.completed", "journey.failed")), None)
        return JourneyState(
            id=row.id,
            user=row.user,
            workflow=row.workflow,
            status=row.status,
            result=ended.data.get("result") if ended is not None and row.status == "completed" else None,
            error=ended.message if ended is not None and row.status == "failed" else None,
            note=row.note,
            waits_for=row.waits_for,
            passes=row.pass_number,
        )

    def matches_snapshot(self, name: str, user: str | None = None) -> Snapshot:
        """Hold the timeline against the file `snapshots/NAME.txt` beside the test.

        Raises:
            StudioError: there is no such file; `pytest --write-timelines` writes it.
        """
        found = compare(self.timeline(user), self._folder, name, self._write)
        if not found:
            self.differences.append(found)
        return found

    # -- start and stop --------------------------------------------------------------------

    @property
    def began(self) -> bool:
        """Whether the engine runs."""
        return self._engine is not None

    def close(self) -> None:
        """Stop the engine; nothing is kept."""
        take_coverage(self)
        engine, self._engine = self._engine, None
        if engine is not None:
            engine.stop_now()
        loop, self._loop = self._loop, None
        if loop is not None:
            loop.close()

    def __repr__(self) -> str:
        return f"<journeys at +{durations.show(self._clock.now() - self._start)}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _running(self) -> tuple[Engine, LoopThread]:
        if self._engine is None or self._loop is None:
            loaded = collect(self._workflows)
            # A file that does not load would be a test that tests nothing. An engine has a file from
            # the first on, which only its end takes away: so before there is one.
            for problem in loaded.problems:
                raise problem
            engine = Engine(
                loaded.workflows.values(),
                clock=self._clock,
                durability="normal",
                stand_in=self._stubs.stand_in,
                replay_always=replay_always(),
                seed=self._seed,
            )
            engine.start_now()
            self._engine, self._loop = engine, LoopThread()
        return self._engine, self._loop

    def _views(self) -> Views:
        engine, _ = self._running()
        return Views(engine.path)


def take_coverage(journeys: Journeys) -> None:
    """Take what the journeys went, for `pytest --journey-coverage`: once, at the end of a test."""
    if journeys._engine is not None and not journeys._is_covered:
        journeys._is_covered = True
        collected.take(journeys._engine.path, journeys._engine.workflows)


def _settled(workflows: Source | Iterable[Source]) -> list[Source]:
    """Paths are made absolute once: a step or a test may change the working folder."""
    given = [workflows] if isinstance(workflows, str | Path | Workflow) else workflows
    return [absolute(each) if isinstance(each, str | Path) else each for each in given]


def _event(e: Entry) -> Event:
    event = Event(e.name or "", e.user or "", e.at, id=e.id, seq=e.seq)
    event._data = e.data if isinstance(e.data, dict) else {}
    return event
