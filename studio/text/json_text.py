"""JSON text that is safe to keep: what may be stored, and in one spelling.

Everything that is stored passes through here once, so that what is live equals
what is replayed: a tuple is a list from the first moment, and what JSON cannot
hold is refused where it was said and not where it is read back.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

MAX_BYTES = 1 << 20
"""An event's data or a result: 1 MiB of UTF-8."""

MAX_DEPTH = 100
"""Levels of nesting. Python's own reader gives up at about 1,000, other languages' earlier."""

_TOO_LONG = "it has an integer of more than 4,300 digits"

_encoder = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _made_once() -> Callable[[Any], str]:
    """What encodes as `_encoder.encode`, which makes its part in C anew for each value: a third of the cost.

    What contains itself is found by its depth.
    """
    make: Any = getattr(json.encoder, "c_make_encoder", None)
    if make is None:
        return _encoder.encode
    encode_text: Any = json.encoder.encode_basestring
    chunks = make(None, _encoder.default, encode_text, None, ":", ",", False, False, False)
    join = "".join
    return lambda value: join(chunks(value, 0))


_encode = _made_once()


class NotJson(ValueError):
    """A value that JSON cannot hold; the message says why, without its place."""


class TooLarge(NotJson):
    """A value whose JSON is longer than `MAX_BYTES`."""


def dumps(value: Any) -> str:
    """Write a value as compact JSON.

    Raises:
        NotJson: NaN or infinity, a type JSON does not have, a lone surrogate, a key
            that is not text, two keys of one object that are the same text, more than
            `MAX_DEPTH` levels or `MAX_BYTES` bytes.
    """
    try:
        text = _encode(value)
    except RecursionError:
        raise NotJson(_too_deep(value)) from None
    except ValueError as error:
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
    if value.__class__ is dict:
        # Most are flat, with keys of text.
        for key, inner in value.items():
            if key.__class__ is not str or inner.__class__ not in _PLAIN:
                _check_keys(value)
                break
    elif value.__class__ not in _PLAIN:
        _check_keys(value)
    return text


def _too_deep(value: Any) -> str:
    try:
        _encoder.encode(value)
    except ValueError as error:
        if "Circular" in str(error):
            return "it contains itself"
    except RecursionError:
        pass
    return f"it is nested too deep (at most {MAX_DEPTH} levels) or contains itself"


class KeyTwice(NotJson):
    """An object that has a key twice: which of the two was meant, nobody knows."""


def loads(text: str | bytes) -> Any:
    """Read JSON, refusing values that `dumps` would refuse; size and depth are left to `dumps`.

    Raises:
        NotJson: it is not JSON; the message gives line and column.
    """
    return _loads(text, _decode)


def loads_event(text: str | bytes) -> Any:
    """Read JSON that comes from outside: as `loads`,, not an object may have a key twice.

    Raises:
        NotJson: as `loads`.
        KeyTwice: names the key.
    """
    return _loads(text, _decode_unique)


def _loads(text: str | bytes, decode: Callable[[str], Any]) -> Any:
    try:
        if isinstance(text, bytes):
            text = text.decode()
        value = decode(text)
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


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of its keys and values.

    Raises:
        KeyTwice: names the first key that comes again.
    """
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for at, key in enumerate(keys) if key in keys[:at])
        raise KeyTwice(f"it has the key {json.dumps(twice[:60])} twice")
    return found


_decode = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_read_float).decode
_decode_unique = json.JSONDecoder(
    parse_constant=_refuse_constant, parse_float=_read_float, object_pairs_hook=unique
).decode


_PLAIN = frozenset((str, int, float, bool, type(None)))
"""Types of values that hold no others."""


def _check_keys(value: Any) -> None:
    """Refuse keys that fall together: JSON writes 1 and "1", or True and "true", alike, and one is lost."""
    if isinstance(value, dict):
        odd = False
        for key, inner in value.items():
            if key.__class__ is not str:
                odd = True
            if inner.__class__ not in _PLAIN:
                _check_keys(inner)
        if odd:
            _check_odd_keys(value)
    elif isinstance(value, list | tuple):
        for inner in value:
            if inner.__class__ not in _PLAIN:
                _check_keys(inner)


def _check_odd_keys(value: dict[Any, Any]) -> None:
    seen: dict[str, Any] = {}
    for key, _ in value.items():
        # A member of an Enum that is a text or a number is written as that, whatever it prints as.
        text = str.__str__(key) if isinstance(key, str) else next(iter(_decode(_encode({key: 0}))))
        if text in seen:
            both = f"its keys {seen[text]!r} and {key!r} are both {text!r} in JSON"
            raise NotJson(f"{both}, and one would be lost")
        seen[text] = key


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
