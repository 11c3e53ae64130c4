"""Whose deadline has passed while nothing moved, and who was answered in time all the same."""

from __future__ import annotations

from studio.kernel.ports import History
from studio.kernel.state import JourneyState, WaitState
from studio.language.commands import key_text
from studio.language.kinds import Kind
from studio.language.names import names


def deadline_of(journey: JourneyState) -> int | None:
    """The next deadline of a journey whose pass was read, ms since 1970, whether or not it stands by."""
    return min((abs(wait.due) for wait in journey.opened.values() if wait.due is not None), default=None)


def last_moment(wait: WaitState) -> int | None:
    """When time alone would have ended an open wait: its own deadline, or what ends its group."""
    found = [] if wait.due is None else [abs(wait.due)]
    if (name := wait.spec.get("group")) is not None:
        opened = wait.journey.opened.values()
        if (group := next((each for each in opened if key_text(each.key) == name), None)) is not None:
            if (moment := last_moment(group)) is not None:
                found.append(moment)
            if group.key[0] == "any":
                sleeps = (each for each in opened if each.kind == Kind.SLEEP_OPENED)
                found += [abs(e.due) for e in sleeps if e.due is not None and e.spec.get("group") == name]
    return min(found, default=None)


def answered_in_time(work: History, journey: JourneyState, bound: int) -> bool:
    """Whether an event has come for a journey that ends a wait before time would have, and did not drive it.

    Args:
        bound: the newest entry that counts.
    """
    for wait in journey.opened.values():
        if wait.kind != Kind.WAIT_OPENED or wait.name is None:
            continue
        moment = last_moment(wait)
        wanted = names(wait.spec["events"]) if wait.name == 0 else names([work.name_text(wait.name)])
        for seq in work.event_seqs(journey.user, wanted, wait.after, bound):
            event = work.event(seq)
            if (moment is None or event.at_ms <= moment) and wait.meets(event):
                return True
    return False
