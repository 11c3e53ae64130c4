"""Rows in the form that was asked for: a table for people, JSON lines or CSV for scripts."""

from __future__ import annotations

import csv
import dataclasses
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from studio.cli.output import complain, for_people, write
from studio.text.printable import clean, json_line

if TYPE_CHECKING:
    from studio.cli.tables import Columns

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class TableSpec(Generic[Row]):
    """What is told of a row."""

    heads: tuple[str, ...]
    """Of the table."""
    cells: Callable[[Row], Sequence[object]]
    """Of the table, under the heads."""
    fields: tuple[str, ...]
    """Of CSV, in order; JSON may leave out those that hold nothing."""
    record: Callable[[Row], Mapping[str, Any]]
    """What scripts get."""
    least: tuple[int, ...] = ()
    """Cells that a column has before a longer text is met, where rows come one after another."""


def show(spec: TableSpec[Row], rows: Sequence[Row], form: str | None, limit: int, which: str) -> None:
    """Print all there is.

    Args:
        form: "json", "csv", or None for a table.
        limit: rows that are printed; when there are more, people are told.
        which: the rows that are printed then: "the first", "the newest".
    """
    shown = rows[-limit:] if which == "the newest" else rows[:limit]
    if form is not None:
        Stream(spec, form).show(shown)
        return
    # Imported here: scripts get their lines without it.
    from studio.cli.tables import table

    write(table(spec.heads, map(spec.cells, shown)))
    if len(rows) > limit:
        complain(f"({which} {limit:,}; --limit N shows more)", plain=True)


class Stream(Generic[Row]):
    """Prints rows as they come; heads stand above the first."""

    def __init__(self, spec: TableSpec[Row], form: str | None) -> None:
        self._spec = spec
        self._form = form
        self._columns: Columns | None = None
        self._begun = False

    def show(self, rows: Iterable[Row]) -> None:
        """Print the next rows.

        Raises:
            BrokenPipeError: nobody reads any more.
        """
        begun, self._begun = self._begun, True
        if self._form == "json":
            write(json_line(self._spec.record(row)) for row in rows)
        elif self._form == "csv":
            heads = [] if begun else [self._spec.fields]
            write(csv_lines([*heads, *map(self._values, rows)]))
        else:
            if self._columns is None:
                from studio.cli.tables import Columns

                self._columns = Columns(self._spec.heads, self._spec.least)
            write(self._columns.lines(map(self._spec.cells, rows)))

    def _values(self, row: Row) -> list[str]:
        record = self._spec.record(row)
        return [_value(record.get(field)) for field in self._spec.fields]


def csv_lines(rows: Iterable[Sequence[str]]) -> list[str]:
    """Rows as CSV (RFC 4180, but for the line ends, which are those of text here)."""
    text = io.StringIO()
    # What is in this stands in quotes where it is part of a value.
    writer = csv.writer(text, lineterminator="\r\n")
    lines = []
    for row in rows:
        writer.writerow(row)
        lines.append(text.getvalue().removesuffix("\r\n"))
        text.seek(0)
        text.truncate()
    # A pipe gets each value as it is; a terminal must not be steered by one.
    return [clean(line) for line in lines] if for_people() else lines


def _value(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json_line(value)


def record(row: Any) -> dict[str, Any]:
    """A record of the store as JSON: moments as ISO times, under the names of its fields."""
    from studio.clocks.clock import iso

    found = {}
    for field in dataclasses.fields(row):
        value = getattr(row, field.name)
        found[field.name] = iso(value) if field.name.endswith("_at") and value is not None else value
    return found


def fields(kind: type[Any]) -> tuple[str, ...]:
    """The names that `record` gives."""
    return tuple(field.name for field in dataclasses.fields(kind))
