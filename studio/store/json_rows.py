"""Rows of the history as lines of JSON, as `json_line(entry.as_json())` writes them, without the entries.

Lines are mostly the same text: of a thousand journeys that wait at one line, each "wait.opened" differs in
its moment, user, journey and seq alone. So the text around these is made once for all rows that have the rest
in common, from the entry of the first of them. What may stand in a line otherwise than it is written (marks
in ids, letters beyond ASCII), or is each entry's own, goes by its entry, as ever.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from studio.clocks.clock import iso
from studio.language.kinds import Kind
from studio.store.entries import entry
from studio.text.printable import json_line

Row = tuple[Any, ...]

MOST_SHAPES = 2_000
"""Texts that are kept; then it begins anew."""
LONGEST_DATA = 200
"""Characters: longer data are hardly ever the same."""
# Private use: no control character, so JSON writes them as they are.
_HOLE, _NUMBER = "\ue0f0", "\ue0f1"


class JsonPage(NamedTuple):
    """Lines of some entries that follow one another."""

    lines: list[str]
    last: int
    """seq of the last entry."""
    failed: int
    """How many of them say that a journey failed."""


class JsonRows:
    """Makes lines of rows of `entries.COLUMNS`."""

    def __init__(self) -> None:
        self._known: dict[Row, tuple[str, ...] | None] = {}
        self._now: tuple[int | None, str] = (None, "")
        """The moment of the row before, and its text: what was committed together has one."""

    def page(self, rows: list[Row]) -> JsonPage:
        """The lines of rows; of one at least."""
        return JsonPage(
            [self._line(row) for row in rows], rows[-1][0], sum(r[2] == Kind.FAILED for r in rows)
        )

    def _line(self, row: Row) -> str:
        (
            seq, at, kind, user, workflow, owner, journey_key, journey_n, pass_number, name, n, place,
            _, _, late, id, data, _, _, _,
        ) = row  # fmt: skip
        if (
            user is None
            or id is not None
            or late
            or kind == Kind.REFUSED
            or (owner is not None and (owner != user or journey_key or journey_n != 1))
            or (data is not None and len(data) > LONGEST_DATA)
            or not _is_plain(user)
        ):
            return json_line(entry(row).as_json())
        shape = (kind, workflow, owner is None, pass_number, name, n, place, data)
        texts = self._known.get(shape, ())
        if texts == ():
            texts = self._learn(shape, row)
        if texts is None:
            return json_line(entry(row).as_json())
        if at != self._now[0]:
            self._now = (at, iso(at))
        if owner is None:
            before, between, behind, end = texts
            return f"{before}{self._now[1]}{between}{user}{behind}{seq}{end}"
        before, between, then, behind, end = texts
        return f"{before}{self._now[1]}{between}{user}{then}{user}{behind}{seq}{end}"

    def _learn(self, shape: Row, row: Row) -> tuple[str, ...] | None:
        """The texts around what is a row's own; None when its line is not made that way."""
        if len(self._known) >= MOST_SHAPES:
            self._known.clear()
        found = entry(row)
        line = found.as_json()
        line["time"] = line["user"] = _HOLE
        line["seq"] = _NUMBER
        texts: tuple[str, ...] | None = None
        # Where the user's name has no mark, older and newer ids are alike.
        if found.journey is None or found.journey == f"{found.workflow}/{found.user}":
            if found.journey is not None:
                line["journey"] = f"{found.workflow}/{_HOLE}"
            text = json_line(line)
            if text.count(_NUMBER) == 1:
                texts = tuple(text.replace(f'"{_NUMBER}"', _HOLE).split(_HOLE))
            if texts is not None and len(texts) != (4 if found.journey is None else 5):
                # They stand in its own text, too.
                texts = None
        self._known[shape] = texts
        return texts


def _is_plain(name: str) -> bool:
    """Whether a name stands in JSON, and in a journey's id, as it is."""
    if not name.isascii() or not name.isprintable():
        return False
    return '"' not in name and "\\" not in name and "/" not in name and "~" not in name
