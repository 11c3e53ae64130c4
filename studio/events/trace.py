"""The trace of a run, for people: what happened, in order, a line each.

      +0.0s  app/email.submitted
      +1.0s      waited 1s for account.created -> send reminder   ◆ reminder/account.created
     +10.0s  app/account.created

Events from outside stand flush left, what journeys said under them, and an event that a
journey sent at the right of the line that came with it. Waits and sleeps that were opened
are left out: they are the machinery, `--json` and `timeline` have them. So has a *whole*
trace, which is for comparing: a line an entry, and times to the millisecond.

Below the command line, because tests and event files that are checked show the same. Its words are its
own, and not those of an entry in a list (`wording/entries.py`): traces are kept in files and compared
with later ones.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from studio.clocks import durations
from studio.language.journey_ids import behind_user
from studio.text.printable import cells, clean, column, cut, pad, styled

if TYPE_CHECKING:
    from studio.store.records import Entry

INDENT = "    "
SENT_COLUMN = 72
"""Where events that journeys sent begin, if the line before them is not longer."""
USER_WIDTH = 16
"""The widest that the column of users gets."""

_LEVELS = {
    "warning": ("! ", "yellow"),
    "error": ("✗ ", "red"),
    "note": ("note: ", "dim"),
    "debug": ("", "dim"),
}
_ENDS = {
    "journey.exited": "exited",
    "journey.cancelled": "cancelled",
    "journey.resumed": "resumed",
    "journey.restarted": "restarted",
    "journey.reopened": "reopened",
}
SHOWN = frozenset(
    (
        "event",
        "event.duplicate",
        "hook.failed",
        "log",
        "step.done",
        "step.retry",
        "step.failed",
        "journey.completed",
        "journey.failed",
        *_ENDS,
        "workflow.failed",
        "clock.moved",
    )
)
"""Kinds of which a trace that is not whole says something."""


class Trace:
    """Turns entries into lines.

    Args:
        start: the moment that is shown as +0.0s; None shows local time.
        users: width of a column that says whose entry it is; 0 for none.
        width: columns of the terminal; None cuts nothing.
        styles: whether the terminal may be sent styles.
        whole: leave nothing out but what is about the machine: for comparing.
    """

    def __init__(
        self,
        *,
        start: int | None,
        users: int,
        width: int | None = None,
        styles: bool = False,
        whole: bool = False,
    ) -> None:
        self._whole = whole
        self._start = start
        self._users = min(users, USER_WIDTH)
        self._width = width
        self._styles = styles
        self.kinds = None if whole else SHOWN
        """Whose entries make lines, as they are printed: others need not be handed over. None: all."""
        self._now: tuple[int, str] | None = None
        """The moment of the line before, and how it is shown: what was committed together has one."""
        self._said: tuple[Entry, str, str] | None = None
        """A line whose journey may have sent an event with it: that would stand beside it."""

    def take(self, entries: Iterable[Entry]) -> Iterator[str]:
        """Lines for the next entries."""
        for e in entries:
            sent = e.kind == "event" and e.journey is not None
            if sent and self._said is not None and self._beside(self._said[0], e):
                said, text, style = self._said
                right = f"◆ {self._event(e)}"
                line = pad(text, max(SENT_COLUMN, cells(text) + 3)) + right
                if self._width is None or cells(self._left(said)) + cells(line) <= self._width:
                    self._said = None
                    yield self._line(said, line, style)
                    continue
            yield from self.flush()
            if e.kind == "log":
                *firsts, last = self._log(e)
                for text, style in firsts:
                    yield self._line(e, text, style)
                self._said = (e, *last)
                if self._whole:
                    yield from self.flush()
                continue
            for text, style in self._texts(e):
                yield self._line(e, text, style)

    def flush(self) -> Iterator[str]:
        """The line that was kept back, when nothing will come beside it."""
        if self._said is not None:
            said, self._said = self._said, None
            yield self._line(*said)

    @staticmethod
    def _beside(said: Entry, sent: Entry) -> bool:
        # Nothing may lie between, also of a kind that is not shown.
        follows = sent.seq == said.seq + 1
        return follows and said.journey == sent.journey and said.cause == sent.cause and said.at == sent.at

    # -- one entry -------------------------------------------------------------------------

    def _texts(self, e: Entry) -> Iterator[tuple[str, str]]:
        """What an entry is shown as: (text, style); nothing for the machinery."""
        name = clean(e.name or "")
        message = clean(e.message or "")
        if e.kind == "event":
            yield (f"{INDENT}◆ {self._event(e)}" if e.journey else self._event(e)), ""
        elif e.kind == "hook.failed":
            yield f"{INDENT}✗ {message}", "red"
        elif e.kind == "event.duplicate":
            yield f"{INDENT}◆ {name} is not sent: {message}", "dim"
        elif e.kind == "step.done":
            yield f"{INDENT}■ {name}", "green"
        elif e.kind == "step.retry":
            pause = e.data.get("pause") if isinstance(e.data, dict) else None
            again = f", again in {durations.show(pause)}" if isinstance(pause, int) and pause >= 0 else ""
            yield f"{INDENT}↻ {name}: {message}{again}", "yellow"
        elif e.kind == "step.failed":
            if _field(e, "type") != "closed":
                yield f"{INDENT}✗ {name}: {message}", "red"
        elif e.kind == "journey.completed":
            yield f"{INDENT}✓ {_journey(e)} completed {message}".rstrip(), "green"
        elif e.kind == "journey.failed":
            where = f" at {clean(e.line)}" if e.line else ""
            yield f"{INDENT}✗ {_journey(e)} failed{where}: {_once(message, e.line)}", "red"
            if source := _field(e, "source"):
                yield f"{INDENT}  {clean(str(source))}", "red"
        elif e.kind in _ENDS:
            yield f"{INDENT}⊘ {_journey(e)} {_ENDS[e.kind]}", "yellow"
        elif e.kind == "workflow.failed":
            yield f"✗ {clean(e.line or e.workflow or '')}: {message}", "red"
        elif e.kind == "clock.moved":
            if not self._whole:
                yield "» the clock was moved", "dim"
        elif self._whole and (machinery := _machinery(e)):
            yield f"{INDENT}{machinery}", "dim"

    def _log(self, e: Entry) -> list[tuple[str, str]]:
        sign, style = _LEVELS.get(e.level or "", ("", ""))
        lines = (e.message or "").splitlines() or [""]
        return [(f"{INDENT}{sign}{clean(line)}", style) for line in lines]

    def _event(self, e: Entry) -> str:
        """An event's name, and which of several of that name it is, where its data says so."""
        text = clean(e.name or "")
        if self._whole:
            text += f" {clean(json.dumps(e.data, ensure_ascii=False))}" if e.data else ""
        elif (id := _id_of(e)) is not None:
            text += f" ({cut(clean(id), 40)})"
        known = e.journey is not None and e.user is not None and e.workflow is not None
        if known and behind_user(e.journey or "", e.workflow or "", e.user or "") is None:
            # Sent to another user than the journey's own.
            text += f" to {clean(e.user or '')}"
        return text

    # -- the columns -----------------------------------------------------------------------

    def _line(self, e: Entry, text: str, style: str) -> str:
        left = self._left(e)
        # What went wrong is read to its end: the terminal may break that line.
        if self._width is not None and style != "red":
            text = cut(text, max(10, self._width - cells(left)))
        return styled(left, "dim", self._styles) + styled(text, style, self._styles)

    def _left(self, e: Entry) -> str:
        left = f"{self._time(e.at):>8}  "
        if self._users:
            left += column(clean(e.user or ""), self._users) + "  "
        return left

    def _time(self, at: int) -> str:
        if self._now is None or self._now[0] != at:
            self._now = at, self._shown(at)
        return self._now[1]

    def _shown(self, at: int) -> str:
        if self._start is None:
            return datetime.fromtimestamp(at / 1000).strftime("%H:%M:%S")  # noqa: DTZ006
        passed = max(0, at - self._start)
        return f"+{durations.show(passed) if self._whole else durations.short(passed)}"


