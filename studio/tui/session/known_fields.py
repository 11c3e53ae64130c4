"""Fields of an event's data that may be meant: those that events of its name carried before."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from studio.design.explorer.samples import LOOK_ENTRIES
from studio.store.views import Views
from studio.text import json_text as jsontext
from studio.tui.format.text import visible
from studio.tui.session.known_names import MOST_SHOWN

MOST_VALUE_CHARS = 60
"""Longer values are none to be taken from a list."""
MOST_OWN = 20
"""Of the user's own events of this name so many, the newest."""
BEGUN = re.compile(r'^\s*(?:\{(?:.*,)?)?\s*"?(?P<name>[^"\\{}\[\],:]*)$', re.DOTALL)
"""A field's name that is being typed, at the end of what stands before the cursor."""


@dataclass(frozen=True, slots=True)
class FieldsOf:
    """What events of a name carried: the user's own first, then those of others, the newest first."""

    event: str
    user: str

    def read(self, views: Views) -> dict[str, str]:
        """Each field with its newest value, as JSON."""
        found: dict[str, str] = {}
        number = views.events_of(self.user).get(self.event) if self.user else None
        if number is not None:
            own = sorted(views.newest_events(self.user, number, MOST_OWN), key=lambda each: -each.seq)
            for entry in own:
                add_fields(found, entry.data)
        after = max(0, views.last_seq() - LOOK_ENTRIES)
        for entry in reversed(views.entries(after=after, limit=LOOK_ENTRIES, kinds=["event"])):
            if entry.name == self.event:
                add_fields(found, entry.data)
        return found


def add_fields(found: dict[str, str], data: Any) -> None:
    """Take the fields of one event that are not known yet."""
    if not isinstance(data, Mapping):
        return
    for name, value in data.items():
        text = json.dumps(value, ensure_ascii=False)
        if name not in found and len(text) <= MOST_VALUE_CHARS:
            found[name] = text


def meant_fields(before: str, known: Mapping[str, str]) -> list[str]:
    """What may be meant by the end of a text: `"plan": "pro"`, those that begin so first.

    Nothing where no name of a field is being typed: in a value, in a text, in an object within.
    """
    found = _begun(before)
    if found is None:
        return []
    typed, there = found[0].casefold(), found[1]
    ranked = sorted(
        (not name.casefold().startswith(typed), at, name)
        for at, name in enumerate(known)
        if typed in name.casefold() and name not in there
    )
    items = [f"{json.dumps(name, ensure_ascii=False)}: {known[name]}" for _, _, name in ranked]
    return [item for item in items if visible(item) == item][:MOST_SHOWN]


def with_field(before: str, after: str, item: str) -> tuple[str, int]:
    """The text with a field in the place of what was typed of it, and where the cursor stands behind it."""
    begun, _ = _begun(before) or ("", frozenset())
    kept = before[: len(before) - len(begun)].removesuffix('"')
    if "{" not in kept:
        kept = f"{kept}{{"
    rest = after.removeprefix('"')
    text = f"{kept}{item}"
    return (f"{text}{rest}" if "}" in rest else f"{text}{rest}}}"), len(text)


def _begun(before: str) -> tuple[str, frozenset[str]] | None:
    """The name that is being typed, and those that stand before it; None when something else is typed."""
    match = BEGUN.match(before)
    if match is None:
        return None
    head = before[: match.start("name")].removesuffix('"').rstrip()
    if head in ("", "{"):
        return match["name"], frozenset()
    # Behind a comma: what stands before it has to be whole fields.
    try:
        whole = jsontext.loads(head.removesuffix(",") + "}")
    except jsontext.NotJson:
        return None
    return (match["name"], frozenset(whole)) if head.endswith(",") and isinstance(whole, dict) else None
