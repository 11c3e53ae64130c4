"""Texts that are nearly the same: a name with a letter missing, a user written another way. Pure."""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Iterator

MOST_CHARS = 64
"""Of longer texts no slips are looked for: the work grows with the square of the length."""
_DIGITS = re.compile(r"\d+")
_LETTERS = string.ascii_lowercase + string.digits + "-_./@"


def slips(one: str, other: str, limit: int = 3) -> int | None:
    """How many letters were left out, added, changed or swapped between two texts.

    None when there are more than `limit`, or when a text is longer than `MOST_CHARS`.
    """
    if one == other:
        return 0
    if abs(len(one) - len(other)) > limit or max(len(one), len(other)) > MOST_CHARS:
        return None
    before: list[int] = []
    row = list(range(len(other) + 1))
    for at, letter in enumerate(one, 1):
        older, before, row = before, row, [at]
        for to, wanted in enumerate(other, 1):
            cost = min(before[to] + 1, row[to - 1] + 1, before[to - 1] + (letter != wanted))
            if at > 1 and to > 1 and letter == other[to - 2] and one[at - 2] == wanted:
                cost = min(cost, older[to - 2] + 1)
            row.append(cost)
        if min(row) > limit and min(before) > limit:
            return None
    return row[-1] if row[-1] <= limit else None


def bare(text: str) -> str:
    """A text without what people write in several ways: capitals, and signs between the words."""
    return "".join(char for char in text.casefold() if char.isalnum())


def nearness(written: str, meant: str) -> int | None:
    """How far what was written is from what may have been meant; None when it is something else.

    0 is the same text; 1 differs in capitals and signs only; above it letters differ, at most
    one for four of them.
    """
    if written == meant:
        return 0
    plain = bare(meant)
    if plain and bare(written) == plain:
        return 1
    limit = min(3, max(1, min(len(written), len(meant)) // 4))
    if (found := slips(written, meant, limit)) is not None:
        return 1 + found
    # The part behind the last "/" alone, or another part before it.
    tail, wanted = written.rpartition("/")[2], meant.rpartition("/")[2]
    if len(tail) >= 4 and tail == wanted:
        return 4
    return None


def nearest(written: str, known: Iterable[str], most: int = 3) -> list[str]:
    """Of the known texts those that may have been meant, the nearest first; never the same text."""
    found = [
        (far, text) for text in dict.fromkeys(known) if (far := nearness(written, text)) is not None and far
    ]
    return [text for _, text in sorted(found)[:most]]


LEAST_CHARS = 5
"""In shorter names one letter is a lot: "in" and "on" are no slips of each other."""


def likely_slip(written: str, known: Iterable[str]) -> str | None:
    """Of the known names the one that this is most likely a slip of; None when there is none.

    Stricter than `nearest`: one letter at the most, or other signs and capitals. Names that
    differ in their digits ("step1", "step2") or in tense or number ("invite", "invited") are meant.
    """
    for name in sorted(set(known)):
        if name == written or min(len(name), len(written)) < LEAST_CHARS:
            continue
        if _DIGITS.sub("#", name) == _DIGITS.sub("#", written):
            continue
        short, long = sorted((name, written), key=len)
        if long in (f"{short}d", f"{short}s"):
            continue
        if bare(name) == bare(written) or slips(written, name, 1) is not None:
            return name
    return None


def how(written: str, meant: str) -> str:
    """How a near text differs, in a few words."""
    if written.casefold() == meant.casefold():
        return "in capitals"
    if bare(written) == bare(meant):
        return "in its signs"
    found = slips(written, meant)
    if found is None:
        return "in another part"
    return "1 letter" if found == 1 else f"{found} letters"


def variants(text: str) -> Iterator[str]:
    """The texts that are one slip away, and some other ways to write it: to be looked up in an index."""
    if not text or len(text) > MOST_CHARS:
        return
    yield from dict.fromkeys((text.casefold(), text.upper(), text.strip(), bare(text)))
    for at in range(len(text)):
        yield text[:at] + text[at + 1 :]
        if at + 1 < len(text):
            yield text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    for at in range(len(text) + 1):
        for letter in _LETTERS:
            yield text[:at] + letter + text[at:]
            if at < len(text):
                yield text[:at] + letter + text[at + 1 :]
