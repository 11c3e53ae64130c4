"""Whether a message is handed over now: judged by the clock at each attempt, and not by the position."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from studio.kernel.entering import HELD_OUT, holdout_of, zone_of
from studio.kernel.ports import History
from studio.kernel.state import JourneyState
from studio.language.channels import Channel
from studio.language.commands import Message, key_text
from studio.language.kinds import Kind
from studio.language.local_time import shown, zone
from studio.language.splits import point

NEWEST = 1 << 62
"""Behind every entry."""


class Verdict(NamedTuple):
    """What becomes of a message now."""

    what: Literal["send", "defer", "drop", "withhold"]
    reason: str = ""
    until: int = 0
    """Of one that is put off: when it is judged again, ms since 1970."""
    winner: dict[str, Any] | None = None
    """Of one that a cap keeps back: the message that was handed over last."""


SEND = Verdict("send")


def judge(
    work: History, state: JourneyState, message: Message, asked: int, now: int, *, counted: bool
) -> Verdict:
    """Judge a message.

    Args:
        asked: when it was asked for, ms since 1970.
        now: by the store's clock.
        counted: it was handed over before, and counts already: a cap does not keep it back any more.
    """
    until = None if message.valid_for is None else asked + message.valid_for
    if until is not None and now > until:
        return Verdict("drop", "no longer valid")
    if message.transactional:
        return SEND
    channel: Channel = message.channel
    name = zone_of(work, state.user, state.workflow, NEWEST)
    where = zone(name)
    if (quiet := channel.quiet_until(now, where)) is not None:
        end, hours = quiet
        at = end + _spread(work, state, message)
        reason = f"quiet hours {hours}, until {shown(end, name)}"
        if until is not None and at > until:
            return Verdict("drop", f"{reason}, when it is no longer valid")
        return Verdict("defer", reason, at)
    is_test = work.profile(state.user, NEWEST).get("test") is True
    if channel.caps and not is_test and not counted:
        sent = ledger(work, state, channel, now)
        if (full := channel.full_until([at for at, _ in sent], now, where)) is not None:
            return _over(channel, full, sent[-1][1], asked, now, until)
    if not is_test and not counted and holdout_of(work, state) == HELD_OUT:
        return Verdict("withhold", "holdout")
    return SEND


def _over(
    channel: Channel, full: tuple[int, str], winner: dict[str, Any], asked: int, now: int, until: int | None
) -> Verdict:
    free, cap = full
    reason = f"cap {cap}"
    if channel.hold is None:
        return Verdict("drop", reason, winner=winner)
    if free > asked + channel.hold:
        return Verdict("drop", f"{reason}, and there is no room while it is held", winner=winner)
    if until is not None and free > until:
        return Verdict("drop", f"{reason}, and there is room when it is no longer valid", winner=winner)
    return Verdict("defer", reason, max(free, now + 1), winner)


def _spread(work: History, state: JourneyState, message: Message) -> int:
    """By how much a message is put later than the end of quiet hours, so that not all come at once."""
    jitter = message.channel.jitter
    if not jitter:
        return 0
    workflow = work.name_text(state.workflow_id)
    what = f"jitter/{state.key}/{state.n}/{state.pass_no}/{key_text(message.key)}"
    return int(point(work.seed, workflow, what, state.user.name) * jitter)


def ledger(
    work: History, state: JourneyState, channel: Channel, now: int
) -> list[tuple[int, dict[str, Any]]]:
    """What a user got by a channel that a cap may count: when, and which message; oldest first."""
    found: list[tuple[int, dict[str, Any]]] = []
    for kind in (Kind.MESSAGE_STARTED, Kind.MESSAGE_SENT):
        for mark in work.marks(state.user, kind, now - channel.counts):
            facts = mark.facts
            if facts.get("channel") != channel.name or (kind == Kind.MESSAGE_SENT and "rewound" not in facts):
                continue
            at = facts.get("handed_at", mark.at)
            told = {"message": "" if mark.name is None else work.name_text(mark.name), "at": at}
            if mark.workflow is not None:
                told["workflow"] = work.name_text(mark.workflow)
            found.append((at, told))
    found.sort(key=lambda each: each[0])
    return found
