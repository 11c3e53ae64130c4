"""Many users by one text: `user{1..50}` is user1, user2, … user50."""

from __future__ import annotations

import re

from studio.errors import EventError

MOST_USERS = 10_000
_SPAN = re.compile(r"\{(\d{1,9})\.\.(\d{1,9})\}")


def each_user(text: str, most: int = MOST_USERS) -> list[tuple[str, str]] | None:
    """The users that `user{1..50}` stands for, each with its number; None when it stands for itself.

    Raises:
        EventError: there are more than `most`, or the numbers run backwards.
    """
    span = _SPAN.search(text)
    if span is None:
        return None
    first, last = int(span[1]), int(span[2])
    if last < first:
        raise EventError(f"{span[0]} runs backwards", fix=f"Write {{{span[2]}..{span[1]}}}.")
    if last - first >= most:
        raise EventError(f"{span[0]} stands for {last - first + 1:,} users", fix=f"At most {most:,} at once.")
    # {01..50} counts 01, 02, …: as wide as it was written.
    width = len(span[1]) if span[1].startswith("0") else 0
    head, tail = text[: span.start()], text[span.end() :]
    numbers = [str(number).zfill(width) for number in range(first, last + 1)]
    return [(f"{head}{number}{tail}", number) for number in numbers]
