"""Data that meets a match: what would answer a wait, and an event put right. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from studio.kernel.matching import differences, meets
from studio.language.names import names


def sample_for(match: Mapping[str, Any] | None) -> dict[str, Any]:
    """Data that meets a match, written as an application would send it: `meets(match, sample_for(match))`."""
    data: dict[str, Any] = {}
    for key, value in (match or {}).items():
        data = put(data, key, value)
    # A path through a list, or one field named as path and as itself: literal keys always agree.
    return data if meets(match, data) else dict(match or {})


def mend(match: Mapping[str, Any] | None, data: Mapping[str, Any]) -> dict[str, Any]:
    """The data with what is wrong put right, and everything else kept: `meets(match, mend(match, data))`."""
    mended = dict(data)
    for each in differences(match, data):
        mended = put(mended, each.field, each.expected)
    return mended if meets(match, mended) else {**data, **(match or {})}


def put(data: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """The data with a value at a dotted path."""
    head, dot, rest = path.partition(".")
    if not dot or not head or not rest or rest[0].isdigit():
        return {**data, path: value}
    inner = data.get(head)
    return {**data, head: put(inner if isinstance(inner, dict) else {}, rest, value)}


def name_for(parts: Iterable[str], known: Sequence[str] = ()) -> str:
    """A name that meets a pattern: the plainest of it, else a known one, else one made up."""
    parts = list(parts)
    for part in parts:
        if "*" not in part:
            return part
    if found := [name for name in known if names(parts).meets(name)]:
        return found[0]
    return parts[0].replace("*", "hello" if parts[0] == "*" else "example")
