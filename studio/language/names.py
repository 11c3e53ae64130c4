"""Names of events and users, and the patterns that meet them: "app/login", "app/*".

A pattern is one name, several, or names with `*` for any run of characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

MAX_LENGTH = 512
"""Characters in a name or an id."""

IDENTIFY = "identify"
"""The event that changes the profile. Only its own name meets it, never a wildcard."""

START = "studio/start/"
"""Before a workflow's name: the event that begins it for a user who is there already.

Only its own name meets it, never a wildcard.
"""

REOPEN = "studio/reopen/"
"""Before a workflow's name: the event that has a journey go on which has finished. With `key=` its data carry
the value.

Only its own name meets it, never a wildcard.
"""

_ASKING = (START, REOPEN)

TYPE_OF = "__studio_event__"
"""The attribute of a class that is the type of an event: its `EventType`, which has the name."""

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def fault(name: object) -> str | None:
    """Why this cannot be a name or an id; None when it can."""
    # Nearly all are plain: what is ASCII and can be printed has no control character.
    if name.__class__ is str and name.isascii() and name.isprintable() and 0 < len(name) <= MAX_LENGTH:
        return None if not name.isspace() else "is empty"
    if not isinstance(name, str):
        return f"is {type(name).__name__} and must be text"
    if not name or not name.strip():
        return "is empty"
    if len(name) > MAX_LENGTH:
        return f"has {len(name):,} characters, at most {MAX_LENGTH} are kept"
    if found := _CONTROL.search(name):
        return f"has the control character U+{ord(found[0]):04X} at position {found.start() + 1}"
    return None


class Names:
    """Which event names are meant. `names(…)` makes them, once per distinct argument."""

    __slots__ = ("_literals", "_regex", "literals", "parts", "simple", "text")

    def __init__(self, parts: tuple[str, ...]) -> None:
        self.parts = parts
        self.literals = tuple(part for part in parts if "*" not in part)
        self.text = ", ".join(parts)
        self.simple = len(parts) == 1 and bool(self.literals)
        """One plain name: an index finds its events."""
        self._literals = frozenset(self.literals)
        wild = [_pattern(part) for part in parts if "*" in part]
        self._regex = re.compile("|".join(wild), re.DOTALL).fullmatch if wild else None

    def meets(self, name: str) -> bool:
        """Whether an event of this name is meant."""
        if name in self._literals:
            return True
        if self._regex is None or name == IDENTIFY or name.startswith(_ASKING):
            return False
        return self._regex(name) is not None

    def __repr__(self) -> str:
        return f"Names({self.text!r})"


def _pattern(part: str) -> str:
    """A regular expression for a name with wildcards, of linear cost.

    Each text between two `*` may be taken at its first place and never moved: were it to
    match later only, what follows would match there as well. The last one must end the name.
    """
    first, *middle, last = part.split("*")
    between = "".join(f"(?>.*?{re.escape(text)})" for text in middle if text)
    return f"{re.escape(first)}{between}.*{re.escape(last)}"


@lru_cache(maxsize=4096)
def _names(parts: tuple[str, ...]) -> Names:
    if not parts:
        raise ValueError("no event name is given")
    for part in parts:
        if why := fault(part):
            raise ValueError(f"the event name {part!r:.80} {why}")
    return Names(parts)


def names(event: str | type | Iterable[str | type]) -> Names:
    """The pattern for one name or several; the type of an event stands for its name.

    Raises:
        ValueError: a name is empty, too long, no text or has control characters, or a class is no event's.
    """
    if isinstance(event, str):
        return _names((event,))
    if isinstance(event, type):
        return _names((_typed(event),))
    if not isinstance(event, Iterable):
        raise ValueError(f"an event name must be text, not {type(event).__name__}")
    return _names(tuple([_typed(part) if isinstance(part, type) else part for part in event]))


def _typed(cls: type) -> str:
    found: Any = vars(cls).get(TYPE_OF)
    if found is None:
        raise ValueError(f'{cls.__name__} is the type of no event: write @event("…") above it')
    name: str = found.name
    return name


ANY = Names(("*",))
"""The default trigger: every event but `identify` and those of `START` and `REOPEN`."""
