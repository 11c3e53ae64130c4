"""What is typed behind `/`: words that all must occur, `!word` that must not, `field:part`.

One grammar for all lists; each says which fields it knows. A word with a colon that names
no field is a word.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter that was read. Texts are folded: capitals do not count."""

    words: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    not_fields: tuple[tuple[str, str], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.words or self.without or self.fields or self.not_fields)

    def values(self, field: str) -> tuple[str, ...]:
        """What must occur in a field."""
        return tuple(value for name, value in self.fields if name == field)

    def not_values(self, field: str) -> tuple[str, ...]:
        """What must not occur in a field."""
        return tuple(value for name, value in self.not_fields if name == field)

    def meets(self, text: str, fields: Mapping[str, str | None]) -> bool:
        """Whether a row with this text and these fields is one to show."""
        text = text.casefold()
        return (
            all(word in text for word in self.words)
            and not any(word in text for word in self.without)
            and all(value in (fields.get(name) or "").casefold() for name, value in self.fields)
            and not any(value in (fields.get(name) or "").casefold() for name, value in self.not_fields)
        )


def parse(text: str, fields: Collection[str]) -> Filter:
    """Read a filter. What is not finished yet ("!", "user:") filters nothing."""
    words: list[str] = []
    without: list[str] = []
    given: list[tuple[str, str]] = []
    not_given: list[tuple[str, str]] = []
    for part in text.casefold().split():
        negative = part.startswith("!")
        word = part[1:] if negative else part
        name, colon, value = word.partition(":")
        if colon and name in fields:
            if value.startswith("!"):
                negative, value = not negative, value[1:]
            if value:
                (not_given if negative else given).append((name, value))
        elif word:
            (without if negative else words).append(word)
    return Filter(tuple(words), tuple(without), tuple(given), tuple(not_given))
