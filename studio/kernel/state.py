"""Users, journeys, their waits and what was recorded, as a batch holds them in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from studio.kernel.matching import MISSING, look_up, meets
from studio.language.commands import Key
from studio.language.definition import Workflow
from studio.language.event import Event
from studio.language.journey_ids import exact_id as exact_id_of
from studio.language.journey_ids import journey_id, plain_id
from studio.language.kinds import Kind, Status
from studio.language.names import Names, names
from studio.text import json_text as jsontext

Row = tuple[Any, ...]
"""A journey as a store has it: the order of the fields is that of `JourneyState`."""

OPEN_STATUSES = (Status.WAITING, Status.IDLE, Status.FAILED)
OPENS = frozenset(
    (
        *(Kind.WAIT_OPENED, Kind.GROUP_OPENED, Kind.SLEEP_OPENED, Kind.STEP_STARTED, Kind.STEP_RETRY),
        *(Kind.MESSAGE_ASKED, Kind.MESSAGE_DEFERRED),
    )
)
JUDGED = frozenset((Kind.MESSAGE_ASKED, Kind.MESSAGE_DEFERRED))
"""What waits until a message is judged: whether it is handed over now."""
CLOSES = frozenset((Kind.WAIT_CLOSED, Kind.GROUP_CLOSED, Kind.SLEEP_CLOSED))
GROUP_NAMES = {"any": "wait_any", "all": "wait_all"}
CLOSED_BY = {
    Kind.WAIT_OPENED: Kind.WAIT_CLOSED,
    Kind.GROUP_OPENED: Kind.GROUP_CLOSED,
    Kind.SLEEP_OPENED: Kind.SLEEP_CLOSED,
    Kind.STEP_STARTED: Kind.STEP_FAILED,
    Kind.STEP_RETRY: Kind.STEP_FAILED,
    Kind.MESSAGE_ASKED: Kind.MESSAGE_DROPPED,
    Kind.MESSAGE_DEFERRED: Kind.MESSAGE_DROPPED,
}
CLOSED_STEP = '{"type":"closed","message":"the journey went on without it"}'


class UserState:
    """A user in this batch."""

    __slots__ = ("events", "id", "journeys", "name", "new", "plain", "read_versions", "versions")

    def __init__(self, id: int, name: str, new: bool) -> None:
        self.id = id
        self.name = name
        self.plain = "/" not in name and "~" not in name
        """It stands in an id as it is."""
        self.new = new
        """Not in the store before this batch: nothing needs to be looked up there."""
        self.events: list[Event] = []
        """Accepted in this batch, in order."""
        self.journeys: list[JourneyState] = []
        """Read or begun in this batch."""
        self.versions: list[tuple[int, dict[str, Any]]] = []
        """Profiles made in this batch, with the seq from which each holds, oldest first."""
        self.read_versions: list[tuple[int, int, dict[str, Any]]] = []
        """Those that were read, each with the first and the last position for which it is known to hold."""

    def copy(self) -> UserState:
        """The same user without journeys, for a history that goes another way from here."""
        other = UserState(self.id, self.name, self.new)
        other.events = self.events[:]
        other.versions = self.versions[:]
        other.read_versions = self.read_versions[:]
        return other


class Record:
    """The recorded outcome of a command."""

    __slots__ = ("at", "bound", "data", "kind", "late", "seq")

    def __init__(
        self, kind: int, seq: int, at: int, cause: int | None, late: int | None, data: str | None
    ) -> None:
        self.kind = kind
        self.seq = seq
        self.at = at
        self.late = late or 0
        self.data = data
        # The position it leaves the journey at: its own entry for what came by itself,
        # the cause for what the cause brought.
        self.bound = seq if cause is None or kind == Kind.EVENT else cause
        if data is not None and '"bound":' in data:
            self.bound = jsontext.loads(data).get("bound", self.bound)

    def json(self) -> dict[str, Any]:
        """Its data; empty when there is none."""
        return jsontext.loads(self.data) if self.data else {}


class WaitState:
    """An open wait, sleep, group or step."""

    __slots__ = (
        "_names",
        "_spec",
        "causation_depth",
        "cause",
        "data",
        "due",
        "fired",
        "id",
        "journey",
        "key",
        "kind",
        "label",
        "name",
        "open",
        "place",
        "stored",
    )

    def __init__(
        self,
        id: int,
        journey: JourneyState,
        kind: int,
        name: int | None,
        due: int | None,
        key: Key,
        data: str | None,
        cause: int | None,
        label: int | None,
        place: int | None,
        stored: bool,
    ) -> None:
        self.id = id
        """The seq of the entry that opened it."""
        self.journey = journey
        self.kind = kind
        self.name = name
        """Number of the event's name, 0 for a pattern, None when no event ends it."""
        self.due = due
        self.key = key
        self.data = data
        self.cause = cause
        self.label = label
        """Number of the name that its entries carry; a pattern's text for a pattern."""
        self.place = place
        self.stored = stored
        self.open = True
        self.fired = False
        """A retry whose pause is over."""
        self.causation_depth = 0
        """How many events led to its opening without time moving; 0 once it was stored."""
        self._spec: dict[str, Any] | None = None
        self._names: Names | None = None

    def copy(self, journey: JourneyState) -> WaitState:
        """The same wait of the copy of its journey."""
        facts = (self.name, self.due, self.key, self.data, self.cause, self.label, self.place, self.stored)
        other = WaitState(self.id, journey, self.kind, *facts)
        other.open, other.fired, other.causation_depth = self.open, self.fired, self.causation_depth
        other._spec, other._names = self._spec, self._names
        return other

    @property
    def spec(self) -> dict[str, Any]:
        """What it was opened with: match, timeout, events, after, id, group; or a step's attempt."""
        if self._spec is None:
            self._spec = jsontext.loads(self.data) if self.data else {}
        return self._spec

    @property
    def judges(self) -> bool:
        """Whether a message is judged at its deadline."""
        return self.kind in JUDGED or (self.kind == Kind.STEP_RETRY and self.key[0] == "message")

    @property
    def after(self) -> int:
        """Only events after this seq can end it: earlier ones were looked at when it opened."""
        # The match may have a field of this name.
        if self.data is not None and '"after":' in self.data and "after" in self.spec:
            return int(self.spec["after"])
        return self.cause if self.cause is not None else self.id

    def meets(self, event: Event) -> bool:
        """Whether this event ends it."""
        if event.seq <= self.after:
            return False
        if self.data is not None:
            if self.name == 0:
                if self._names is None:
                    self._names = names(self.spec["events"])
                if not self._names.meets(event.name):
                    return False
            if '"match":' in self.data and not meets(self.spec.get("match"), event.data):
                return False
        return not self.journey.key or self.journey.concerns(event.data)


