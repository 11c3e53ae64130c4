"""Text that came from people and programs, shown as it is: no markup, no escape sequence, no surprise.

Everything that a store holds passes through `literal` before it is drawn, and is cut
and padded by terminal cells, not by characters.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from rich.cells import cell_len

from studio.wording.values import on_one_line

ELLIPSIS = "…"
LITERAL_CHARS = 2_000
"""As much of a text as is looked at for one row."""
LEAST_TOLD_APART = 4
"""Cells in which a difference can be shown: one of it, and where it was cut."""

_SHOWN_CONTROLS = {code: chr(0x2400 + code) for code in range(0x20)} | {0x7F: "␡"}


def literal(text: str) -> str:
    """The text with everything visible that would act on a terminal instead of showing.

    Controls become their pictures (␛), what has no width or turns the direction of
    writing is named (U+202E), and joined emoji come apart: terminals disagree on
    their width, and one cell too many breaks every border to the right.
    """
    if text.isascii() and text.isprintable():
        return text[:LITERAL_CHARS]
    return _literal(text[:LITERAL_CHARS])


@lru_cache(maxsize=4096)
def _literal(text: str) -> str:
    out: list[str] = []
    marks = 0
    for char in text:
        code = ord(char)
        if code < 0x7F:
            out.append(_SHOWN_CONTROLS.get(code, char))
            marks = 0
            continue
        if 0x1F1E6 <= code <= 0x1F1FF:  # the letters of which flags are made
            out.append(chr(code - 0x1F1E6 + ord("A")))
            marks = 0
            continue
        if code in (0xFE0E, 0xFE0F) or 0x1F3FB <= code <= 0x1F3FF or (code == 0x200D and _wide(out)):
            continue
        category = unicodedata.category(char)
        if category in ("Mn", "Me"):
            # A mark needs something of this text to stand on, and a heap of them reaches other rows.
            if not out or marks >= 3:
                if marks >= 3:
                    continue
                out.append("◌")
            marks += 1
            out.append(char)
            continue
        marks = 0
        if code == 0x7F:
            out.append("␡")
        elif category in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") or cell_len(char) == 0:
            out.append(f"U+{code:04X}")
        elif category == "Zs":
            out.append(" ")
        else:
            out.append(char)
    return "".join(out)


def visible(text: str) -> str:
    """The text with one visible character for each of its own, for fields that are typed in.

    A cursor counts characters, so nothing may be spelled out here.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_visible(char) for char in text)


@lru_cache(maxsize=4096)
def _visible(char: str) -> str:
    code = ord(char)
    if code in _SHOWN_CONTROLS:
        return _SHOWN_CONTROLS[code]
    if 0x1F1E6 <= code <= 0x1F1FF:
        return chr(code - 0x1F1E6 + ord("A"))
    if unicodedata.category(char) in ("Mn", "Me") and not 0xFE00 <= code <= 0xFE0F:
        return char
    if not char.isprintable() or cell_len(char) == 0 or 0x1F3FB <= code <= 0x1F3FF:
        return " " if unicodedata.category(char) == "Zs" else "\ufffd"
    return char


def _wide(out: list[str]) -> bool:
    return bool(out) and cell_len(out[-1]) == 2


def cut(text: str, width: int, keep: str = "start") -> str:
    """Shorten a literal text to at most `width` cells.

    Args:
        keep: which part tells most: "start", "end" or "both".
    """
    if width <= 0:
        return ""
    if len(text) <= width and text.isascii():
        return text
    if cell_len(text) <= width:
        return text
    if width == 1:
        return ELLIPSIS
    if keep == "end":
        return ELLIPSIS + _tail(text, width - 1)
    if keep == "both":
        head = (width - 1) // 2
        return _head(text, width - 1 - head) + ELLIPSIS + _tail(text, head)
    return _head(text, width - 1) + ELLIPSIS


def _head(text: str, width: int) -> str:
    # Longer than this it cannot be: a cell takes a character and at most three marks.
    text = text[: width * 4]
    while text and cell_len(text) > width:
        text = text[: -max(1, (cell_len(text) - width) // 2)]
    return text


def _tail(text: str, width: int) -> str:
    text = text[max(0, len(text) - width * 4) :]
    while text and (cell_len(text) > width or unicodedata.combining(text[0])):
        text = text[max(1, (cell_len(text) - width) // 2) :]
    return text


def fit(text: str, width: int, keep: str = "start", align: str = "left") -> str:
    """The text cut or padded to exactly `width` cells."""
    text = cut(text, width, keep)
    gap = " " * max(0, width - (len(text) if text.isascii() else cell_len(text)))
    return gap + text if align == "right" else text + gap


def labels(texts: Iterable[str], width: int) -> dict[str, str]:
    """Literal texts, each cut to at most `width` cells so that no two of them look alike.

    Cut in the middle, as long as that tells them apart; those that it does not tell apart begin where
    they begin to differ.
    """
    alike: dict[str, list[str]] = {}
    for text in dict.fromkeys(texts):
        alike.setdefault(cut(text, width, "both"), []).append(text)
    if width < LEAST_TOLD_APART:
        return {text: label for label, same in alike.items() for text in same}
    found: dict[str, str] = {}
    for label, same in alike.items():
        found |= {same[0]: label} if len(same) == 1 else _told_apart(same, width)
    return found


def _told_apart(texts: list[str], width: int) -> dict[str, str]:
    shortest = min(map(len, texts))
    start = next((at for at in range(shortest) if len({text[at] for text in texts}) > 1), shortest)
    by_label: dict[str, list[str]] = {}
    for text in texts:
        by_label.setdefault(cut(ELLIPSIS + text[start:], width), []).append(text)
    found: dict[str, str] = {}
    for label, same in by_label.items():
        # Fewer share a longer beginning, so this comes to an end.
        found |= {same[0]: label} if len(same) == 1 else _told_apart(same, width)
    return found


def preview(value: Any) -> str:
    """A JSON value on one line, as much as a row can hold."""
    return literal(on_one_line(value))
