"""Texts that are nearly the same: a name with a letter missing, a user written another way. Pure."""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Iterator

MOST_CHARS = 64
"""Longer texts are no names, and a letter more or less in them is no typo."""
LEAST_SIMILARITY = 0.6
"""Of the letters of two names so many are the same, in their order, where one is meant by the other."""
_DIGITS = re.compile(r"\d+")
_LETTERS = string.ascii_lowercase + string.digits + "-_./@"


def edit_distance(one: str, other: str, limit: int = 3) -> int | None:
    """How many letters were left out, added, changed or swapped between two texts.

    None when there are more than `limit`, or when a text is longer than `MOST_CHARS`.
    """
    if max(len(one), len(other)) > MOST_CHARS:
        return 0 if one == other else None
    # Imported here: commands that compare nothing begin without it.
    from rapidfuzz.distance import OSA

    found = OSA.distance(one, other, score_cutoff=limit)
    return found if found <= limit else None


def most_similar(written: str, known: Iterable[str]) -> str | None:
    """Of the known names the one most like what was written; None when none shares most of its letters."""
    from rapidfuzz import process
    from rapidfuzz.distance import Indel

    found = process.extractOne(
        written, sorted(known), scorer=Indel.normalized_similarity, score_cutoff=LEAST_SIMILARITY
    )
    return None if found is None else found[0]


def simplified(text: str) -> str:
    """A text without what people write in several ways: capitals, and signs between the words."""
    return "".join(char for char in text.casefold() if char.isalnum())


def match_rank(written: str, meant: str) -> int | None:
    """How much what was written differs from what may have been meant; None when it is something else.

    0 is the same text; 1 differs in capitals and signs only; above it letters differ, at most
    one for four of them.
    """
    if written == meant:
        return 0
    plain = simplified(meant)
    if plain and simplified(written) == plain:
        return 1
    limit = min(3, max(1, min(len(written), len(meant)) // 4))
    if (found := edit_distance(written, meant, limit)) is not None:
        return 1 + found
    # The part behind the last "/" alone, or another part before it.
    tail, wanted = written.rpartition("/")[2], meant.rpartition("/")[2]
    if len(tail) >= 4 and tail == wanted:
        return 4
    return None


def closest(written: str, known: Iterable[str], most: int = 3) -> list[str]:
    """Of the known texts those that may have been meant, the most similar first; never the same text."""
    found = [
        (far, text) for text in dict.fromkeys(known) if (far := match_rank(written, text)) is not None and far
    ]
    return [text for _, text in sorted(found)[:most]]


LEAST_CHARS = 5
"""In shorter names one letter is a lot: "in" and "on" are no typos of each other."""


def likely_typo(written: str, known: Iterable[str]) -> str | None:
    """Of the known names the one that this is most likely a typo of; None when there is none.

    Stricter than `closest`: one letter at the most, or other signs and capitals. Names that
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
        if simplified(name) == simplified(written) or edit_distance(written, name, 1) is not None:
            return name
    return None


def describe_difference(written: str, meant: str) -> str:
    """How a similar text differs, in a few words."""
    if written.casefold() == meant.casefold():
        return "differs only in upper and lower case"
    if simplified(written) == simplified(meant):
        return "differs only in punctuation"
    found = edit_distance(written, meant)
    if found is None:
        return "another part differs"
    return "1 letter differs" if found == 1 else f"{found} letters differ"


def single_edits(text: str) -> Iterator[str]:
    """The texts that are one edit away, and some other ways to write it: to be looked up in an index."""
    if not text or len(text) > MOST_CHARS:
        return
    yield from dict.fromkeys((text.casefold(), text.upper(), text.strip(), simplified(text)))
    for at in range(len(text)):
        yield text[:at] + text[at + 1 :]
        if at + 1 < len(text):
            yield text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    for at in range(len(text) + 1):
        for letter in _LETTERS:
            yield text[:at] + letter + text[at:]
            if at < len(text):
                yield text[:at] + letter + text[at + 1 :]
