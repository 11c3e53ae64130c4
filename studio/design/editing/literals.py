"""Plain values as Python source."""

from __future__ import annotations

from typing import Any


def written(value: Any, quote: str = '"', encoding: str = "utf-8") -> str:
    """A value that JSON can hold, as a person would write it.

    Args:
        quote: for texts, unless one has it inside and not the other.
        encoding: of the file; characters that it does not have are spelled out.
    """
    if isinstance(value, str):
        return _text(value, quote, encoding)
    if isinstance(value, dict):
        parts = (
            f"{written(key, quote, encoding)}: {written(item, quote, encoding)}"
            for key, item in value.items()
        )
        return "{" + ", ".join(parts) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(written(item, quote, encoding) for item in value) + "]"
    return repr(value)


def _text(value: str, quote: str, encoding: str) -> str:
    other = "'" if quote == '"' else '"'
    if quote in value and other not in value:
        quote = other
    return quote + "".join(_character(each, quote, encoding) for each in value) + quote


_SHORT = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def _character(each: str, quote: str, encoding: str) -> str:
    if each == quote:
        return "\\" + each
    if each in _SHORT:
        return _SHORT[each]
    if each.isascii() and each.isprintable():
        return each
    try:
        each.encode(encoding)
        shown = each.isprintable()
    except UnicodeEncodeError:
        shown = False
    return each if shown else each.encode("unicode_escape").decode("ascii")
