"""A journey's id, `workflow/user[/key][~n]`: unambiguous whatever its parts hold.

"/" divides the parts and "~" leads to the number. A part that holds one of the two has "~" before it
("org/1" is "org~/1"); where none does, an id is its parts as they are. One thing it does not tell: whether
a key is a text or another JSON value that reads alike ("7" and 7). Chances and idempotency keys are made
from the `exact_id`, which tells that too, and who acts on a journey may write it: `workflow//user/"7"`.

A journey that began before this was so keeps the id that it has, since its code may have passed it on, and
its chances and idempotency keys are made from it. Which those are is told by the numbers of the journeys
in the store (`bounds_of`); numbers that were given out before are not given out again.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple, TypeVar

from studio.errors import JourneyError
from studio.language.names import MAX_LENGTH

T = TypeVar("T")

# What no text may look like unless it stands in quotes: any other JSON value, or a text in quotes.
_OTHER_JSON = re.compile(r"true|false|null|-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
_MARKS = re.compile("[/~]")
_PART = re.compile(r"[^/~]*(?:~[/~][^/~]*)*")
_NUMBER = re.compile(r"[1-9][0-9]{0,8}")


class Parts(NamedTuple):
    """What an id is made of."""

    workflow: str
    user: str
    key: str
    """JSON of the `key=` field's value, "" without one."""
    n: int


# -- to text -------------------------------------------------------------------------------


def escaped(part: str) -> str:
    """A part of an id, with a mark before each mark that it holds."""
    return _MARKS.sub(r"~\g<0>", part) if "/" in part or "~" in part else part


def journey_id(workflow: str, user: str, key: str, n: int) -> str:
    """A journey's id: `workflow/user[/key][~n]`.

    Args:
        key: JSON of the `key=` field's value, "" without one.
        n: 1, or which journey this is of those begun again.
    """
    text = f"{workflow}/{escaped(user)}"
    if key:
        text += f"/{escaped(_plain_key(key))}"
    return text if n == 1 else f"{text}~{n}"


def exact_id(workflow: str, user: str, key: str, n: int) -> str:
    """The same, but that a key which is text and reads as another JSON value stands in quotes."""
    if not key or not _reads_alike(json.loads(key)):
        return journey_id(workflow, user, key, n)
    text = f"{workflow}/{escaped(user)}/{escaped(key)}"
    return text if n == 1 else f"{text}~{n}"


def plain_id(workflow: str, user: str, key: str, n: int) -> str:
    """The same as it was before marks were escaped; two journeys may have one."""
    text = f"{workflow}/{user}"
    if key:
        text += f"/{_plain_key(key)}"
    return text if n == 1 else f"{text}~{n}"


def only_id(workflow: str, user: str, key: str, n: int) -> str:
    """The exact id as it is written where another journey has the same id: `workflow//user…`."""
    return exact_id(workflow, user, key, n).replace("/", "//", 1)


def shown_id(
    workflow: str, user: str, key: str, n: int, number: int | None = None, bounds: str | None = None
) -> str:
    """The id of a journey of the store, as its code knows it.

    Args:
        number: `journeys.id`.
        bounds: the store's, as text.
    """
    if number is None or is_escaped(number, bounds_of(bounds)):
        return journey_id(workflow, user, key, n)
    return plain_id(workflow, user, key, n)


def is_escaped(number: int, bounds: tuple[int, ...]) -> bool:
    """Whether the id of a journey of this number is escaped."""
    return bool(bisect_right(bounds, number) & 1)


@lru_cache(maxsize=64)
def bounds_of(text: str | None) -> tuple[int, ...]:
    """A store's bounds: from the first number on ids are escaped, from the second on they are not, and so on.

    Args:
        text: a JSON list; None, of a store of 0.1.0: none is.
    """
    return tuple(json.loads(text)) if text else ()


def joined_bounds(own: tuple[int, ...], other: tuple[int, ...], first: int, count: int) -> tuple[int, ...]:
    """The bounds of a store that journeys of another are put into.

    Args:
        first: the number that journey 1 of the other gets here; none of this store has it or a later one.
        count: the highest number in the other.
    """
    shift, end = first - 1, first + count

    def state(number: int) -> bool:
        if number < first:
            return is_escaped(number, own)
        return is_escaped(number - shift, other) if number < end else True

    turns = {1, first, end, *own, *(bound + shift for bound in other)}
    found, now = [], False
    for number in sorted(turns):
        if state(number) != now:
            now = not now
            found.append(number)
    return tuple(found)