class JourneyState:
    """A journey in this batch."""

    __slots__ = (
        "begun",
        "code",
        "entered",
        "escaped",
        "fresh",
        "id",
        "key",
        "loaded",
        "n",
        "new",
        "note",
        "opened",
        "outcomes",
        "pass_at",
        "pass_cause",
        "pass_no",
        "pass_seq",
        "paused",
        "resuming",
        "runaway_count",
        "since",
        "start",
        "status",
        "stored_status",
        "touched",
        "trigger",
        "user",
        "workflow",
        "workflow_id",
    )

    def __init__(
        self,
        user: UserState,
        workflow: Workflow | None,
        code: int | None,
        row: Row,
        new: bool,
        escaped: bool = True,
    ) -> None:
        self.user = user
        self.escaped = escaped
        """Marks in the parts of its id are escaped (`journey_ids.py`)."""
        self.workflow = workflow
        """None when no workflow of that name is loaded any more, or it is paused: nothing drives it now."""
        self.paused: Workflow | None = None
        """The workflow, where it is paused."""
        self.code = code
        """codes.id of the version that drives it."""
        (
            self.id,
            _,
            self.workflow_id,
            self.key,
            self.n,
            self.status,
            self.pass_no,
            self.pass_seq,
            self.trigger,
            self.since,
            self.runaway_count,
            self.note,
        ) = row
        self.new = new
        self.stored_status: int | None = None if new else self.status
        self.touched = new
        self.loaded = new
        self.outcomes: dict[Key, Record] = {}
        self.opened: dict[Key, WaitState] = {}
        self.fresh: set[Key] = set()
        """Outcomes that no drive has passed yet."""
        self.start: tuple[int, int, int] = (0, 0, 0)
        """Moment, bound and lateness of the position at which this pass began."""
        self.pass_at = 0
        self.pass_cause: int | None = None
        """Moment and cause of the entry at which this pass began."""
        self.entered: tuple[int, int] | None = None
        """Entry and moment at which the journey began, where that is known without a look-up."""
        self.begun = False
        """Its pass was begun and has not been driven yet."""
        self.resuming = False

    def copy(self, user: UserState) -> JourneyState:
        """The same journey of the copy of its user, with all that it waits for."""
        other = JourneyState.__new__(JourneyState)
        for name in JourneyState.__slots__:
            setattr(other, name, getattr(self, name))
        other.user = user
        other.outcomes, other.fresh = dict(self.outcomes), set(self.fresh)
        other.opened = {key: wait.copy(other) for key, wait in self.opened.items()}
        user.journeys.append(other)
        return other

    def concerns(self, data: Mapping[str, Any]) -> bool:
        """With `key=`: an event whose data carry the field must carry this journey's value."""
        workflow = self.workflow or self.paused
        if not self.key or workflow is None or workflow.key is None:
            return True
        value = look_up(data, workflow.key)
        return value is MISSING or jsontext.dumps(value) == self.key

    def text_id(self, workflow: str) -> str:
        """`workflow/user[/key][~n]`, as its code knows it."""
        make = journey_id if self.escaped else plain_id
        return make(workflow, self.user.name, self.key, self.n)

    def exact_id(self, workflow: str) -> str:
        """What its chances are drawn from: no two journeys have the same."""
        make = exact_id_of if self.escaped else plain_id
        return make(workflow, self.user.name, self.key, self.n)


def fitting(match: Mapping[str, Any] | None, journey: JourneyState | None) -> Callable[[str], bool]:
    """Whether an event of this data meets a match, and concerns a journey; each text is read once.

    A reminder is the same text every time, and a journey may look at thousands of them.
    """

    @cache
    def fits(text: str) -> bool:
        data = jsontext.loads(text)
        return meets(match, data) and (journey is None or journey.concerns(data))

    return fits
