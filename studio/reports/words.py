"""A funnel in words: lines for people, the same on a terminal and in a page."""

from __future__ import annotations

from collections.abc import Sequence

from studio.clocks import durations
from studio.language.splits import HOLDOUT
from studio.reports.funnel import DAY_MS, SHARES_DAYS, Funnel, NodeCounts
from studio.reports.intervals import Interval, difference
from studio.reports.survival import Share
from studio.wording.values import counted

HEADS = ("LINE", "NODE", "ENTERED", "MOVED ON", "TIMED OUT", "LEFT", "INSIDE", "VISITS")
GUESSED = (
    "They are made up: each rate in the profile is a guess until it was fitted, and people may do otherwise."
)
LOOKING = (
    "The figures go on changing: to look at them again and again and to stop when they please is no test."
)


def heading(funnel: Funnel) -> str:
    """What was counted."""
    cohort = "" if funnel.group is None else f" ({funnel.group})"
    return f"{funnel.workflow}{cohort}: {counted(funnel.entered, 'journey')} entered"


def label(node: NodeCounts) -> str:
    """What a node is called: "wait app/login"."""
    family = {"any": "wait_any", "all": "wait_all"}.get(node.family, node.family)
    name = "" if node.family in ("any", "all", "sleep", "start") else node.name or ""
    return f"{family} {name}".rstrip()


def cells(node: NodeCounts) -> tuple[str, ...]:
    """The row of a node, under `HEADS`."""
    left = ", ".join(f"{reason} {n:,}" for reason, n in node.left.items())
    line = (node.line or "").rpartition(":")[2]
    name = f"└ {label(node)}" if node.group is not None else label(node)
    moved = f"{node.moved_on:,}{_percent(node.moved_on, node.entered)}"
    missed = f"{node.missed:,}" if node.missed else ""
    inside = f"{node.inside:,}" if node.inside else ""
    return line, name, f"{node.entered:,}", moved, missed, left, inside, f"{node.visits:,}"


def _percent(part: int, whole: int) -> str:
    return f"  {100 * part / whole:.0f} %" if whole else ""


def outcome(funnel: Funnel) -> list[str]:
    """How many got there, and how long it took."""
    what = "reached the end" if funnel.outcome == "completed" else f"reached {funnel.outcome}"
    lines = [f"{funnel.reached:,} {what}{_percent(funnel.reached, funnel.entered)}"]
    for day in SHARES_DAYS:
        name = f"by day {day}"
        lines.append(f"  {name:<10}  {_share(funnel.curve.reached_by(day * DAY_MS))}")
    for share, name in ((0.5, "half"), (0.9, "nine of ten")):
        ms = funnel.curve.quantile_ms(share)
        lines.append(f"  {name:<11} {'not reached' if ms is None else 'after ' + durations.short(ms)}")
    return lines


def _share(share: Share | None) -> str:
    if share is None:
        return "nobody was seen for so long yet"
    text = f"{100 * share.value:.1f} %"
    if share.low is None or share.high is None:
        return text
    return f"{text}  (95 %: {100 * share.low:.1f} to {100 * share.high:.1f})"


def ends(funnel: Funnel) -> str:
    """Where the journeys are."""
    parts = [f"{n:,} {end}" for end, n in sorted(funnel.ended.items())]
    parts += [
        f"{n:,} {what}" for n, what in ((funnel.waiting, "waiting"), (funnel.idle, "between two passes")) if n
    ]
    return ", ".join(parts)


def sums(funnel: Funnel) -> str:
    """That the counts were held against each other."""
    return (
        f"At each of {counted(len(funnel.nodes), 'node')}: entered = moved on + left + inside. "
        "Counted are journeys, by their first visit; visits count each time round."
    )


def messages(funnel: Funnel) -> list[str]:
    """How many messages people got."""
    if not any(funnel.messages_each[1:]) and not funnel.held:
        return []
    names = ("none", "one", "two", "three or more")
    told = ", ".join(f"{n:,} {name}" for n, name in zip(funnel.messages_each, names, strict=True))
    lines = [f"Messages a journey: {told}; the most is {funnel.most_messages:,}."]
    return lines + [f"  {n:,} {what}" for what, n in funnel.held.items()]


def refused(funnel: Funnel) -> list[str]:
    """Who was not let in, by reason."""
    if not funnel.refused:
        return []
    times = sum(n for n, _ in funnel.refused.values())
    head = f"{counted(times, 'refusal')} (once a user, reason and day):"
    return [
        head,
        *(f"  {n:,} {why}  ({counted(users, 'user')})" for why, (n, users) in funnel.refused.items()),
    ]


def compared(one: Funnel, other: Funnel) -> str | None:
    """How two cohorts differ, by those whose windows are over; None while there is nobody.

    What a holdout lifts is not told across a change of its share: those who were drawn before and after it
    came at other times, in other parts.
    """
    shares = tuple(dict.fromkeys((*one.holdouts, *other.holdouts)))
    if len(shares) > 1 and all((each.group or "").startswith(f"{HOLDOUT}: ") for each in (one, other)):
        told = ", then ".join(f"{share:g} %" for share in shares)
        return (
            f"{one.group} against {other.group}: no lift is told, since the holdout was changed ({told}). "
            "Take those who entered after the change, with --since."
        )
    if not one.finished or not other.finished:
        return None
    found = difference(one.finished_reached, one.finished, other.finished_reached, other.finished)
    whose = f"of {one.finished:,} and {other.finished:,} whose window is over"
    return f"{one.group} against {other.group}: {points(found)}, {whose}"


def points(found: Interval) -> str:
    """A difference of shares: "+2.1 points (95 %: 0.4 to 3.8)"."""
    value, low, high = (100 * each for each in found)
    return f"{value:+.1f} points (95 %: {low:.1f} to {high:.1f})"


def lines(funnel: Funnel) -> Sequence[str]:
    """All but the table."""
    failed = [f"  {n:,} failed: {why}" for why, n in funnel.failures.items()]
    return [*outcome(funnel), "", *messages(funnel), ends(funnel), *failed, *refused(funnel), sums(funnel)]
