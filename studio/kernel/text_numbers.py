"""Rows whose numbers of names and users stand for texts beside them: what leaves one history for another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from studio.kernel.state import JourneyState, Row

USER, JOURNEY, NAME, PLACE, CODE, ID = 3, 4, 6, 8, 10, 12
"""Where an entry's row has them."""


class TextNumbers:
    """Gives texts numbers from 0 on, as they come.

    Args:
        text_of: the text of a number of the history that is left.
    """

    def __init__(self, text_of: Callable[[int], str]) -> None:
        self.texts: list[str] = []
        self._text_of = text_of
        self._given: dict[int, int] = {}

    def __call__(self, number: int) -> int:
        found = self._given.get(number)
        if found is None:
            found = self._given[number] = len(self.texts)
            self.texts.append(self._text_of(number))
        return found


def row_out(row: Row, names: TextNumbers, users: TextNumbers) -> list[Any]:
    """An entry's row, with numbers of texts that go with it."""
    fields = list(row)
    for at in (NAME, PLACE, CODE):
        if fields[at] is not None:
            fields[at] = names(fields[at])
    if fields[USER] is not None:
        fields[USER] = users(fields[USER])
    return fields


def row_in(fields: list[Any], names: Sequence[int], users: Sequence[int | None]) -> Row:
    """The row of another history: texts have the numbers there that are given."""
    row = list(fields)
    for at in (NAME, PLACE, CODE):
        if row[at] is not None:
            row[at] = names[row[at]]
    if row[USER] is not None:
        row[USER] = users[row[USER]]
    return tuple(row)


def journey_fields(journey: JourneyState) -> list[Any]:
    """What a journey is.

    Returns:
        Its number, the number of its workflow's name, key, n, status, pass, the entry at which the pass
        began, its trigger, the journey's first trigger, passes without time moving, note.
    """
    j = journey
    begun = [j.id, j.workflow_id, j.key, j.n, j.status, j.pass_no, j.pass_seq]
    return [*begun, j.trigger, j.since, j.runaway_count, j.note]
