"""One turn as changes of the store: the same rows, with the store's own numbers."""

from __future__ import annotations

from typing import Any

from studio.engine.work.unit_of_work import StoreUnit
from studio.kernel.entry_numbers import renumbered
from studio.kernel.pass_fold import key_of
from studio.kernel.state import JourneyState
from studio.kernel.text_numbers import row_in
from studio.kernel.turn import Turn
from studio.language.kinds import Kind
from studio.sink.numbers import Numbers
from studio.store.foreign import Span
from studio.text import json_text as jsontext


def take_turn(turn: Turn, unit: StoreUnit, numbers: Numbers) -> None:
    """Put a turn on top of what the batch has.

    Raises:
        Exception: it is not what a partition gives; what it has changed so far is worth nothing.
    """
    _Taking(turn, unit, numbers).run()


class _Taking:
    def __init__(self, turn: Turn, unit: StoreUnit, numbers: Numbers) -> None:
        self.turn = turn
        self.unit = unit
        self.numbers = numbers
        self.user = unit.user(turn.user)
        self.names = [unit.name_id(text) for text in turn.names]
        self.users = [None if numbers.is_gone(name) else unit.user(name).id for name in turn.users]
        self.origins = {
            seq: (sender, number)
            for seq, sender, number in turn.origins
            # What an erased user sent is in the others' past, from nowhere.
            if not numbers.is_forgotten(sender, number)
        }
        self.fields = {fields[0]: fields for fields in turn.journeys}
        self.waits = {wait[0]: wait for wait in turn.waits}
        self.spans: list[Span] = []

    def run(self) -> None:
        turn = self.turn
        if [row[0] for row in turn.rows] != list(range(turn.first, turn.next)):
            raise ValueError("its entries do not follow one another")
        self._place()
        for row in turn.rows:
            if row[0] not in self.origins:
                self._entry(row)
        for id in turn.ended:
            self._end(self._here(id))
        for id, due in turn.moved:
            wait = self.unit.wait_at(self._here(id))
            if wait is None:
                raise ValueError(f"it moves a wait that is not open: {id}")
            self.unit.set_due(wait, due)
        for seq, profile in turn.profiles:
            self.unit.put_profile(self.user, self._here(seq), profile)
        for fields in turn.journeys:
            self._set_journey(fields)
        self.numbers.turn_taken(self.user.id, turn, self.spans)

    # -- entries ---------------------------------------------------------------------------

    def _entry(self, fields: list[Any]) -> None:
        seq = fields[0]
        unit = self.unit
        number = self._here(seq)
        _, at, kind, user, journey_no, pass_no, name, n, place, cause, _, late, id, data, meta = row_in(
            [*fields[:10], None, *fields[11:]], self.names, self.users
        )
        journey = None if journey_no is None else self._journey(journey_no, seq, number)
        if journey is not None:
            journey.pass_no = pass_no
        if data is not None and kind not in (Kind.EVENT, Kind.STEP_DONE, Kind.STEP_FAILED):
            data = self._data(data, kind)
        if kind == Kind.EVENT and user is None:
            # It was sent to somebody who was erased since: a thing done, without name and data.
            id = data = meta = None
        if id is not None and not self.numbers.take_id(id, user):
            # It was sent to a user who had it already, and counts once there.
            id = None
        code = None if fields[10] is None else self.numbers.code(self.turn.names[fields[10]])
        cause = None if cause is None else self._here(cause)
        appended = unit.append(at, kind, user, journey, name, n, place, cause, data, late, id, meta, code)
        assert appended == number
        if journey is not None and (wait := self.waits.get(seq)) is not None:
            self._open(journey, number, fields, wait)

    def _place(self) -> None:
        """Where the entries will stand here: one may name another that stands behind it.

        An event that another user's journey sent stands here already, as the outcome of sending it.
        """
        number = self.unit.seq
        for seq in range(self.turn.first, self.turn.next):
            origin = self.origins.get(seq)
            if origin is not None:
                sender, sent = origin
                here = self.numbers.here(self.unit.user(sender).id, sent)
            else:
                here, number = number, number + 1
            last = self.spans[-1] if self.spans else None
            if last is not None and here == last.base + seq - last.first:
                self.spans[-1] = Span(last.first, seq, last.base)
            else:
                self.spans.append(Span(seq, seq, here))
        for span in self.spans:
            self.numbers.add_span(self.user.id, span)

    def _here(self, number: int) -> int:
        return self.numbers.here(self.user.id, number)

    def _data(self, text: str, kind: int) -> str:
        if text[:1] != "{" or Kind.LOG_DEBUG <= kind <= Kind.NOTE:
            return text
        facts = jsontext.loads(text)
        moved = renumbered(facts, kind, self._here)
        return text if moved is facts or moved == facts else jsontext.dumps(moved)

    # -- journeys and waits ----------------------------------------------------------------

    def _journey(self, number: int, seq: int, here: int) -> JourneyState:
        user = self.user.id
        id = self.numbers.journey(user, number)
        if id is None:
            fields = self.fields[number]
            journey = self.unit.put_journey(self.user, self.names[fields[1]], fields[2], fields[3], here)
            self.numbers.add_journey(user, number, journey.id)
            return journey
        found = self.unit.journey_by_id(id)
        if found is None:
            raise ValueError(f"its journey {number} is not here any more")
        return found

    def _open(self, journey: JourneyState, number: int, fields: list[Any], wait: list[Any]) -> None:
        _, _, kind, name, due = wait
        event = None if name is None else 0 if name < 0 else self.names[name]
        label = None if fields[6] is None else self.names[fields[6]]
        place = None if fields[8] is None else self.names[fields[8]]
        key = key_of(kind, label, fields[7], fields[13], self.unit.name_text)
        self.unit.open_wait(journey, number, kind, event, due, key, fields[13], None, label, place)

    def _end(self, number: int) -> None:
        wait = self.unit.wait_at(number)
        if wait is None:
            raise ValueError(f"it ends a wait that is not open: {number}")
        self.unit.end_wait(wait)

    def _set_journey(self, fields: list[Any]) -> None:
        number, _, _, _, status, pass_no, pass_seq, trigger, since, runaway_count, note = fields
        id = self.numbers.journey(self.user.id, number)
        journey = None if id is None else self.unit.journey_by_id(id)
        if journey is None:
            raise ValueError(f"it speaks of a journey that is not here: {number}")
        journey.status, journey.pass_no, journey.runaway_count, journey.note = (
            status,
            pass_no,
            runaway_count,
            note,
        )
        journey.pass_seq, journey.trigger = self._here(pass_seq), self._here(trigger)
        journey.since = self._here(since)
        journey.touched = True
