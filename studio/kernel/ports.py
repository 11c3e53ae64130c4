"""What the rules ask of whoever drives journeys: a history to read and write on, and an eye on each drive.

Two implement the unit of work: one over SQLite (`engine/work/unit_of_work.py`), one in memory (`memory.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal, Protocol

from studio.kernel.drive import Failed, SourceCode
from studio.kernel.marks import Entered, Mark
from studio.kernel.state import JourneyState, UserState, WaitState
from studio.language.commands import Key, Place
from studio.language.definition import Workflow
from studio.language.event import Event
from studio.language.journey import Journey
from studio.language.names import Names

EVENTS_MAX = 10_000
"""An opening wait looks at no more than the newest of a name (DESIGN rule 10)."""

Part = Literal["serve", "move", "recover", "other"]
"""What makes batches: what comes, a reload, a start. Each begins with small ones; "other" drives none."""


class History(Protocol):
    """What stands in the history, up to a position where one is given, and what it amounts to now.

    Positions are the numbers of entries; `after` is not within, `bound` is.
    """

    @property
    def seed(self) -> str:
        """What `random` and `uuid` of journeys are drawn from."""

    @property
    def salt(self) -> str:
        """What idempotency keys are made from."""

    @property
    def has_plain_ids(self) -> bool:
        """Journeys may be there from before ids were escaped."""

    @property
    def workflows(self) -> Mapping[str, Workflow]:
        """Those that are loaded, by name."""

    def name_id(self, text: str) -> int:
        """The number of a name."""

    def name_text(self, id: int) -> str:
        """The text of a name."""

    def place_id(self, place: Place) -> int:
        """The number of a line of code."""

    def user(self, name: str) -> UserState:
        """A user; made when not there."""

    def profile(self, user: UserState, bound: int) -> Mapping[str, Any]:
        """What is known of a user as of a position."""

    def event(self, seq: int) -> Event:
        """The event of an entry that must be there."""

    def moment_of(self, seq: int) -> int | None:
        """The moment of an entry of an open pass; None when it is not there."""

    def event_seqs(
        self, user: UserState, wanted: Names, after: int, bound: int, limit: int = EVENTS_MAX
    ) -> list[int]:
        """Where the user's events of these names stand, newest first."""

    def events(
        self,
        user: UserState,
        wanted: Names,
        fits: Callable[[str], bool] | None,
        after: int,
        bound: int,
        limit: int = EVENTS_MAX,
    ) -> list[Event]:
        """Those of the user's newest events of these names whose data fit, oldest first: copies."""

    def fitting_seqs(
        self,
        user: UserState,
        wanted: Names,
        fits: Callable[[str], bool],
        after: int,
        bound: int,
        limit: int = EVENTS_MAX,
    ) -> tuple[list[int], bool]:
        """Where those of the user's newest events of these names stand whose data fit, oldest first.

        Returns:
            Them, and whether there are older ones that were not looked at.
        """

    def known_ids(self, ids: list[str]) -> Mapping[str, int]:
        """Which of these senders' ids were taken before, and where."""

    def marks(self, user: UserState, kind: int, since: int = -1) -> Sequence[Mark]:
        """The user's entries of a kind of `kinds.MARKS` after a moment, oldest first.

        Args:
            since: milliseconds since 1970, UTC; one below that of an earlier question costs a look-up.
        """

    def entered(self, user: UserState, workflow_id: int) -> Sequence[Entered]:
        """Where the user's journeys in a workflow began, ended ones too, oldest first."""

    def keyed(self, user: UserState, workflow_id: int, key: str) -> JourneyState | None:
        """The newest journey of a user, workflow and key."""

    def open_journeys(self, user: UserState, workflow_id: int) -> list[JourneyState]:
        """The user's journeys in a workflow that have not ended, oldest first."""

    def journey_by_id(self, id: int) -> JourneyState | None:
        """One journey by its number."""

    def load_passes(self, wanted: Iterable[JourneyState]) -> None:
        """Have it known what the current passes of journeys have recorded, and what is open."""

    def waits_for(self, user: UserState, name: int) -> list[WaitState]:
        """The open waits that an event of this name may end, oldest first."""

    def due_at(self, user: UserState, due: int) -> list[WaitState]:
        """The user's open waits whose deadline is this moment."""

    def wait_at(self, id: int) -> WaitState | None:
        """The open wait that this entry opened."""

    def once_results(
        self, journey: JourneyState, label: int
    ) -> list[tuple[int, int, int, int | None, str | None, int | None]]:
        """How steps of a name ended in the passes of a journey that were written, oldest first.

        Returns:
            Entry, moment, kind, lateness, data and occurrence of each.
        """

    def said(self, journey: JourneyState, since: int) -> list[str]:
        """What the present pass of a journey has said.

        Args:
            since: nothing of the journey that is not written stands before this entry.
        """

    def newest_failure(self, journey: JourneyState) -> str | None:
        """The data of the entry at which a journey failed last, as JSON."""

    def newest_end(self, journey: JourneyState) -> tuple[int, str | None] | None:
        """Where a journey was completed last, and the entry's data, as JSON; None when it is not there."""


