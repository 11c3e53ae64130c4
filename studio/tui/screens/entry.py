"""All of one entry of the history: its facts, its text, its data, its traceback."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import work

from studio.errors import StudioError
from studio.store.records import Entry
from studio.store.views import Views
from studio.tui.format.pieces import Pieces
from studio.tui.format.text import LITERAL_CHARS, literal
from studio.tui.screens.modal_page import ModalPage
from studio.tui.session.context import session_of
from studio.tui.widgets.entry_text import say
from studio.wording.entries import Surroundings
from studio.wording.times import day_clock

if TYPE_CHECKING:
    from studio.tui.session.reader import Reader

MOST_LINES = 20_000


@dataclass(frozen=True, slots=True)
class EntryQuestion:
    """The whole entry; rows keep only what they show."""

    seq: int

    def read(self, views: Views) -> list[str] | None:
        """Text and data as lines, written out here because big ones take a while."""
        found = views.entries(after=self.seq - 1, limit=1)
        if not found or found[0].seq != self.seq:
            return None
        return body(found[0])


def body(entry: Entry) -> list[str]:
    """What an entry holds, as literal lines."""
    parts: list[str] = []
    if entry.message and entry.kind == "log":
        parts.append(entry.message)
    data = entry.data
    if isinstance(data, dict) and isinstance(data.get("traceback"), str):
        parts.append(data["traceback"])
        data = {name: value for name, value in data.items() if name not in ("traceback", "source")}
    if data:
        parts.append(json.dumps(data, ensure_ascii=False, indent=2, default=str))
    lines: list[str] = []
    for part in parts:
        for line in part.split("\n"):
            # A line longer than what is looked at at once goes on in the next.
            for start in range(0, max(1, len(line)), LITERAL_CHARS // 4):
                lines.append(literal(line[start : start + LITERAL_CHARS // 4].replace("\t", "    ")))
        lines.append("")
    return lines[:MOST_LINES]


class EntryScreen(ModalPage):
    """`⏎` on an entry.

    Args:
        reader: of another store than the studio's.
    """

    def __init__(self, entry: Entry, reader: Reader | None = None) -> None:
        super().__init__()
        self._entry = entry
        self._reader = reader

    def on_mount(self) -> None:
        """Show the facts at once, the rest when it is read."""
        self.page.set_titles(f"{self._entry.kind} · {self._entry.seq}", "esc closes")
        self.page.show_lines(self._facts())
        self._read()

    def _facts(self) -> list[Pieces]:
        entry = self._entry
        said = say(entry, Surroundings(), entry.at)
        lines: list[Pieces] = [((f" {said.sign} ", said.tone), (said.text, "strong")), ()]
        late = f", {entry.late_ms:,} ms late" if entry.late_ms else ""
        for name, value in (
            ("at", f"{day_clock(entry.at)}.{entry.at % 1000:03d}{late}"),
            ("user", entry.user),
            ("journey", entry.journey),
            ("pass", entry.pass_number),
            ("key", entry.key),
            ("line", entry.line),
            ("id", entry.id),
            ("caused by", None if entry.cause is None else f"entry {entry.cause}"),
            ("version", entry.code),
        ):
            if value is not None:
                lines.append(((f"   {name:<9}", "muted"), (literal(str(value)), "text")))
        return [*lines, ()]

    @work(exit_on_error=False)
    async def _read(self) -> None:
        reader = self._reader or session_of(self).reader
        if reader is None:
            return
        try:
            lines = await reader.ask(EntryQuestion(self._entry.seq).read)
        except StudioError as error:
            lines = [literal(str(error))]
        if lines is None:
            lines = ["This entry is no longer in the store."]
        if self.is_attached:
            self.page.show_lines([*self._facts(), *(((f"   {line}", "text"),) for line in lines)])
