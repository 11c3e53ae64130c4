"""Lines put together from pieces of text, each in a tone, and broken where a pane ends: nothing is lost."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rich.cells import cell_len, chop_cells

Piece = tuple[str, str]
"""A literal text and the name of its style in `Look`."""
Pieces = tuple[Piece, ...]
"""A line."""

APART = "  "
"""What begins with two blanks stands apart from what is before it, and goes to the next line as a whole."""


def wrapped(line: Pieces, width: int) -> list[Pieces]:
    """The line as lines of at most `width` cells; blanks at a break are dropped.

    What follows the first line hangs under its text: behind a first piece that ends with a blank
    (a sign, a label), else two cells further in than the line itself.
    """
    if width < 4 or sum(cell_len(text) for text, _ in line) <= width:
        return [line]
    hang = _hang(line, width)
    found: list[list[Piece]] = [[]]
    used = 0

    def add(text: str, tone: str) -> None:
        nonlocal used
        if not found[-1] and len(found) > 1:
            found[-1].append((" " * hang, tone))
            used, text = hang, text.lstrip(" ")
        if text:
            found[-1].append((text, tone))
            used += cell_len(text)

    for part in _parts(line):
        size = sum(cell_len(text) for text, _ in part)
        bare = size - (len(part[0][0]) - len(part[0][0].lstrip(" ")))
        if used + size > width and used > hang and hang + bare <= width:
            found.append([])
        for text, tone in part:
            for word in re.findall(r" +|[^ ]+", text):
                if used + cell_len(word) <= width:
                    add(word, tone)
                    continue
                if not word.strip():
                    continue
                if any(text.strip() for text, _ in found[-1]):
                    found.append([])
                while word:
                    room = width - (used if found[-1] or len(found) == 1 else hang)
                    # Longer than this it cannot be: a cell takes a character and at most three marks.
                    cells = chop_cells(word[: 4 * room], room)[0] if not word.isascii() else word[:room]
                    add(cells, tone)
                    word = word[len(cells) :]
                    if word:
                        found.append([])
    return [_joined(each) for each in found if each]


def _hang(line: Pieces, width: int) -> int:
    first = line[0][0]
    if first.endswith(" ") and len(line) > 1:
        hang = cell_len(first)
    else:
        whole = "".join(text for text, _ in line)
        hang = len(whole) - len(whole.lstrip(" ")) + 2
    return min(hang, width // 2)


def _parts(line: Pieces) -> Iterator[list[Piece]]:
    """The pieces in groups; each group but the first begins with what stands apart."""
    part: list[Piece] = []
    for at, piece in enumerate(line):
        if part and at > 1 and piece[0].startswith(APART):
            yield part
            part = []
        part.append(piece)
    if part:
        yield part


def _joined(line: list[Piece]) -> Pieces:
    """Neighbours of one tone as one piece; blanks at the end go."""
    found: list[Piece] = []
    for text, tone in line:
        if found and found[-1][1] == tone:
            found[-1] = (found[-1][0] + text, tone)
        else:
            found.append((text, tone))
    if found:
        found[-1] = (found[-1][0].rstrip(" "), found[-1][1])
    return tuple(found)