class UnitOfWork(History, Protocol):
    """A history that causes are carried out on. What is written can be read at once."""

    @property
    def seq(self) -> int:
        """The number of the next entry."""

    def append(
        self,
        at: int,
        kind: int,
        user: int | None,
        journey: JourneyState | None,
        name: int | None = None,
        n: int | None = None,
        place: int | None = None,
        cause: int | None = None,
        data: str | None = None,
        late: int | None = None,
        id: str | None = None,
        meta: str | None = None,
        code: int | None = None,
    ) -> int:
        """Append an entry; gives its number."""

    def annotate(self, seq: int, meta: str) -> None:
        """Give an event of this batch, not written yet, what is known beside its data."""

    def meta_of(self, seq: int) -> str | None:
        """What is known beside the data of an event of this batch, as JSON."""

    def is_away(self, user: str) -> bool:
        """Whether a user was handed over to another engine: nothing is sent to them from here."""

    def carries(self, user: UserState) -> bool:
        """Whether events of this user are causes here. If not, `add_event` hands them out."""

    def add_event(self, user: UserState, event: Event) -> None:
        """An event was accepted, and its entry appended."""

    def learn(self, event: Event, meta: str | None) -> None:
        """Take from an event what it says of its user."""

    def add_journey(
        self, user: UserState, workflow: Workflow, workflow_id: int, key: str, n: int, seq: int, trigger: int
    ) -> JourneyState:
        """Begin a journey; `seq` is that of its first entry, which follows."""

    def open_wait(
        self,
        journey: JourneyState,
        seq: int,
        kind: int,
        name: int | None,
        due: int | None,
        key: Key,
        data: str | None,
        cause: int | None,
        label: int | None,
        place: int | None,
    ) -> WaitState:
        """Open a wait that an entry speaks of."""

    def end_wait(self, wait: WaitState) -> None:
        """It is over; what ended it is another entry."""

    def set_due(self, wait: WaitState, due: int | None) -> None:
        """An open wait has another deadline now."""

    def suspend_timer(self, wait: WaitState) -> None:
        """Its workflow is not loaded: the deadline does not count until it is."""

    def missed(self, journey: JourneyState) -> None:
        """Something came for a journey whose workflow is not loaded; remembered until it is."""


class DriveMonitor(Protocol):
    """Keeps an eye on the drives of one thread: which journey is driven, and for how long."""

    moment: int
    """The moment of the newest cause."""
    fan_out: int
    """Events sent in answer to events that journeys sent, since time moved or one came from outside."""
    abandoned: bool
    """The driving thread hung and was given up; it must not go on when it comes back."""
    quarantined: dict[int, Failed]
    """Journeys that never came back from a drive, with how they failed."""
    lines: list[Any]
    """What is logged meanwhile, for the application's own handlers."""

    @property
    def code(self) -> SourceCode:
        """The author's code, to show with a failure."""

    def begin(self, journey: Journey, id: int) -> None:
        """A drive begins: what is said from here on is the journey's."""

    def over(self) -> float:
        """It has come to where it ends, or waits; gives the seconds that it took."""


class Quarantine(Protocol):
    """Names each journey that is driven, since one may kill the process."""

    def name(self, state: JourneyState) -> Failed | None:
        """Name a journey that is about to be driven; gives how it fails that killed the process too often."""

    def came_back(self) -> None:
        """The drive is over, and the process is there."""


class Migration(Protocol):
    """A reload that is under way: whom a cause concerns goes over to the new code first."""

    def user(self, user: UserState, at: int, cause: int | None = None) -> None:
        """All journeys of a user go over."""

    def journey(self, state: JourneyState, at: int, cause: int | None = None) -> None:
        """A journey goes over."""
