"""The inside of a journey as lines: what it does, its stack of awaits with the source, its variables."""

from __future__ import annotations

from collections.abc import Iterator

from studio.engine.inspect.frames import Frame
from studio.engine.inspect.result import STATE_WORDS, Awaited, Inspection
from studio.text import json_text as jsontext
from studio.tui.format.glyphs import glyphs
from studio.tui.format.pieces import Pieces
from studio.tui.format.text import literal
from studio.tui.widgets.colouring import coloured
from studio.tui.widgets.entry_text import say
from studio.wording.entries import Surroundings
from studio.wording.times import clock, day_clock, same_day

NAME_CELLS, TYPE_CELLS = 24, 16
"""The most that the names and the types of variables take beside their values."""
_TONES = {"waits": "warning", "returned": "success", "raised": "error", "hangs": "error"}


def inside(found: Inspection) -> list[Pieces]:
    """The lines, with the innermost function of the author's marked."""
    lines: list[Pieces] = [_head(found), *_facts(found)]
    if not found.frames:
        lines += [(), (("   no function of it is running", "muted"),)]
    for number, frame in enumerate(found.frames):
        lines += [(), *_frame(frame, chosen=number == found.selected)]
    return [*lines, ()]


def _head(found: Inspection) -> Pieces:
    mark = glyphs()
    sign = {
        "begins": mark.again,
        "waits": mark.wait,
        "said": mark.log,
        "returned": mark.completed,
        "raised": mark.failed,
        "hangs": mark.failed,
    }[found.state]
    when = "now" if found.now else "then"
    pieces = ((f" {sign} ", _TONES.get(found.state, "accent")), (f"{when}: ", "muted"))
    return (*pieces, (STATE_WORDS[found.state], "strong"))


def _facts(found: Inspection) -> Iterator[Pieces]:
    said = say(found.entry, Surroundings(), found.at)
    if found.waits is not None:
        yield from _awaited(found.waits, "at", found.at)
    if found.result is not None:
        yield _fact("gives", (literal(found.result), "success"))
    if found.error is not None:
        yield _fact("raises", (literal(found.error), "error"))
    if found.note is not None:
        yield _fact("but", (literal(found.note), "warning"))
    yield _fact("entry", (f"{said.sign} ", said.tone), (said.text, "text"), (f"  {found.entry.seq}", "muted"))
    yield _fact("time", (f"{day_clock(found.at)}.{found.at % 1000:03d}", "text"))
    yield _fact("pass", (str(found.pass_number), "text"))
    version = "  the running version" if found.current else "  not the running version"
    yield _fact("version", (found.code, "text"), (version, "muted" if found.current else "warning"))


def _fact(name: str, *value: tuple[str, str]) -> Pieces:
    return ((f"   {name:<7} ", "muted"), *value)


def _moment(at: int, beside: int) -> str:
    """Without its day where that is the day of the moment that stands below."""
    return clock(at) if same_day(at, beside) else day_clock(at)


def _awaited(awaited: Awaited, label: str, at: int) -> Iterator[Pieces]:
    pieces = [(awaited.kind, "text")]
    if awaited.name is not None:
        pieces.append((f" {literal(awaited.name)}", "strong"))
    if awaited.match:
        pieces.append((f"  {literal(jsontext.dumps(dict(awaited.match)))}", "text"))
    if awaited.opened_at is not None:
        pieces.append((f"  since {_moment(awaited.opened_at, at)}", "muted"))
    if awaited.due_at is not None:
        pieces.append((f"  until {_moment(awaited.due_at, at)}", "muted"))
    if awaited.over:
        pieces.append(("  over", "muted"))
    yield _fact(label, *pieces)
    for member in awaited.members:
        yield from _awaited(member, "   of", at)


def _frame(frame: Frame, *, chosen: bool) -> Iterator[Pieces]:
    mark = f" {glyphs().cursor} " if chosen else "   "
    name = "strong" if chosen else "text" if frame.own else "muted"
    yield (mark, "accent"), (literal(frame.place), name), (f"  {literal(frame.function)}", "muted")
    source = coloured(frame.source)[0] if frame.own else ((literal(frame.source), "muted"),)
    yield (f"   {frame.line:>5} ", "accent" if chosen else "muted"), *source
    names = min(NAME_CELLS, max((len(each.name) for each in frame.variables), default=0))
    types = min(TYPE_CELLS, max((len(each.type) for each in frame.variables), default=0))
    for each in frame.variables:
        # The first piece ends with a blank: a long value goes on below itself.
        label = f"         {literal(each.name):<{names}}  {literal(each.type):<{types}}  "
        yield (label, "muted"), (literal(each.text), "text")
