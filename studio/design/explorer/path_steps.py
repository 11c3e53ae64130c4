"""What a journey did on a path, as steps: from its commands and what is recorded of them."""

from __future__ import annotations

import os
from collections.abc import Container
from functools import lru_cache
from typing import Any

from studio.design.explorer.explored_path import Member, PathStep, PathStepKind
from studio.kernel.state import JourneyState
from studio.language.commands import (
    Command,
    Group,
    Ingest,
    Key,
    Message,
    Place,
    Sleep,
    Split,
    Step,
    Until,
    Wait,
    key_text,
)
from studio.language.kinds import LEVEL_OF, Kind
from studio.language.local_time import words
from studio.text import json_text as jsontext

MOST_NAMED = 6
"""Members of a group that its title names."""
LOG_CHARS = 1_000

OUTCOMES = {
    Kind.WAIT_MATCHED: "matched",
    Kind.WAIT_TIMEOUT: "timed out",
    Kind.GROUP_MATCHED: "matched",
    Kind.GROUP_TIMEOUT: "timed out",
    Kind.SLEEP_DONE: "done",
    Kind.STEP_DONE: "done",
    Kind.STEP_FAILED: "failed",
    Kind.EVENT: "sent",
    Kind.EVENT_DUPLICATE: "sent before",
    Kind.SPLIT: "drawn",
    Kind.MESSAGE_SENT: "sent",
    Kind.MESSAGE_DROPPED: "not sent",
    Kind.MESSAGE_WITHHELD: "held out",
}
BEFORE = {"matched": "matched before", "done": "done before"}
"""What a wait or a step came to that was never open: the past had it."""

_KINDS: tuple[tuple[type[Command[Any]], str], ...] = (
    (Wait, "wait"),
    (Message, "message"),
    (Step, "step"),
    (Ingest, "send"),
    (Sleep, "sleep"),
)


def passed(command: Command[Any], state: JourneyState, was_open: Container[Key], at: int) -> PathStep | None:
    """The step that a command is which the journey stands at, or has passed; None for one that is none.

    Args:
        was_open: the commands of this pass that were open for a while.
        at: milliseconds since the journey began.
    """
    line, number = line_of(command.place), state.pass_no
    outcome = _outcome(command, state, was_open) or "waits for ever"
    if isinstance(command, Wait):
        name, match = command.names.text, command.match
        return PathStep("wait", name, line, at, number, outcome, match=match, timeout=command.timeout)
    if isinstance(command, Group):
        kind: PathStepKind = "all" if command.all else "any"
        members = _members(command, state, was_open)
        title, timeout = title_of(command), command.timeout
        return PathStep(kind, title, line, at, number, outcome, timeout=timeout, members=members)
    if isinstance(command, Sleep):
        return PathStep("sleep", title_of(command), line, at, number, outcome, timeout=command.duration)
    if isinstance(command, Message):
        return PathStep("message", command.name, line, at, number, outcome)
    if isinstance(command, Step):
        return PathStep("step", command.name, line, at, number, outcome)
    if isinstance(command, Split):
        return PathStep("split", command.name, line, at, number, outcome)
    if isinstance(command, Ingest):
        other = command.user if command.user != state.user.name else None
        data = jsontext.loads(command.text)
        return PathStep("send", command.name, line, at, number, outcome, data=data, user=other)
    return None


def said(kind: int, message: str, line: str, at: int, pass_number: int) -> PathStep:
    """The step that a line of the journey's log is."""
    return PathStep("log", message[:LOG_CHARS], line, at, pass_number, LEVEL_OF[kind])


def _outcome(command: Command[Any], state: JourneyState, was_open: Container[Key]) -> str | None:
    record = state.outcomes.get(command.key)
    if record is None:
        return None
    if isinstance(command, Split):
        return str(record.json()["arm"])
    outcome = OUTCOMES[record.kind]
    if isinstance(command, Wait | Step) and command.key not in was_open:
        return BEFORE.get(outcome, outcome)
    return outcome


def _members(group: Group, state: JourneyState, was_open: Container[Key]) -> tuple[Member, ...]:
    record = state.outcomes.get(group.key)
    ended = None if record is None else set(record.json().get("ended", ()))
    found = []
    for member in group.members:
        # Of those that are over, some may have ended with the group and have no part in it.
        is_over = ended is None or key_text(member.key) in ended
        outcome = (_outcome(member, state, was_open) if is_over else None) or "open"
        kind = next((kind for of, kind in _KINDS if isinstance(member, of)), "group")
        if isinstance(member, Wait):
            found.append(Member(kind, title_of(member), outcome, member.match, member.timeout))
        else:
            found.append(Member(kind, title_of(member), outcome))
    return tuple(found)


@lru_cache(maxsize=4096)
def line_of(place: Place) -> str:
    """ "onboarding.py:20"."""
    return f"{os.path.basename(place[0])}:{place[1]}"


def title_of(command: Command[Any]) -> str:
    """What a command is called in one line."""
    if isinstance(command, Wait):
        return command.names.text
    if isinstance(command, Group):
        shown = [title_of(member) for member in command.members[:MOST_NAMED]]
        if len(command.members) > MOST_NAMED:
            shown.append(f"{len(command.members) - MOST_NAMED:,} more")
        return (" and " if command.all else " or ").join(shown)
    if isinstance(command, Until):
        return f"until {words(command.local)}"
    return command.name if isinstance(command, Step | Ingest | Split) else command.key[0]
