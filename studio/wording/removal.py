"""What an act would take away, and what would run once more: in numbers, before anybody says yes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from studio.wording.values import counted

if TYPE_CHECKING:
    from studio.store.cut import Behind

NAMED = 5
"""Steps that are named; there may be any number of them."""


def removed(behind: Behind, *, journeys: bool = False) -> str:
    """Entries of users go, and steps run once more: "3 entries of 1 user are removed".

    Args:
        journeys: count these, too.
    """
    of = counted(behind.users, "user")
    if journeys:
        of += f" and {counted(behind.journeys, 'journey')}"
    verb = "is" if behind.entries == 1 else "are"
    text = f"{counted(behind.entries, 'entry', 'entries')} of {of} {verb} removed"
    return f"{text}, {runs_again(behind.steps)}" if behind.steps else text


def runs_again(steps: Sequence[tuple[str, int]], most: int = NAMED) -> str:
    """Done steps, which would run again: "3 done steps would run again (mail ×2, charge)".

    Args:
        steps: by name, with how often each was done.
        most: how many are named.
    """
    names = [name if count == 1 else f"{name} ×{count:,}" for name, count in steps[:most]]
    more = ", …" if len(steps) > most else ""
    done = counted(sum(count for _, count in steps), "done step")
    return f"{done} would run again ({', '.join(names)}{more})"
