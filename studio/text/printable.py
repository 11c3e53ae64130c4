"""Text as a terminal may show it: what could steer one is spelled out, and widths are of cells.

Below the command line, so that what is drawn without a terminal (`outline`) counts the same cells.
"""

from __future__ import annotations

import json
import re
import unicodedata
from functools import lru_cache
from typing import Any

# Controls (C0, DEL, C1), line and paragraph separators, marks of writing direction,
# halves of surrogate pairs.
UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")
# Made once: `json.dumps` makes an encoder a call.
_encode = json.JSONEncoder(ensure_ascii=False).encode
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\x1b": "\\x1b"}


def clean(text: str) -> str:
    """Text as it may be shown: what could steer a terminal is spelled out."""
    if text.isascii() and text.isprintable():
        return text
    return UNSAFE.sub(_spell, text)


def json_line(value: Any) -> str:
    """A value as one line of JSON, in the same spelling everywhere."""
    text = _encode(value)
    if text.isascii() and "\x7f" not in text:
        # JSON has escaped the others.
        return text
    # JSON's own escapes: the line stays what it was, and a terminal is not steered.
    return UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _spell(found: re.Match[str]) -> str:
    char = found[0]
    code = ord(char)
    return _SHORT.get(char) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")


def cells(text: str) -> int:
    """How many columns a terminal gives to a text."""
    return len(text) if text.isascii() else sum(map(_cells_of, text))


@lru_cache(maxsize=4096)
def _cells_of(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def cut(text: str, width: int) -> str:
    """Text in no more than `width` cells; what is cut ends in …"""
    if text.isascii():
        # A cell a character: a trace cuts the user's id in every line.
        if len(text) <= width:
            return text
        return text[: width - 1] + "…" if width > 0 else ""
    if cells(text) <= width:
        return text
    kept, used = [], 0
    for char in text:
        used += _cells_of(char)
        if used > width - 1:
            break
        kept.append(char)
    return "".join(kept) + "…" if width > 0 else ""


def pad(text: str, width: int) -> str:
    """Text filled up to `width` cells."""
    return text + " " * (width - cells(text))


def column(text: str, width: int) -> str:
    """Text in exactly `width` cells, cut or filled up."""
    if text.isascii() and width > 0:
        return text.ljust(width) if len(text) <= width else text[: width - 1] + "…"
    return pad(cut(text, width), width)


_STYLES = {"dim": "2", "bold": "1", "red": "31", "green": "32", "yellow": "33", "blue": "34"}


def styled(text: str, style: str, on: bool) -> str:
    """Text in a style, when styles are on."""
    return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if on and text and style else text


def show_bytes(count: int) -> str:
    """ "812 B", "1.4 MB"."""
    size, unit = float(count), "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if size < 1000 or unit == "TB":
            break
        size /= 1000
    return f"{count:,} B" if unit == "B" else f"{size:.1f} {unit}"
