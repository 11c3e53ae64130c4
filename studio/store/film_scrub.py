"""What is left of an entry in a film that names nobody: what happened, when, where and for how long.

Names of events, steps, channels and arms, numbers of the machinery and kinds of errors stay; payloads,
results, texts, and the values of matches go. What commands and journeys are told apart by is replaced, the
same by the same.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

from studio.language.kinds import LEVEL_OF, Kind

GONE = "…"
"""Stands where a text was."""
PAYLOADS = frozenset(
    ("result", "data", "value", "traceback", "source", "locals", "args", "input", "profile", "url", "local")
)
"""Parts of an entry's data that are the user's, and go."""
WORDS = frozenset(
    ("type", "zone", "zone_from", "line", "file", "channel", "arm", "events", "of", "mode", "why", "by")
)
"""Parts whose texts are the author's or ours, and stay."""
_TOKEN = re.compile(r"[^\s/:,;()\[\]{}<>\"']+")


class Pseudonyms:
    """Another name for each that is met, the same each time.

    Args:
        salt: known to nobody afterwards: without it a name cannot be guessed by trying.
    """

    def __init__(self, salt: bytes) -> None:
        self._salt = salt

    def of(self, what: str, text: str) -> str:
        """What stands for a text, as "key-1f3a9c04d2"."""
        return f"{what}-{hashlib.blake2b(text.encode(), key=self._salt, digest_size=5).hexdigest()}"

    def entry(self, kind: int, data: str | None) -> str | None:
        """The data of an entry without what is anybody's."""
        if data is None:
            return None
        if kind in LEVEL_OF:
            return GONE
        if kind in (Kind.EVENT, Kind.EVENT_DUPLICATE):
            return "{}"
        try:
            facts = json.loads(data)
        except ValueError:
            return None
        return json.dumps(self._without(facts), ensure_ascii=False, separators=(",", ":"))

    def key(self, key: str) -> str:
        """The key of a journey, as the table has it."""
        return json.dumps(self.of("key", key)) if key else ""

    def _without(self, facts: Any) -> Any:
        if not isinstance(facts, dict):
            return self._plain(facts)
        found: dict[str, Any] = {}
        for name, value in facts.items():
            if name in PAYLOADS:
                continue
            if name == "match":
                found[name] = dict.fromkeys(value, GONE) if isinstance(value, dict) else GONE
            elif name == "key":
                written = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
                found[name] = json.loads(self.key(written))
            elif name == "id" and isinstance(value, str):
                found[name] = self.of("id", value)
            elif name == "members" and isinstance(value, list):
                found[name] = [self._member(each) for each in value]
            else:
                found[name] = value if name in WORDS else self._plain(value)
        return found

    def _member(self, member: Any) -> Any:
        """A command of a group, by its key: "wait:app/login#0" stays, an author's own id is replaced."""
        if not isinstance(member, str) or re.search(r"#\d+$", member):
            return member
        kind, colon, id = member.partition(":")
        return f"{kind}:{self.of('id', id)}" if colon else self.of("id", member)

    def _plain(self, value: Any) -> Any:
        if isinstance(value, str):
            return GONE
        if isinstance(value, list):
            return [self._plain(each) for each in value]
        if isinstance(value, dict):
            return {name: self._plain(each) for name, each in value.items()}
        return value


def without_users(text: str, known: Callable[[str], str | None]) -> str:
    """A name of an event, a step or a place, in which no user is named.

    Args:
        known: gives what stands for a user of this id; None for no user.
    """

    def other(found: re.Match[str]) -> str:
        token = found[0]
        instead = known(token)
        if instead is not None:
            return instead
        return GONE if "@" in token else token

    return _TOKEN.sub(other, text)