def _plain_key(key: str) -> str:
    value = json.loads(key)
    return value if isinstance(value, str) else key


def _reads_alike(value: object) -> bool:
    """Whether this is a text that reads as another JSON value, or as a text in quotes."""
    return isinstance(value, str) and (
        value.startswith(('"', "{", "[")) or _OTHER_JSON.fullmatch(value) is not None
    )


# -- from text -----------------------------------------------------------------------------


def parse(text: str) -> tuple[Parts, ...]:
    """What an id is made of: nothing when it is none, two readings where a key may be text or not.

    The first is what it is if the id is exact.
    """
    workflow, slash, rest = text.partition("/")
    user, at = _part(rest, 0)
    keys = [""]
    if rest[at : at + 1] == "/":
        name, at = _part(rest, at + 1)
        keys = [json.dumps(name, ensure_ascii=False)]
        if _reads_alike(name):
            keys.insert(0, name)
    n = 1
    if rest[at : at + 1] == "~" and _NUMBER.fullmatch(rest, at + 1):
        n, at = int(rest[at + 1 :]), len(rest)
    if not slash or not user or at < len(rest):
        return ()
    return tuple(Parts(workflow, user, key, n) for key in keys)


def _part(text: str, start: int) -> tuple[str, int]:
    found = _PART.match(text, start)
    assert found is not None
    return re.sub("~([/~])", r"\1", found[0]), found.end()


def plain_readings(text: str) -> Iterator[Parts]:
    """All that an id may be made of that was written before marks were escaped."""
    workflow, _, rest = text.partition("/")
    readings = [(rest, 1)]
    head, tilde, number = rest.rpartition("~")
    if tilde and _NUMBER.fullmatch(number):
        readings.append((head, int(number)))
    for whole, n in readings:
        if 0 < len(whole) <= MAX_LENGTH:
            yield Parts(workflow, whole, "", n)
        at = whole.find("/")
        while 0 <= at <= MAX_LENGTH:
            user, key = whole[:at], whole[at + 1 :]
            if user:
                yield Parts(workflow, user, json.dumps(key, ensure_ascii=False), n)
                if key:
                    yield Parts(workflow, user, key, n)
            at = whole.find("/", at + 1)


def meant(text: str, find: Callable[[Parts], T | None], is_escaped: Callable[[T], bool]) -> list[T]:
    """The journeys that an id may mean: one, none, or several.

    Several have it where some began before marks were escaped, or where one key is text and another is not.
    `workflow//user…` means the exact id alone, whatever else is called so.

    Args:
        find: the journey of these parts, the same (equal) one at each call.
        is_escaped: whether the id of such a journey is escaped.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        # Half of a surrogate pair (a terminal in another encoding): nothing is called so.
        return []
    workflow, slashes, rest = text.partition("//")
    if slashes and "/" not in workflow:
        exact = [found for parts in parse(f"{workflow}/{rest}")[:1] if (found := find(parts)) is not None]
        if exact:
            return exact
    own = [found for parts in parse(text) if (found := find(parts)) is not None]
    others: list[T] = []
    for reading in plain_readings(text):
        other = find(reading)
        if other is None or other in own or other in others:
            continue
        (others if is_escaped(other) else own).append(other)
    # As people wrote an id before: it still finds the journey, where no other has that id.
    return own or others


def which_of(text: str, journeys: Iterable[Parts]) -> JourneyError:
    """What is said of an id that several journeys have."""
    written = [only_id(*parts) for parts in journeys]
    return JourneyError(
        f"it is the id of {len(written)} journeys",
        where=text,
        fix=f"Write one of: {', '.join(written)}",
    )


def user_prefix(text: str) -> str:
    """How the user begins in what follows `workflow/` in the beginning of an id, escaped or not."""
    return _part(text, 0)[0]


def behind_user(id: str, workflow: str, user: str) -> str | None:
    """What stands behind the user in an id, "/c1~2"; None when it is another user's."""
    for name in (escaped(user), user):
        head = f"{workflow}/{name}"
        rest = id[len(head) :]
        if id.startswith(head) and (rest[:1] in ("", "/") or _NUMBER.fullmatch(rest, 1)):
            return rest
    return None
