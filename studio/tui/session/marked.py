"""What can be done to all marked rows at once, as things stand when it is asked; and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from studio.store.records import Entry, JourneyRow, UserRow, WaitRow
from studio.store.views import Views
from studio.tui.session.needs import Need
from studio.wording.values import counted

MarkedRow = UserRow | WaitRow | Entry | Need
MarkedAct = Literal["answer", "time_out", "resume", "cancel", "resend"]
OPEN = ("waiting", "idle", "failed")
MOST_JOURNEYS = 200
MOST_WAITS = 200
"""Of one user."""


@dataclass(frozen=True, slots=True)
class Marked:
    """What of the marked rows can be acted on."""

    rows: int
    waits: tuple[WaitRow, ...] = ()
    """Open, and ended by an event."""
    timed: tuple[WaitRow, ...] = ()
    """Open, with a deadline: the nearest of a row."""
    failed: tuple[str, ...] = ()
    """Journeys that failed."""
    open: tuple[str, ...] = ()
    """Journeys that have not ended, those that failed among them."""
    events: tuple[int, ...] = ()
    """`seq`s of events."""
    over: int = 0
    """Rows of which nothing is left to be acted on."""

    def count(self, act: MarkedAct) -> int:
        """How many an act is done to."""
        of = {
            "answer": self.waits,
            "time_out": self.timed,
            "resume": self.failed,
            "cancel": self.open,
            "resend": self.events,
        }
        return len(of[act])

    def question(self, act: MarkedAct) -> str:
        """ "Let 12 waits time out now, for these only?"."""
        count = self.count(act)
        return {
            "answer": f"Answer {counted(count, 'wait')}, each with the event that fits it?",
            "time_out": f"Let {counted(count, 'wait')} time out now, for these only?",
            "resume": f"Resume {counted(count, 'failed journey')}?",
            "cancel": f"Cancel {counted(count, 'journey')}? They end for good.",
            "resend": f"Send {counted(count, 'event')} again?",
        }[act]

    def left_out(self) -> str:
        """ "2 of 14 marked rows are over."; nothing when none is."""
        if not self.over:
            return ""
        return (
            f"{self.over:,} of {counted(self.rows, 'marked row')} {'is' if self.over == 1 else 'are'} over."
        )


@dataclass(frozen=True, slots=True)
class MarkedQuestion:
    """How the marked rows stand now."""

    rows: Sequence[MarkedRow]

    def read(self, views: Views) -> Marked:
        """What can be done, in the order of the rows; each wait, journey and event once."""
        found = _Found(views)
        for row in self.rows:
            found.take(row)
        return found.answer(len(self.rows))


class _Found:
    """What was found so far."""

    def __init__(self, views: Views) -> None:
        self._views = views
        self._waits: dict[int, WaitRow] = {}
        self._timed: dict[int, WaitRow] = {}
        self._failed: dict[str, None] = {}
        self._open: dict[str, None] = {}
        self._events: dict[int, None] = {}
        self._over = 0
        self._users: dict[str, tuple[list[JourneyRow], list[WaitRow]]] = {}

    def answer(self, rows: int) -> Marked:
        timed = sorted(self._timed.values(), key=lambda row: (row.due_at or 0, row.seq))
        return Marked(
            rows,
            tuple(self._waits.values()),
            tuple(timed),
            tuple(self._failed),
            tuple(self._open),
            tuple(self._events),
            self._over,
        )

    def take(self, row: MarkedRow) -> None:
        """Look at one row."""
        match row:
            case WaitRow():
                found = self._take_wait(row)
            case UserRow(id=user):
                found = self._take_journeys(user, None)
            case Entry(kind="event", seq=seq):
                self._events[seq] = None
                found = True
            case Entry(user=str(user), seq=seq, journey=journey):
                found = self._take_opened(user, seq)
                found = (journey is not None and self._take_journeys(user, journey)) or found
            case Need():
                found = self._take_need(row)
            case _:
                found = False
        self._over += not found

    def _of(self, user: str) -> tuple[list[JourneyRow], list[WaitRow]]:
        if user not in self._users:
            views = self._views
            self._users[user] = (
                views.journeys(user=user, limit=MOST_JOURNEYS),
                views.waits(user=user, limit=MOST_WAITS),
            )
        return self._users[user]

    def _take_wait(self, row: WaitRow) -> bool:
        """The wait itself, or of a group what is open in it; and its journey."""
        whole = [row, *row.parts]
        still = self._views.open_among(whole)
        if not still:
            return False
        self._add_waits([each for each in whole if each.seq in still])
        self._take_state(row.user, row.journey)
        return True

    def _add_waits(self, rows: Sequence[WaitRow]) -> None:
        first = next((each for each in rows if each.kind == "wait" and each.name), None)
        if first is not None:
            self._waits[first.seq] = first
        dues = [each for each in rows if each.due_at is not None and each.kind != "step"]
        if dues:
            nearest = min(dues, key=lambda each: each.due_at or 0)
            self._timed[nearest.seq] = nearest

    def _take_opened(self, user: str, seq: int) -> bool:
        """The wait that an entry opened, while it is open."""
        found = [each for each in self._of(user)[1] if each.seq == seq]
        self._add_waits(found)
        return bool(found)

    def _take_journeys(self, user: str, journey: str | None) -> bool:
        """One journey of a user, or all of them with the nearest wait of each."""
        journeys, waits = self._of(user)
        meant = [each for each in journeys if each.status in OPEN and journey in (None, each.id)]
        for each in meant:
            self._take_state(user, each.id)
            if journey is None:
                self._add_waits([wait for wait in waits if wait.journey == each.id])
        return bool(meant)

    def _take_state(self, user: str, journey: str) -> None:
        status = next((each.status for each in self._of(user)[0] if each.id == journey), "")
        if status in OPEN:
            self._open[journey] = None
        if status == "failed":
            self._failed[journey] = None

    def _take_need(self, need: Need) -> bool:
        before = len(self._failed) + len(self._timed) + len(self._open)
        for each in need.people:
            if each.seq is not None:
                self._take_opened(each.user, each.seq)
        for journey in need.journeys:
            if any(row.status == "failed" for row in self._views.journeys_called(journey)):
                self._failed[journey] = self._open[journey] = None
        return len(self._failed) + len(self._timed) + len(self._open) > before
