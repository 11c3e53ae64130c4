"""The picture of the lanes: a user's history, now and a width to rows of cells.

Pure, so that its laws are tested on their own: a row is exactly as wide as asked, two bars
of a row never share a cell, now is always seen on the axis that fits. Shape tells the state,
colour repeats it: a bar that matched ends in ◉, one that timed out runs into a wall, one that
is open goes on dashed beyond now to an arrow, with what is left beside it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from studio.tui.format.countdown import URGENT_MS
from studio.tui.format.glyphs import ASCII, glyphs
from studio.tui.lanes.lane_axis import SCALE_NAMES, SCALES, Axis, FitAxis, LinearAxis
from studio.tui.lanes.lane_model import ENDED, NO_ENTRY, Bar, Lane, LaneMark, Lanes
from studio.wording.times import DAY, HOUR, MINUTE, SECOND, left, span

RESERVED = 9
"""Cells behind the axis, for an arrow's countdown: " 6d 23h"."""
MOST_BRANCHES = 3
LEAST_WIDTH = 12


@dataclass(frozen=True, slots=True)
class LaneGlyphs:
    """What bars are drawn with."""

    start: str = "┣"
    wait: str = "━"
    wait_now: str = "╋"
    wait_ahead: str = "╍"
    sleep: str = "─"
    sleep_now: str = "┼"
    sleep_ahead: str = "┄"
    arrow: str = "▷"


_UNICODE = LaneGlyphs()
_ASCII = LaneGlyphs("[", "=", "+", "-", "-", "+", ".", ">")


