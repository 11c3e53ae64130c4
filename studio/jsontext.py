"""JSON text that is safe to keep: what may be stored, and in one spelling.

Everything that is stored passes through here once, so that what is live equals
what is replayed: a tuple is a list from the first moment, and what JSON cannot
hold is refused where it was said and not where it is read back.
"""

from __future__ import annotations

import json
from typing import Any

MAX_BYTES = 1 << 20
"""An event's data or a result: 1 MiB of UTF-8."""

MAX_DEPTH = 100
"""Levels of nesting. Python's own reader gives up at about 1,000, other languages' earlier."""

_TOO_LONG = "it has an integer of more than 4,300 digits"

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


class NotJson(ValueError):
    """A value that JSON cannot hold; the message says why, without its place."""


class TooLarge(NotJson):
    """A value whose JSON is longer than `MAX_BYTES`."""


def dumps(value: Any) -> str:
    """Write a value as compact JSON.

    Raises:
        NotJson: NaN or infinity, a type JSON does not have, a lone surrogate, a key
            that is no text, more than `MAX_DEPTH` levels or `MAX_BYTES` bytes.
    """
    try:
        text = _encode(value)
    except RecursionError:
        raise NotJson(f"it is nested too deep (at most {MAX_DEPTH} levels) or contains itself") from None
    except ValueError as error:
        if "Circular" in str(error):
            raise NotJson("it contains itself") from None
        if "digits" in str(error):
            raise NotJson(_TOO_LONG) from None
        raise NotJson("it has NaN or an infinity, which JSON does not know") from None
    except TypeError as error:
        raise NotJson(str(error).replace("Object of type", "a value of type")) from None
    # Cheap first: most values are far too short to be too long or too deep.
    if len(text) > 100:
        _check_size(text)
    elif not text.isascii():
        _check_unicode(text)
    return text


def loads(text: str | bytes) -> Any:
    """Read JSON, refusing values that `dumps` would refuse; size and depth are left to `dumps`.

    Raises:
        NotJson: it is not JSON; the message gives line and column.
    """
    try:
        if isinstance(text, bytes):
            text = text.decode()
        value = _decode(text)
    except json.JSONDecodeError as error:
        raise NotJson(f"{error.msg} at line {error.lineno}, column {error.colno}") from None
    except UnicodeDecodeError:
        raise NotJson("it is not UTF-8") from None
    except RecursionError:
        raise NotJson(f"it is nested too deep (at most {MAX_DEPTH} levels)") from None
    except NotJson:
        raise
    except ValueError:
        # Python's guard against integers whose reading takes quadratic time.
        raise NotJson(_TOO_LONG) from None
    if "\\ud" in text or "\\uD" in text:
        # Two halves make a character; one alone can be read, and written nowhere.
        _check_unicode(_encode(value))
    return value


def _refuse_constant(name: str) -> Any:
    raise NotJson(f"it has {name}, which JSON does not know")


def _read_float(digits: str) -> float:
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        raise NotJson(f"{digits[:40]} is larger than any number that is kept")
    return value


_decode = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_read_float).decode


def _check_unicode(text: str) -> int:
    try:
        return len(text.encode())
    except UnicodeEncodeError:
        raise NotJson("it has half of a surrogate pair, which is no character") from None


def _check_size(text: str) -> None:
    size = len(text) if text.isascii() else _check_unicode(text)
    if size > MAX_BYTES:
        raise TooLarge(f"it is {size / MAX_BYTES:.1f} MiB, more than the 1 MiB that is kept")
    # Counting brackets is an upper bound for the depth, and costs nothing beside the walk.
    if text.count("[") + text.count("{") > MAX_DEPTH and _depth(text) > MAX_DEPTH:
        raise NotJson(f"it is nested more than {MAX_DEPTH} levels deep")


def _depth(text: str) -> int:
    deepest = depth = 0
    in_string = escaped = False
    for char in text:
        if in_string:
            if escaped:
                escaped = False
            elif char == "\\":
                escaped = True
            elif char == '"':
                in_string = False
        elif char == '"':
            in_string = True
        elif char in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif char in "]}":
            depth -= 1
    return deepest
