"""JSON values in a row: on one line, or by their size. What could steer a terminal is for who prints it."""

from __future__ import annotations

import json
from typing import Any

PREVIEW_CHARS = 400
"""As much of a value as any row can show."""
BIG_BYTES = 2048
"""Values above this are shown by their size."""


class Big(int):
    """Stands in a row for a value too big to keep there: its size in bytes."""


def counted(count: int, what: str, many: str = "") -> str:
    """ "1 event", "2,000 events", "3 entries".

    Args:
        many: the plural, where that is not the word with an "s".
    """
    return f"{count:,} {what if count == 1 else many or what + 's'}"


def size(count: int) -> str:
    """A number of bytes for people: "1.0 MiB"."""
    if count < 1024:
        return f"{count} B"
    if count < 1 << 20:
        return f"{count / 1024:.1f} KiB"
    return f"{count / (1 << 20):.1f} MiB"


def on_one_line(value: Any) -> str:
    """A JSON value on one line, as much as a row can hold."""
    if value is None or value == {}:
        return ""
    if isinstance(value, Big):
        return f"{{… {size(value)}}} ⏎"
    return json.dumps(value, ensure_ascii=False, default=str)[:PREVIEW_CHARS]


def slim(value: Any) -> Any:
    """The value, or its size in its place when it is too big to keep for a row."""
    if value is None or isinstance(value, bool | int | float):
        return value
    count = len(json.dumps(value, ensure_ascii=False, default=str))
    return Big(count) if count > BIG_BYTES else value
