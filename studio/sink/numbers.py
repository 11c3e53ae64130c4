"""Numbers of users' own histories as numbers of the store, within one batch."""

from __future__ import annotations

from collections.abc import Sequence

from studio.engine.work.unit_of_work import StoreUnit
from studio.kernel.text_numbers import ID, JOURNEY, USER
from studio.kernel.turn import Turn
from studio.store import foreign
from studio.store.changes import Row
from studio.store.codes import source_of
from studio.store.foreign import Span
from studio.store.forget_foreign import tombstones
from studio.store.sqlite import Store


class Numbers:
    """What is known of foreign numbers, and what this batch adds."""

    def __init__(self, store: Store, unit: StoreUnit) -> None:
        self._store = store
        self._unit = unit
        self._next: dict[int, int] = {}
        self._spans: dict[int, list[Span]] = {}
        """Of users, those that were looked up or are added."""
        self._journeys: dict[tuple[int, int], int] = {}
        self._digests: dict[tuple[int, int], str] = {}
        self._ids: set[tuple[str, int]] = set()
        self._forgotten: dict[str, int | None] = {}
        """Users that were erased here, with the number at which a new life begins."""
        self._codes: dict[str, int | None] = {}
        self._added_spans: list[Row] = []
        self._added_journeys: list[Row] = []
        self._refused: list[Row] = []
        self._moved: dict[int, int] = {}

    def load(self, turns: Sequence[Turn]) -> None:
        """Look up at once what the turns of a batch speak of; those of erased users bring nobody back."""
        named = {
            name for turn in turns for name in (turn.user, *turn.users, *(who for _, who, _ in turn.origins))
        }
        self._forgotten = tombstones(self._store, named)
        turns = [turn for turn in turns if not self.is_late(turn)]
        self._unit.load_users([turn.user for turn in turns])
        users = {turn.user: self._unit.user(turn.user).id for turn in turns}
        self._next = foreign.next_turns(self._store, list(users.values()))
        wanted = set[tuple[int, int]]()
        for turn in turns:
            user = users[turn.user]
            wanted.update((user, row[JOURNEY]) for row in turn.rows if row[JOURNEY] is not None)
            wanted.update((user, fields[0]) for fields in turn.journeys)
        ids = {
            (row[ID], self._unit.user(name).id)
            for turn in turns
            for row in turn.rows
            if row[ID] is not None and not self.is_gone(name := turn.users[row[USER]])
        }
        self._ids = foreign.ids_taken(self._store, ids)
        self._journeys = foreign.journeys_of(self._store, wanted)
        self._unit.load_journeys(list(self._journeys.values()))

    # -- turns -----------------------------------------------------------------------------

    def next_of(self, user: str) -> int:
        """At which number the user's next turn begins."""
        return self._next.get(self._unit.user(user).id, self._forgotten.get(user) or 1)

    def is_gone(self, user: str) -> bool:
        """Whether a user was erased, and has no new life."""
        return user in self._forgotten and self._forgotten[user] is None

    def is_late(self, turn: Turn) -> bool:
        """Whether a turn is of the time before its user was erased."""
        return self.is_gone(turn.user) or turn.first < (self._forgotten.get(turn.user) or 0)

    def is_same(self, turn: Turn) -> bool:
        """Whether a turn is one that was taken before."""
        user = self._unit.user(turn.user).id
        digest = self._digests.get((user, turn.first))
        if digest is None:
            known = foreign.turn_at(self._store, user, turn.first)
            digest = known[1] if known is not None else None
        return digest == turn.digest()

    def is_forgotten(self, user: str, number: int) -> bool:
        """Whether an entry went, or would have gone, when its user was erased."""
        return self.is_gone(user) or number < (self._forgotten.get(user) or 0)

    def missing_origin(self, turn: Turn) -> tuple[str, int] | None:
        """Whose turn must come first, as this one has an event that it sent."""
        for _, sender, number in turn.origins:
            if self.is_forgotten(sender, number):
                continue
            user = self._unit.user(sender)
            if self.find(user.id, number) is None and number >= self.next_of(sender):
                return sender, self.next_of(sender)
        return None

    def turn_taken(self, user: int, turn: Turn, spans: list[Span]) -> None:
        """A turn's entries stand where these spans say."""
        digest = turn.digest()
        self._next[user] = self._moved[user] = turn.next
        self._digests[(user, turn.first)] = digest
        first = True
        for span in spans:
            head = (turn.next, digest) if first else (None, None)
            self._added_spans.append((user, *span, *head))
            first = False

    def add_span(self, user: int, span: Span) -> None:
        """Entries that stand here from now on."""
        self._spans.setdefault(user, []).append(span)

    def keep_aside(self, turn: Turn, reason: str, at: int) -> None:
        """A turn cannot be taken: what it says is kept for people to look at."""
        self._refused.append((turn.digest(), at, turn.user, turn.first, reason, turn.packed()))

    # -- numbers ---------------------------------------------------------------------------

    def find(self, user: int, number: int) -> int | None:
        """The number here of an entry of a user's own history; None when it is not here."""
        spans = self._spans.setdefault(user, [])
        for span in reversed(spans):
            if (here := span.here(number)) is not None:
                return here
        found = foreign.span_at(self._store, user, number)
        if found is None:
            return None
        # Those that this batch adds stay last.
        spans.insert(0, found)
        return found.here(number)

    def here(self, user: int, number: int) -> int:
        """The number here of an entry that must be here.

        Raises:
            KeyError: it is not.
        """
        found = self.find(user, number)
        if found is None:
            raise KeyError(f"it speaks of entry {number}, which is not here")
        return found

    def journey(self, user: int, number: int) -> int | None:
        """The number here of a user's journey."""
        return self._journeys.get((user, number))

    def add_journey(self, user: int, number: int, journey: int) -> None:
        """A journey that has begun."""
        self._journeys[(user, number)] = journey
        self._added_journeys.append((user, number, journey))

    def code(self, text: str) -> int | None:
        """The number of a workflow's version, "workflow@hash"; None when its source was never told."""
        if text not in self._codes:
            workflow, _, hash = text.rpartition("@")
            source = source_of(self._store, workflow, hash)
            self._codes[text] = None if source is None else source.id
        return self._codes[text]

    def take_id(self, id: str, user: int) -> bool:
        """Whether an event is the first of its user with this sender's id."""
        if (id, user) in self._ids:
            return False
        self._ids.add((id, user))
        return True

    def write(self) -> None:
        """Put what was added into the batch."""
        changes = self._unit.changes
        changes.foreign_spans += self._added_spans
        changes.foreign_next += self._moved.items()
        changes.foreign_journeys += self._added_journeys
        changes.refused_turns += self._refused