def lane_signs() -> LaneGlyphs:
    """For this terminal."""
    return _ASCII if glyphs() is ASCII else _UNICODE


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a row."""

    text: str = " "
    tone: str = "text"
    strong: bool = False


BLANK = Cell()
_FREE, _NOW, _BODY, _START, _CROSSING, _MARK, _END, _WORDS, _MOVE = range(9)
"""What covers what: the later of two in one cell."""


@dataclass(slots=True)
class LaneRow:
    """A line of the picture: a name at its left, then cells."""

    name: str
    tone: str
    width: int
    journey: str | None = None
    kind: str = "lane"
    """axis, events, lane, passes, branch, more."""
    cells: list[Cell] = field(default_factory=list)
    ranks: list[int] = field(default_factory=list)
    hits: list[tuple[int, int]] = field(default_factory=list)
    """Columns with the entries that stand there, for the mouse."""
    spans: list[tuple[int, int]] = field(default_factory=list)
    """First and last column of each bar, in their order."""

    def __post_init__(self) -> None:
        self.cells = [BLANK] * self.width
        self.ranks = [_FREE] * self.width

    def put(self, column: int, text: str, tone: str, rank: int, strong: bool = False) -> None:
        """Write a cell, unless something that counts more stands there."""
        if 0 <= column < self.width and rank >= self.ranks[column]:
            self.cells[column] = Cell(text, tone, strong)
            self.ranks[column] = rank

    def write(self, column: int, text: str, tone: str, rank: int, strong: bool = False) -> None:
        """Write a text of plain characters."""
        for offset, char in enumerate(text):
            self.put(column + offset, char, tone, rank, strong)

    def free(self, start: int, end: int) -> bool:
        """Whether these columns lie inside, with nothing but time in them."""
        return (
            start >= 0 and end <= self.width and all(rank <= _NOW for rank in self.ranks[max(0, start) : end])
        )

    @property
    def text(self) -> str:
        """The cells as plain text."""
        return "".join(cell.text for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Picture:
    """The rows, from top to bottom."""

    rows: tuple[LaneRow, ...]
    now_column: int


def draw(lanes: Lanes, axis: Axis, now: int, width: int, height: int, focus: str | None = None) -> Picture:
    """Lay out a user's history.

    Args:
        width: of the cells of a row, without the name.
        height: rows at most; two are for axis and events.
        focus: the journey that must be among those drawn.
    """
    now_column = axis.column(now)
    limit = width - RESERVED
    rows = [_axis_row(lanes, axis, now, width), _events_row(lanes, axis, width)]
    chosen, passes, branches, hidden = _choose(lanes, height - len(rows), focus)
    for lane in chosen:
        rows.append(_lane_row(lane, axis, now, width, limit))
        if lane.journey in passes:
            rows.append(_passes_row(lane, axis, width))
        shown = branches.get(lane.journey, 0)
        for branch in lane.branches[:shown]:
            rows.append(_branch_row(lane, branch, axis, now, width, limit))
        if shown and len(lane.branches) > shown:
            row = LaneRow("", "muted", width, lane.journey, "more")
            row.write(0, f"+{len(lane.branches) - shown}", "muted", _WORDS)
            rows.append(row)
    if hidden:
        row = LaneRow("", "muted", width, None, "more")
        row.write(0, f"+{hidden:,} journey{'s' if hidden > 1 else ''}", "muted", _WORDS)
        rows.append(row)
    move = glyphs().moved
    for row in rows[1:]:
        if row.kind == "more":
            continue
        for mark in lanes.moves:
            row.put(axis.column(mark.at), move, "accent", _MOVE)
        row.put(now_column, glyphs().now, "accent", _NOW)
    return Picture(tuple(rows[: max(0, height)]), now_column)


def _choose(lanes: Lanes, room: int, focus: str | None) -> tuple[list[Lane], set[str], dict[str, int], int]:
    """Which lanes have room, which show their passes, and how many branches each.

    Lanes come first, then branches, then passes.
    """
    hidden = lanes.more
    chosen = list(lanes.lanes)
    if len(chosen) + bool(hidden) > room:
        kept = max(0, room - 1)
        wanted = next((lane for lane in chosen if lane.journey == focus), None)
        hidden += len(chosen) - kept
        chosen = chosen[:kept]
        if wanted is not None and chosen and wanted not in chosen:
            chosen[-1] = wanted
    room -= len(chosen) + bool(hidden)
    branches: dict[str, int] = {}
    for lane in chosen:
        shown = min(len(lane.branches), MOST_BRANCHES)
        needed = shown + (len(lane.branches) > shown)
        if shown and needed <= room:
            branches[lane.journey] = shown
            room -= needed
    passes = set()
    for lane in chosen:
        if len(lane.passes) > 1 and room > 0:
            passes.add(lane.journey)
            room -= 1
    return chosen, passes, branches, hidden


# -- rows -----------------------------------------------------------------------------------


def _axis_row(lanes: Lanes, axis: Axis, now: int, width: int) -> LaneRow:
    if isinstance(axis, LinearAxis):
        return _linear_labels(axis, now, width)
    row = LaneRow("fit", "faint", width, kind="axis")
    _now_label(row, axis, now)
    if not isinstance(axis, FitAxis) or not axis.moments:
        return row
    _fold_labels(row, axis)
    # A picture may begin in the middle of a long history: its times count from the user's start all the same.
    base = axis.moments[0] if lanes.start_at is None else min(lanes.start_at, axis.moments[0])
    # The last one first: how far the picture goes is worth more than a step in between.
    for at in (axis.moments[-1], *axis.moments[:-1]):
        label, column = offset(at - base), axis.column(at)
        start = min(column, width - len(label))
        if at != now and row.free(max(0, start - 1), min(width, start + len(label) + 1)):
            row.write(start, label, "muted", _WORDS)
    return row


def _fold_labels(row: LaneRow, axis: FitAxis) -> None:
    """How long nothing happened, where that was long: whole, shorter, or only that it is folded."""
    sign = glyphs().folded
    for start, end, ms in axis.folds:
        for label in (f"{sign} {span(ms)} {sign}", f"{sign}{span(ms).partition(' ')[0]}{sign}", sign):
            column = start + 1 + (end - start - 1 - len(label)) // 2
            if column > start and row.free(column, column + len(label)) and column + len(label) <= end:
                row.write(column, label, "faint" if label == sign else "muted", _WORDS)
                break


def _linear_labels(axis: LinearAxis, now: int, width: int) -> LaneRow:
    row = LaneRow(f"{SCALE_NAMES[_scale_index(axis)]}/cell", "faint", width, kind="axis")
    _now_label(row, axis, now)
    every = axis.scale_ms * 12
    first = -(-axis.origin_at // every) * every
    for at in range(first, axis.moment(width), every):
        label = moment(at, axis.scale_ms)
        column = axis.column(at)
        if row.free(max(0, column - 1), column + len(label) + 1):
            row.write(column, label, "muted", _WORDS)
    return row


def _scale_index(axis: LinearAxis) -> int:
    return SCALES.index(axis.scale_ms)


def _now_label(row: LaneRow, axis: Axis, now: int) -> None:
    column = axis.column(now)
    if 0 <= column < row.width:
        row.write(max(0, min(column - 1, row.width - 3)), "now", "accent", _MOVE, strong=True)


def _events_row(lanes: Lanes, axis: Axis, width: int) -> LaneRow:
    row = LaneRow("events", "muted", width, None, "events")
    mark = glyphs()
    for event in lanes.events:
        column = axis.column(event.at)
        row.put(column, mark.event if event.kind == "event" else mark.sent, "primary", _MARK)
        row.hits.append((column, event.seq))
    return row


def _lane_row(lane: Lane, axis: Axis, now: int, width: int, limit: int) -> LaneRow:
    row = LaneRow(_lane_name(lane), "muted" if lane.status in ENDED else "text", width, lane.journey)
    used = -1
    for bar in lane.bars:
        used = _draw_bar(row, bar, axis, now, used, limit)
    if isinstance(axis, FitAxis):
        _cut_bodies(row, axis)
    for mark in lane.marks:
        column = axis.column(mark.at)
        sign, tone = _mark(mark)
        if mark.kind == "started":
            row.put(column, sign, tone, _START)
        elif 0 <= column < width and row.ranks[column] == _END and row.free(column + 1, column + 2):
            # How the last wait ended is worth its own cell.
            row.put(column + 1, sign, tone, _WORDS)
        else:
            row.put(column, sign, tone, _WORDS)
        if mark.seq != NO_ENTRY:
            row.hits.append((column, mark.seq))
    return row


def _cut_bodies(row: LaneRow, axis: FitAxis) -> None:
    """A bar that lasts through a fold is longer than it looks."""
    for start, end, _ in axis.folds:
        middle = (start + end) // 2
        if start < middle < end and row.ranks[middle] == _BODY:
            row.put(middle, glyphs().folded, row.cells[middle].tone, _BODY)


def _lane_name(lane: Lane) -> str:
    mark = glyphs()
    state = {"failed": mark.failed, "completed": mark.completed}.get(lane.status)
    if lane.status in ("exited", "cancelled"):
        state = mark.stopped
    if lane.bars and lane.bars[-1].end_at is None and lane.bars[-1].kind == "sleep":
        state = mark.sleep
    return f"{lane.name} {state}" if state else lane.name


def _passes_row(lane: Lane, axis: Axis, width: int) -> LaneRow:
    row = LaneRow("", "muted", width, lane.journey, "passes")
    for each in reversed(lane.passes):
        column = axis.column(each.at)
        label = f"{glyphs().again}{each.number}"
        # The newest is always shown; of older ones those that have room.
        if row.free(column, min(width, column + len(label) + 1)):
            row.write(column, label, "muted", _WORDS)
        row.hits.append((column, each.seq))
    return row


def _branch_row(lane: Lane, branch: Bar, axis: Axis, now: int, width: int, limit: int) -> LaneRow:
    row = LaneRow(branch.name, "muted", width, lane.journey, "branch")
    _draw_bar(row, branch, axis, now, -1, limit)
    return row


def _mark(mark: LaneMark) -> tuple[str, str]:
    sign = glyphs()
    match mark.kind:
        case "completed":
            return sign.completed, "success"
        case "failed":
            return sign.failed, "error"
        case "stopped":
            return sign.stopped, "muted"
        case _:
            return lane_signs().start, "muted"


def bar_tone(bar: Bar, now: int) -> str:
    """The colour of a bar, by what became of it."""
    if bar.outcome == "open":
        if bar.due_at is not None and bar.kind != "step" and bar.due_at - now <= URGENT_MS:
            return "soon"
        if bar.kind == "step":
            return "accent"
        if bar.kind == "sleep":
            return "secondary"
        return "warning" if bar.due_at is not None else "muted"
    if bar.kind == "sleep" and bar.outcome == "done":
        return "secondary"
    return {"matched": "success", "done": "success", "failed": "error"}.get(bar.outcome, "muted")


def _end_sign(bar: Bar) -> str:
    mark = glyphs()
    match bar.outcome:
        case "matched":
            return mark.matched
        case "timeout":
            return mark.timeout
        case "done":
            return mark.sleep if bar.kind == "sleep" else mark.done
        case "failed":
            return mark.failed
        case _:
            return mark.stopped


def _draw_bar(row: LaneRow, bar: Bar, axis: Axis, now: int, used: int, limit: int) -> int:
    """Draw a bar behind the column that the one before it ended in; gives its own last column."""
    lane, tone = lane_signs(), bar_tone(bar, now)
    thin = bar.kind in ("sleep", "step")
    body = lane.sleep if thin else lane.wait
    if bar.end_at is not None and axis.column(bar.end_at) < 0:
        # Of a long history most lies before the picture.
        return used
    start = axis.column(bar.start_at)
    row.hits.append((start, bar.seq))
    if bar.end_at is not None:
        end = axis.column(bar.end_at)
        if bar.end_seq is not None:
            row.hits.append((end, bar.end_seq))
        for column in _inside(max(start, used) + 1, end, row.width):
            row.put(column, body, tone, _BODY)
        if start > used and start < end:
            row.put(start, body if thin else lane.start, tone, _START)
        if start < end:
            row.put(end, _end_sign(bar), tone, _END)
        else:
            # What took no time gives way to the end of what did, and stands behind it.
            beside = 0 <= end < row.width and row.ranks[end] == _END and row.free(end + 1, end + 2)
            row.put(end + beside, _end_sign(bar), tone, _MARK)
        row.spans.append((max(start, used), max(end, used)))
        return max(end, used)
    at_now = axis.column(now)
    for column in _inside(max(start, used) + 1, at_now, row.width):
        row.put(column, body, tone, _BODY)
    if start > used:
        sign = glyphs().running if bar.kind == "step" else body if thin else lane.start
        row.put(start, sign, tone, _START if start < at_now else _CROSSING)
    if start < at_now:
        row.put(at_now, lane.sleep_now if thin else lane.wait_now, tone, _CROSSING)
    row.spans.append((max(start, used), row.width - 1))
    return _draw_ahead(row, bar, axis, now, max(start, at_now), limit, tone)


def _draw_ahead(row: LaneRow, bar: Bar, axis: Axis, now: int, at_now: int, limit: int, tone: str) -> int:
    """What is still to come of an open bar: dashes, an arrow, and how long."""
    lane = lane_signs()
    thin = bar.kind in ("sleep", "step")
    dash = lane.sleep_ahead if thin else lane.wait_ahead
    if bar.due_at is None:
        if bar.kind == "step":
            row.write(at_now + 2, "runs", tone, _WORDS)
        else:
            row.write(at_now + 1, dash * 2, tone, _BODY)
            row.write(at_now + 4, glyphs().no_limit, tone, _WORDS)
        return max(at_now, row.width - 1)
    # An arrow beyond the picture stands at its edge: the countdown is never off it.
    arrow = max(at_now + (bar.due_at > now), min(axis.column(bar.due_at), limit - 1), 0)
    for column in _inside(at_now + 1, arrow, row.width):
        row.put(column, dash, tone, _BODY)
    row.put(arrow, lane.arrow, tone, _END)
    row.write(arrow + 2, left(bar.due_at, now), tone, _WORDS, strong=True)
    return row.width - 1


def _inside(start: int, end: int, width: int) -> Iterable[int]:
    return range(max(0, start), max(0, min(end, width)))


# -- words ----------------------------------------------------------------------------------


def offset(ms: int) -> str:
    """A distance in as few characters as tell it: "0s" "2.5s" "1m" "3h" "12d"."""
    if ms < SECOND and ms:
        return f"{ms}ms"
    if ms < MINUTE:
        return f"{ms // 100 / 10:g}s"
    text = span(ms)
    head, _, tail = text.partition(" ")
    return head if not tail.strip("0mhds") else text.replace(" ", "")


def moment(at: int, scale_ms: int) -> str:
    """A time of day or a day, as exact as the scale needs."""
    local = datetime.fromtimestamp(at / 1000).astimezone()
    if scale_ms < MINUTE:
        return f"{local:%H:%M:%S}"
    if scale_ms < HOUR:
        return f"{local:%H:%M}"
    if scale_ms < DAY:
        return f"{local.day} {local:%b %H:%M}"
    return f"{local.day} {local:%b %y}" if scale_ms > 7 * DAY else f"{local.day} {local:%b}"
