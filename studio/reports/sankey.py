"""A Sankey diagram of the ways through a workflow, as SVG without script or font from elsewhere."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from studio.reports.flows import Flow
from studio.text.printable import clean, cut

SVG = "http://www.w3.org/2000/svg"
COLUMN, NODE, HEIGHT, GAP, MARGIN = 170, 12, 360, 22, 28
"""Pixels: from column to column, width of a node, height of all journeys together, between nodes, around."""
ENDS = ("completed", "inside", "idle", "exited", "cancelled", "failed")
COLOURS = {
    "completed": "#2f9e6e",
    "inside": "#4c7dd6",
    "idle": "#8a94a6",
    "exited": "#b08a3c",
    "cancelled": "#b08a3c",
    "failed": "#cc4b4b",
}
NODE_COLOUR, BAND_COLOUR = "#5b6b86", "#9fb0cc"
LABEL_CHARS = 20

Key = int | str | tuple[int, int | str, int]
"""A node, an end; or where a way passes a column: source, target, column."""


@dataclass(slots=True)
class _Box:
    """A node as it is drawn, or the room that a way has where it passes by others."""

    column: int
    journeys: int
    top: float = 0.0
    given: float = 0.0
    """Pixels of its right side that have a band."""
    taken: float = 0.0
    """Of its left side."""


def sankey(flows: Sequence[Flow], labels: Mapping[int, str], title: str) -> str:
    """Draw the ways.

    Args:
        labels: what is written above a node, by its number.
    """
    boxes = _boxes(flows)
    named = f"<title>{escape(clean(title))}</title>"
    if not boxes:
        return f'<svg xmlns="{SVG}" width="320" height="40">{named}</svg>'
    scale = HEIGHT / max(1, *(box.journeys for box in boxes.values()))
    bottom = _stack(boxes, scale) + MARGIN
    width = 2 * MARGIN + COLUMN * (1 + max(box.column for box in boxes.values()))
    parts = [
        f'<svg xmlns="{SVG}" viewBox="0 0 {width} {bottom:.0f}" width="{width}" height="{bottom:.0f}" '
        f'font-family="sans-serif" font-size="12" role="img">',
        named,
    ]
    parts += _bands(flows, boxes, scale)
    for key, box in boxes.items():
        if not isinstance(key, tuple):
            parts += _box(key, box, scale, labels)
    return "\n".join([*parts, "</svg>"])


def _boxes(flows: Sequence[Flow]) -> dict[Key, _Box]:
    """Each node in the column of the longest way to it; how journeys end stands in the last."""
    boxes: dict[Key, _Box] = {}
    columns = _columns(flows)
    last = 1 + max(columns.values(), default=0)
    out: dict[Key, int] = defaultdict(int)
    came: dict[Key, int] = defaultdict(int)
    for flow in flows:
        out[flow.source] += flow.journeys
        came[flow.target] += flow.journeys
    for number, column in sorted(columns.items()):
        boxes[number] = _Box(column, max(out[number], came[number]))
    for end in ENDS:
        if came[end]:
            boxes[end] = _Box(last, came[end])
    for flow in flows:
        for column in range(boxes[flow.source].column + 1, boxes[flow.target].column):
            boxes[flow.source, flow.target, column] = _Box(column, flow.journeys)
    return boxes


def _columns(flows: Sequence[Flow]) -> dict[int, int]:
    """The longest way to each node along ways that do not go back to where they came from."""
    columns: dict[int, int] = {0: 0} if flows else {}
    following: dict[int, list[int]] = defaultdict(list)
    for flow in flows:
        columns.setdefault(flow.source, 0)
        if isinstance(flow.target, int):
            following[flow.source].append(flow.target)
            columns.setdefault(flow.target, 0)
    depths = _depths(columns, following)
    for number in sorted(columns, key=lambda number: (-depths[number], number)):
        for target in following[number]:
            if depths[target] < depths[number]:
                columns[target] = max(columns[target], columns[number] + 1)
    return columns


def _depths(numbers: Mapping[int, int], following: Mapping[int, list[int]]) -> dict[int, int]:
    """The longest way from each node to an end; a way that comes back to itself counts once."""
    done: dict[int, int] = {}
    for start in numbers:
        # By hand, and not by calls of itself: a workflow may have more nodes than Python allows calls.
        way, on_way = [(start, iter(following.get(start, ())))], {start}
        while way:
            number, rest = way[-1]
            target = next((t for t in rest if t not in done and t not in on_way), None)
            if target is not None:
                on_way.add(target)
                way.append((target, iter(following.get(target, ()))))
                continue
            done[number] = 1 + max((done.get(t, 0) for t in following.get(number, ())), default=0)
            on_way.discard(number)
            way.pop()
    return done


def _stack(boxes: Mapping[Key, _Box], scale: float) -> float:
    """Put the boxes of each column under one another; gives the lowest pixel."""
    tops: dict[int, float] = defaultdict(lambda: float(MARGIN))
    for box in boxes.values():
        box.top = tops[box.column]
        tops[box.column] += max(2.0, box.journeys * scale) + GAP
    return max(tops.values())


def _stops(flow: Flow, boxes: Mapping[Key, _Box]) -> list[Key]:
    """The boxes that a way goes through."""
    between = range(boxes[flow.source].column + 1, boxes[flow.target].column)
    return [flow.source, *((flow.source, flow.target, column) for column in between), flow.target]


def _bands(flows: Sequence[Flow], boxes: Mapping[Key, _Box], scale: float) -> Iterator[str]:
    """The bands of all ways, from column to column; a way that goes back is left out.

    On each side of a node bands stand in the order in which they come from, or go to, so that few cross.
    """
    segments = [
        (flow, here, there)
        for flow in flows
        if boxes[flow.target].column > boxes[flow.source].column
        for here, there in itertools.pairwise(_stops(flow, boxes))
    ]
    begins: dict[tuple[Flow, Key], float] = {}
    ends: dict[tuple[Flow, Key], float] = {}
    for flow, here, there in sorted(segments, key=lambda each: boxes[each[2]].top):
        begins[flow, there] = boxes[here].top + boxes[here].given
        boxes[here].given += _thickness(flow, scale)
    for flow, _, there in sorted(segments, key=lambda each: boxes[each[1]].top):
        ends[flow, there] = boxes[there].top + boxes[there].taken
        boxes[there].taken += _thickness(flow, scale)
    for flow, here, there in segments:
        x1 = MARGIN + boxes[here].column * COLUMN + (0 if isinstance(here, tuple) else NODE)
        x2 = MARGIN + boxes[there].column * COLUMN
        yield _band(flow, x1, begins[flow, there], x2, ends[flow, there], _thickness(flow, scale))


def _thickness(flow: Flow, scale: float) -> float:
    return max(0.5, flow.journeys * scale)


def _band(flow: Flow, x1: int, y1: float, x2: int, y2: float, thick: float) -> str:
    middle = (x1 + x2) / 2
    colour = COLOURS.get(str(flow.target), BAND_COLOUR)
    return (
        f'<path d="M{x1} {y1:.1f} C{middle:.0f} {y1:.1f} {middle:.0f} {y2:.1f} {x2} {y2:.1f} '
        f"V{y2 + thick:.1f} C{middle:.0f} {y2 + thick:.1f} {middle:.0f} {y1 + thick:.1f} "
        f'{x1} {y1 + thick:.1f} Z" fill="{colour}" fill-opacity="0.45">'
        f"<title>{flow.journeys:,}</title></path>"
    )


def _box(key: int | str, box: _Box, scale: float, labels: Mapping[int, str]) -> list[str]:
    x, high = MARGIN + box.column * COLUMN, max(2.0, box.journeys * scale)
    label = labels.get(key, str(key)) if isinstance(key, int) else key
    colour = COLOURS.get(str(key), NODE_COLOUR)
    text = escape(cut(clean(label), LABEL_CHARS))
    return [
        f'<rect x="{x}" y="{box.top:.1f}" width="{NODE}" height="{high:.1f}" fill="{colour}"/>',
        f'<text x="{x}" y="{box.top - 6:.1f}">{text} '
        f'<tspan font-weight="bold">{box.journeys:,}</tspan></text>',
    ]