def _machinery(e: Entry) -> str | None:
    """What only a whole trace has: how waits and sleeps open and end, and where a pass begins."""
    name, message = clean(e.name or ""), clean(e.message or "")
    if e.kind == "wait.opened":
        return f"◷ waits for {name}" + (f" ({message})" if message else "")
    if e.kind == "wait.matched":
        return f"◉ {name} matched" + (f" ({message})" if message else "")
    if e.kind == "wait.timeout":
        return f"◷ {name} timed out"
    if e.kind == "sleep.opened":
        return f"☾ sleeps {message}".rstrip()
    if e.kind == "journey.started":
        return f"▶ {_journey(e)} begins"
    if e.kind == "journey.pass":
        return f"↻ pass {e.pass_number}"
    return None


def _field(e: Entry, name: str) -> Any:
    return e.data.get(name) if isinstance(e.data, dict) else None


def _journey(e: Entry) -> str:
    """ "cart" of cart/ada, "cart/c1~2" of cart/ada/c1~2: which of a user's journeys it is."""
    workflow = e.workflow or ""
    return clean(workflow + (behind_user(e.journey or "", workflow, e.user or "") or ""))


def _once(message: str, line: str | None) -> str:
    """What went wrong, without the place that stands before it already."""
    return message.replace(f"WorkflowError: {clean(line)}: ", "", 1) if line else message


def _id_of(e: Entry) -> str | None:
    """ "post1" of {"userId": "user1", "id": "post1"}, "c1" of {"cart_id": "c1"}."""
    if not isinstance(e.data, dict):
        return None
    ids = [name for name in e.data if name.endswith(("_id", "Id"))]
    for name in ("id", *ids):
        value = e.data.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value) != e.user:
            return str(value)
    return None
