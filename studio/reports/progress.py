"""Where each journey of a workflow got to: the fold from entries to first visits of nodes.

A node is a command at a line of the source; however often a loop comes round, it is one. In another version
of the source it is found by its key (rule 7), so that it stays the same while lines move.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from studio.kernel.entering import HELD_OUT
from studio.language.commands import key_text
from studio.language.kinds import Kind
from studio.language.splits import HOLDOUT
from studio.text import json_text as jsontext

UNSEEN, INSIDE, MATCHED, MISSED, CLOSED, FAILED, EXITED, CANCELLED = range(8)
"""What became of a journey's first visit: it waits there; it went on by a match or result, by a time-out or a
failure that the code caught, or because the code went another way; or it ended there."""
MOVED_ON = (MATCHED, MISSED, CLOSED)
LEFT = {FAILED: "failed", EXITED: "exited", CANCELLED: "cancelled"}

_OPENS = {Kind.WAIT_OPENED, Kind.GROUP_OPENED, Kind.SLEEP_OPENED, Kind.STEP_STARTED, Kind.MESSAGE_ASKED}
_HITS = {Kind.WAIT_MATCHED, Kind.GROUP_MATCHED, Kind.SLEEP_DONE, Kind.STEP_DONE, Kind.MESSAGE_SENT}
_NOT_SENT = {Kind.MESSAGE_DROPPED, Kind.MESSAGE_WITHHELD}
_MISSES = {Kind.WAIT_TIMEOUT, Kind.GROUP_TIMEOUT, Kind.STEP_FAILED, *_NOT_SENT}
_CLOSES = {Kind.WAIT_CLOSED, Kind.GROUP_CLOSED, Kind.SLEEP_CLOSED}
_AT_ONCE = {Kind.EVENT, Kind.EVENT_DUPLICATE, Kind.SPLIT}
_MESSAGES = {Kind.MESSAGE_SENT, Kind.MESSAGE_DEFERRED, *_NOT_SENT}
_ENDS = {Kind.FAILED: FAILED, Kind.EXITED: EXITED, Kind.CANCELLED: CANCELLED, Kind.RESTARTED: CANCELLED}
MOST_CHARS = 120
"""Of a failure's text."""
START = "start"
"""The key of the node at which every journey begins."""


class EntryRow(Protocol):
    """What is read of an entry."""

    @property
    def seq(self) -> int: ...
    @property
    def at(self) -> int: ...
    @property
    def kind(self) -> int: ...
    @property
    def journey(self) -> int: ...
    @property
    def user(self) -> int: ...
    @property
    def name(self) -> int | None: ...
    @property
    def n(self) -> int | None: ...
    @property
    def place(self) -> int | None: ...
    @property
    def code(self) -> int | None: ...
    @property
    def data(self) -> str | None: ...


@dataclass(slots=True)
class FunnelNode:
    """A command of the source, as the history knows it."""

    number: int
    family: str
    """ "start", "wait", "any", "all", "sleep", "step", "ingest", "split" or "message"."""
    name: str | None
    key: str
    """The first key under which it came."""
    place: str | None
    """ "onboarding.py:26", the newest one."""
    group: str | None = None
    """The key of the `wait_any` or `wait_all` that it is a member of."""
    keys: set[str] = field(default_factory=set)
    """All under which it came."""
    visits: int = 0
    """Of all journeys, loops and passes included."""


@dataclass(slots=True)
class Progress:
    """One journey."""

    journey: int
    user: int
    entered_at: int
    code: int | None
    states: bytearray = field(default_factory=bytearray)
    """By node: what became of its first visit there."""
    path: array[int] = field(default_factory=lambda: array("H"))
    """The nodes in the order of first visits, the start among them."""
    open: dict[str, int] = field(default_factory=dict)
    """Key text to node, of what is open."""
    last: int = 0
    """The node at which it was last."""
    closing: list[int] = field(default_factory=list)
    """Nodes that were closed last, of which it is not known yet whether the journey ended there."""
    undone: list[tuple[int, int]] = field(default_factory=list)
    """What the nodes had been before it failed; it may be resumed."""
    ended_at: int | None = None
    """Completed, exited or cancelled."""
    end: str | None = None
    failure: str | None = None
    """Of one that failed: "KeyError: 'plan' at trial.py:44"."""
    converted_at: int | None = None
    censored_at: int | None = None
    """Cancelled by hand: nothing is known of what would have come."""
    arms: dict[str, str] = field(default_factory=dict)
    """The arm of each split that it came by; of the holdout, too."""
    drawn_at: dict[str, int] = field(default_factory=dict)
    holdout: float | None = None
    """The share of users that were held out when it was drawn whether this one is, in per cent."""
    sent: int = 0
    """Messages that were handed over."""


