"""The map as an SVG picture: the rows of the drawing, each run of text put at its own place.

Fonts differ in the width of ◷ and ☾; because no run depends on the one before it, the lines
still meet.
"""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from studio.design.outline.drawing import DrawnRow
from studio.text.printable import cells

CELL, ROW, MARGIN, FONT = 8.4, 18, 14, 14
"""Width of a cell, height of a row, margin and size of letters, in pixels."""

_COLOURS = {
    "text": "#24292f",
    "strong": "#000000",
    "muted": "#57606a",
    "faint": "#8c959f",
    "primary": "#0550ae",
    "secondary": "#6639ba",
    "success": "#116329",
    "warning": "#7d4e00",
    "error": "#a40e26",
    "accent": "#8250df",
}
"""On white; all but the lines are readable as small text (contrast 4.5 : 1)."""


def svg(rows: list[DrawnRow], title: str) -> str:
    """A picture of drawn rows."""
    width = max((cells(row.text) for row in rows), default=0) * CELL + 2 * MARGIN
    height = len(rows) * ROW + 2 * MARGIN
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height}"'
        f' viewBox="0 0 {width:.0f} {height}" role="img" aria-label={quoteattr(title)}>',
        f"<title>{escape(title)}</title>",
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        f'<g font-family="ui-monospace, Menlo, Consolas, &quot;DejaVu Sans Mono&quot;, monospace"'
        f' font-size="{FONT}" xml:space="preserve">',
    ]
    for at, row in enumerate(rows):
        lines += _row(row, MARGIN + at * ROW)
    return "\n".join([*lines, "</g>", "</svg>"]) + "\n"


def _row(row: DrawnRow, top: float) -> list[str]:
    found = []
    at = 0
    for text, tone in row.segments:
        # Each line of the flow by itself, so that they stand exactly below each other.
        for part in text if tone == "faint" else [text]:
            size = cells(part)
            if part in _STROKES:
                found.append(_stroke(part, MARGIN + at * CELL, top))
            elif part.strip():
                lead = len(part) - len(part.lstrip())
                weight = ' font-weight="bold"' if tone == "strong" else ""
                found.append(
                    f'<text x="{MARGIN + (at + lead) * CELL:.1f}" y="{top + ROW * 0.72:.1f}"'
                    f' fill="{_COLOURS.get(tone, _COLOURS["text"])}"{weight}>{escape(part.strip())}</text>'
                )
            at += size
    return found


_STROKES = {
    "│": "M.5,0V1",
    "─": "M0,.5H1",
    "├": "M.5,0V1M.5,.5H1",
    "┐": "M0,.5H.5V1",
    "╰": "M.5,0V.5H1",
    "╯": "M.5,0V.5H0",
    "╴": "M0,.5H.5",
    "╎": "M.5,0V.4M.5,.6V1",
    "┊": "M.5,0V.2M.5,.4V.6M.5,.8V1",
}
"""How lines run through a cell of width and height 1."""


def _stroke(char: str, left: float, top: float) -> str:
    return (
        f'<path d="{_STROKES[char]}" transform="translate({left:.1f} {top}) scale({CELL} {ROW})"'
        ' fill="none" stroke="#8c959f" stroke-width="1.2" vector-effect="non-scaling-stroke"/>'
    )
