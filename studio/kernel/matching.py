"""Does this event meet this match, and if not, which field differs. Pure.

The rules (DESIGN rule 20): all keys must agree; None means present and null;
booleans are no numbers, 1 == 1.0; a key that is there literally wins before it is
read as a path; digits index lists; a nested mapping agrees when all its keys do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MISSING: Any = type("Missing", (), {"__repr__": lambda self: "(missing)"})()
"""What a difference got when the field is not there at all."""


@dataclass(frozen=True, slots=True)
class FieldMismatch:
    """A field in which an event does not agree with a match."""

    field: str
    """The path, as it stands in the match: "plan.name"."""
    expected: Any
    got: Any
    """`MISSING` when the event has no such field."""


def meets(match: Mapping[str, Any] | None, data: Mapping[str, Any]) -> bool:
    """Whether every key of the match agrees with the data."""
    if not match:
        return True
    for key, expected in match.items():
        # The common case first: a plain field.
        got = data.get(key, MISSING)
        if got is MISSING and (got := look_up(data, key)) is MISSING:
            return False
        if not agrees(expected, got):
            return False
    return True


def differences(
    match: Mapping[str, Any] | None, data: Mapping[str, Any], prefix: str = ""
) -> list[FieldMismatch]:
    """The fields that do not agree, in the order of the match; empty when it is met."""
    found: list[FieldMismatch] = []
    for key, expected in (match or {}).items():
        got = look_up(data, key)
        if isinstance(expected, Mapping) and isinstance(got, Mapping):
            found += differences(expected, got, f"{prefix}{key}.")
        elif got is MISSING or not agrees(expected, got):
            found.append(FieldMismatch(prefix + key, expected, got))
    return found


def look_up(data: Any, key: str) -> Any:
    """The value at a key or a dotted path; `MISSING` when it is not there."""
    if isinstance(data, Mapping):
        if key in data:
            return data[key]
        # The longest literal head wins, so that {"a.b": {"c": 1}} is found by "a.b.c".
        at = key.rfind(".")
        while at > 0:
            head, rest = key[:at], key[at + 1 :]
            if head in data:
                return look_up(data[head], rest)
            at = key.rfind(".", 0, at)
        return MISSING
    if isinstance(data, list):
        head, _, rest = key.partition(".")
        # isdecimal would let other scripts' digits pass.
        if head.isascii() and head.isdigit() and len(head) < 10 and int(head) < len(data):
            value = data[int(head)]
            return look_up(value, rest) if rest else value
    return MISSING


def agrees(expected: Any, got: Any) -> bool:
    """Whether one value agrees with what is expected of it."""
    if isinstance(expected, Mapping):
        if isinstance(got, Mapping):
            return meets(expected, got)
        return (
            isinstance(got, list)
            and bool(expected)
            and all(
                (value := look_up(got, key)) is not MISSING and agrees(wanted, value)
                for key, wanted in expected.items()
            )
        )
    if isinstance(expected, bool) or isinstance(got, bool):
        return expected is got
    if isinstance(expected, list):
        return isinstance(got, list) and len(got) == len(expected) and all(map(agrees, expected, got))
    return bool(expected == got)