class Turned(Protocol):
    """Somebody who was not let in, once a day and reason."""

    @property
    def user(self) -> int: ...
    @property
    def at(self) -> int: ...
    @property
    def reason(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Handed:
    """A message that was handed over, or not."""

    journey: int
    user: int
    seq: int
    at: int
    kind: int
    channel: str | None
    reason: str | None


class Fold:
    """Takes the entries of a workflow's journeys, in their order, and knows where each got to.

    Args:
        text: the text of a name's number.
    """

    def __init__(self, text: Callable[[int], str]) -> None:
        self._text = text
        self.nodes: list[FunnelNode] = [FunnelNode(0, "start", None, START, None)]
        self.journeys: dict[int, Progress] = {}
        self.entered: Counter[int] = Counter()
        """First visits by node, counted as they come: held against the states that they have now."""
        self.messages: list[Handed] = []
        self.refused: list[Turned] = []
        """Who was not let in."""
        self._by_key: dict[str, int] = {START: 0}
        self._by_place: dict[tuple[int | None, str | None, str, str | None], int] = {}
        self._keys: dict[tuple[int | None, ...], tuple[str, int]] = {}

    def group_of(self, node: FunnelNode) -> FunnelNode | None:
        """The group that a node is a member of."""
        number = None if node.group is None else self._by_key.get(node.group)
        return None if number is None else self.nodes[number]

    def take(self, rows: Iterable[EntryRow]) -> None:
        """Take the next entries."""
        for row in rows:
            self._take(row)

    def _take(self, row: EntryRow) -> None:
        kind = row.kind
        if kind == Kind.STARTED:
            progress = Progress(row.journey, row.user, row.at, row.code)
            self.journeys[row.journey] = progress
            self.nodes[0].visits += 1
            self._reach(progress, 0)
            return
        found = self.journeys.get(row.journey)
        if found is None:
            # Its beginning was pruned, or came before what is looked at.
            return
        if kind in _CLOSES or (kind == Kind.STEP_FAILED and row.data is not None and _is_closed(row.data)):
            key, number = self._node(row)
            found.open.pop(key, None)
            if found.states[number] == INSIDE:
                found.states[number] = CLOSED
                found.closing.append(number)
            return
        if kind in _ENDS:
            self._end(found, row, _ENDS[kind])
            return
        found.closing = []
        if kind in _MESSAGES:
            self._message(found, row)
        if kind in _OPENS:
            self._open(found, row)
        elif kind in _HITS or kind in _MISSES:
            key, number = self._node(row)
            if found.open.pop(key, None) is None:
                self._visit(found, number)
            self._settle(found, number, MATCHED if kind in _HITS else MISSED)
        elif kind in _AT_ONCE:
            if kind == Kind.SPLIT:
                self._draw(found, row)
            if row.n is not None:
                _, number = self._node(row)
                self._visit(found, number)
                self._settle(found, number, MATCHED)
        elif kind == Kind.GOAL:
            if found.converted_at is None:
                found.converted_at = row.at
        elif kind == Kind.COMPLETED:
            found.ended_at, found.end = row.at, "completed"
            self._settle(found, 0, MATCHED)
        elif kind == Kind.PASS:
            found.open = {}
        elif kind == Kind.REOPENED:
            found.ended_at = found.end = None
        elif kind == Kind.RESUMED:
            for number, state in found.undone:
                found.states[number] = state
            found.undone, found.ended_at, found.end, found.failure = [], None, None, None

    def _draw(self, progress: Progress, row: EntryRow) -> None:
        """An arm of a split, or of the holdout."""
        name = "" if row.name is None else self._text(row.name)
        if name not in progress.arms:
            facts = jsontext.loads(row.data or "{}")
            progress.arms[name], progress.drawn_at[name] = str(facts.get("arm")), row.at
            if name == HOLDOUT and row.n is None:
                progress.holdout = (facts.get("of") or {}).get(HELD_OUT)

    def _message(self, progress: Progress, row: EntryRow) -> None:
        """What became of a message, or becomes of it for now."""
        facts = jsontext.loads(row.data or "{}")
        channel, reason = facts.get("channel"), facts.get("reason")
        handed = Handed(progress.journey, progress.user, row.seq, row.at, row.kind, channel, reason)
        self.messages.append(handed)
        progress.sent += row.kind == Kind.MESSAGE_SENT

    def _open(self, progress: Progress, row: EntryRow) -> None:
        key, number = self._node(row)
        if key not in progress.open:
            # A step that begins anew is no other visit.
            self._visit(progress, number)
        progress.open[key] = number
        if row.data is not None and '"group":' in row.data:
            # A match may have a field of this name.
            self.nodes[number].group = jsontext.loads(row.data).get("group", self.nodes[number].group)

    def _visit(self, progress: Progress, number: int) -> None:
        self.nodes[number].visits += 1
        self._settle(progress, 0, MATCHED)
        progress.last = number
        self._reach(progress, number)

    def _reach(self, progress: Progress, number: int) -> None:
        states = progress.states
        if number >= len(states):
            states.extend(bytes(number + 1 - len(states)))
        if states[number] == UNSEEN:
            states[number] = INSIDE
            progress.path.append(number)
            self.entered[number] += 1

    def _settle(self, progress: Progress, number: int, state: int) -> None:
        if progress.states[number] == INSIDE:
            progress.states[number] = state

    def _end(self, progress: Progress, row: EntryRow, state: int) -> None:
        """It ended where it waited; or behind the last thing that it did, when it waited nowhere."""
        where = progress.closing or ([progress.last] if state == FAILED else [])
        progress.undone = [(number, progress.states[number]) for number in where]
        for number in where:
            progress.states[number] = state
        self._settle(progress, 0, state)
        progress.closing, progress.open = [], {}
        progress.ended_at, progress.end = row.at, LEFT[state]
        progress.failure = _failure(row.data) if state == FAILED else None
        if state == CANCELLED:
            progress.censored_at = row.at

    # -- nodes -----------------------------------------------------------------------------

    def _node(self, row: EntryRow) -> tuple[str, int]:
        """The key and the node of an entry."""
        given = row.n is not None and row.n < 0
        slot = (row.kind, row.name, row.n, row.place, row.code)
        if not given and (known := self._keys.get(slot)) is not None:
            return known
        family, key = self._key(row)
        place = None if row.place is None else self._text(row.place)
        name = None if row.name is None else self._text(row.name)
        number = self._number(row.code, place, family, name, key, given)
        self._by_key[key] = number
        self.nodes[number].place = place
        self.nodes[number].keys.add(key)
        if not given:
            self._keys[slot] = (key, number)
        return key, number

    def _number(
        self, code: int | None, place: str | None, family: str, name: str | None, key: str, given: bool
    ) -> int:
        """The node of a place in one version of the source.

        In another version it is the one that had this key (rule 7), the nearest of several: a key is counted
        in each pass, and so may stand at two places of one version.
        """
        if given and key in self._by_key:
            return self._by_key[key]
        here = (code, place, family, name)
        number = self._by_place.get(here)
        if number is None:
            taken = {each for (version, *_), each in self._by_place.items() if version == code}
            same = [
                node
                for node in self.nodes
                if node.family == family
                and node.name == name
                and node.number not in taken
                and (key in node.keys or node.place == place)
            ]
            if same:
                number = min(same, key=lambda node: abs(_line(node.place) - _line(place))).number
            else:
                number = len(self.nodes)
                self.nodes.append(FunnelNode(number, family, name, key, place))
            self._by_place[here] = number
        return number

    def _key(self, row: EntryRow) -> tuple[str, str]:
        """The family of an entry, and the text of its key."""
        kind, n = row.kind, row.n or 0
        name = "" if row.name is None else self._text(row.name)
        if Kind.GROUP_OPENED <= kind <= Kind.GROUP_CLOSED:
            family, name = ("any" if name == "wait_any" else "all"), ""
        elif kind in (Kind.EVENT, Kind.EVENT_DUPLICATE):
            family = "ingest"
        elif kind == Kind.SPLIT:
            family = "split"
        elif kind >= Kind.MESSAGE_SENT:
            family = "message"
        elif kind < Kind.GROUP_OPENED:
            family = "wait"
        elif kind <= Kind.SLEEP_CLOSED:
            family, name = "sleep", ""
        else:
            # The attempts of a message are steps of its key.
            family = "message" if row.data is not None and '"channel":' in row.data else "step"
        if n < 0:
            facts: dict[str, Any] = jsontext.loads(row.data) if row.data else {}
            name = f"={facts.get('id', '')}"
        return family, key_text((family, name, n))


def _line(place: str | None) -> int:
    line = (place or "").rpartition(":")[2]
    return int(line) if line.isdigit() else 0


def _failure(data: str | None) -> str:
    facts = jsontext.loads(data or "{}")
    told = ": ".join(facts[name] for name in ("type", "message") if facts.get(name))
    return f"{told[:MOST_CHARS]} at {facts['line']}" if facts.get("line") else told[:MOST_CHARS]


def _is_closed(data: str) -> bool:
    return '"type":"closed"' in data
