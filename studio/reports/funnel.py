"""The funnel of a workflow: how many journeys came to each node, went on, left or are inside.

Counted are journeys by their first visit of a node, so that at each of them what entered is what moved on,
what left and what is inside. A cohort is who entered since a moment; users whose profile says `test: true`
are in none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from studio.errors import StudioError
from studio.language.definition import Workflow
from studio.language.kinds import KIND_TEXT, Kind
from studio.reports.progress import (
    CLOSED,
    INSIDE,
    LEFT,
    MATCHED,
    MISSED,
    MOVED_ON,
    Fold,
    FunnelNode,
    Handed,
    Progress,
    Turned,
)
from studio.reports.survival import Curve, Observed, curve
from studio.reports.zones import UserZones

DAY_MS = 86_400_000
SHARES_DAYS = (1, 7, 30)
"""After so many days the share that has got there is told."""
MOST_FAILURES = 5
GroupOf = Callable[[Progress], Iterable[str]]
"""The groups that a journey belongs to: an arm of each split, a week, a version."""


class CountError(StudioError):
    """Counts that do not add up: a fault of this program."""


@dataclass(frozen=True, slots=True)
class NodeCounts:
    """The journeys that came to one node, by what became of their first visit."""

    key: str
    """The key of rule 7: "wait:app/login#0"."""
    family: str
    name: str | None
    line: str | None
    """ "onboarding.py:26" in the newest source that ran."""
    group: str | None
    """The key of the `wait_any` or `wait_all` that it is a member of."""
    entered: int
    matched: int
    """Went on by a match, a result, or because the time that was slept is over."""
    missed: int
    """Went on by a time-out, or a failure that the code caught."""
    closed: int
    """Went on although it never ended: another member of its group was first, or the code changed."""
    left: Mapping[str, int]
    """Ended there, by reason: failed, exited, cancelled."""
    inside: int
    visits: int
    """How often all journeys of the workflow came by, in loops and later passes too, of every cohort."""

    @property
    def moved_on(self) -> int:
        """Went on in any way."""
        return self.matched + self.missed + self.closed


@dataclass(frozen=True, slots=True)
class Funnel:
    """How the journeys of one cohort do."""

    workflow: str
    group: str | None
    """What all of the cohort share: "subject: a", "2026-W12", a version; None: everybody."""
    entered: int
    ended: Mapping[str, int]
    """Journeys that are over, by how: completed, failed, exited, cancelled."""
    failures: Mapping[str, int]
    """Why journeys failed, the most frequent first, `MOST_FAILURES` at most."""
    waiting: int
    """In a pass."""
    idle: int
    """Between two passes: the next trigger begins another."""
    nodes: tuple[NodeCounts, ...]
    """In the order of their lines; members of a group behind it."""
    outcome: str
    """What `reached` is about: the goal, or "completed" where none is declared."""
    reached: int
    """Journeys that got there, each once."""
    curve: Curve
    """The share that got there by the time since entry."""
    finished: int
    """Journeys whose window for the goal is over."""
    finished_reached: int
    """Of them, those that got there."""
    messages_each: tuple[int, int, int, int]
    """Journeys with 0, 1, 2, and 3 or more messages that were handed over."""
    most_messages: int
    held: Mapping[str, int]
    """Messages that were put off, dropped or withheld, by what, channel and reason, the most frequent first:
    "deferred, email: quiet hours 22:00-08:00". One that was put off twice counts twice."""
    sent_at: Mapping[tuple[int, int], int]
    """Messages that were handed over, by weekday (Monday is 0) and hour of the user's own clock."""
    refused: Mapping[str, tuple[int, int]]
    """Who was not let in, by reason, the most frequent first: how often (once a user and day), and how many
    users. Of everybody alone: who did not enter is in no arm."""
    holdouts: tuple[float, ...]
    """The shares that were held out when these were drawn, in per cent, as they came."""


@dataclass(frozen=True, slots=True)
class GoalWindow:
    """What counts as having got there."""

    name: str
    within_ms: int | None
    """From entry; None: at any time."""


def funnel(
    workflow: str,
    fold: Fold,
    *,
    now_ms: int,
    goal: GoalWindow | None = None,
    since_ms: int | None = None,
    testers: Iterable[int] = (),
    group: str | None = None,
    of_group: Callable[[Progress], bool] | None = None,
    zones: UserZones | None = None,
) -> Funnel:
    """Count the journeys of a cohort.

    Args:
        now_ms: the moment of the store's clock.
        since_ms: only journeys that were entered then or later.
        testers: users, by number, that are not counted.
        zones: of the users, in which weekdays and hours are told; UTC when not given.
        group: what the journeys share that `of_group` says yes to.

    Raises:
        CountError: at some node the counts do not add up.
    """
    left_out = frozenset(testers)
    cohort = [
        each
        for each in fold.journeys.values()
        if is_counted(each, left_out, since_ms) and (of_group is None or of_group(each))
    ]
    everybody = len(cohort) == len(fold.journeys)
    states: list[Counter[int]] = [Counter() for _ in fold.nodes]
    for each in cohort:
        for number, state in enumerate(each.states):
            if state:
                states[number][state] += 1
    nodes = [_counts(node, states[node.number]) for node in _ordered(fold)]
    if everybody:
        _check(fold, states)
    within = None if goal is None else goal.within_ms
    times = [_observed(each, goal is not None, within, now_ms) for each in cohort]
    over = [each for each in cohort if within is not None and each.entered_at + within <= now_ms]
    ended = Counter(each.end for each in cohort if each.end is not None)
    waiting = sum(1 for each in cohort if each.end is None and each.open)
    sent = Counter(min(3, each.sent) for each in cohort)
    return Funnel(
        workflow,
        group,
        len(cohort),
        dict(ended),
        dict(Counter(each.failure for each in cohort if each.failure).most_common(MOST_FAILURES)),
        waiting,
        len(cohort) - ended.total() - waiting,
        tuple(nodes),
        "completed" if goal is None else goal.name,
        sum(1 for time in times if time.happened),
        curve(times),
        len(over),
        sum(1 for each in over if each.converted_at is not None),
        (sent[0], sent[1], sent[2], sent[3]),
        max((each.sent for each in cohort), default=0),
        *_messages(fold.messages, {each.journey for each in cohort}, zones or UserZones()),
        _refused(fold.refused, left_out, since_ms) if of_group is None else {},
        tuple(dict.fromkeys(each.holdout for each in cohort if each.holdout is not None)),
    )


def window_of(workflow: Workflow) -> GoalWindow | None:
    """The goal that a workflow declares."""
    found = workflow.goal
    return None if found is None else GoalWindow(found.names.text, found.within)


def _messages(
    messages: Iterable[Handed], cohort: Container[int], zones: UserZones
) -> tuple[dict[str, int], dict[tuple[int, int], int]]:
    held: Counter[str] = Counter()
    sent: Counter[tuple[int, int]] = Counter()
    for each in messages:
        if each.journey not in cohort:
            continue
        if each.kind == Kind.MESSAGE_SENT:
            at = datetime.fromtimestamp(each.at / 1000, zones.of(each.user, each.seq))
            sent[at.weekday(), at.hour] += 1
        else:
            # Behind the comma stands until when: of each another moment.
            reason = (each.reason or "").partition(",")[0]
            what = KIND_TEXT[each.kind].partition(".")[2]
            held[f"{what}, {each.channel}: {reason}" if reason else f"{what}, {each.channel}"] += 1
    return dict(held.most_common()), dict(sent)


def _refused(
    turned: Iterable[Turned], testers: Container[int], since_ms: int | None
) -> dict[str, tuple[int, int]]:
    found: dict[str, list[int]] = {}
    for each in turned:
        if each.user not in testers and (since_ms is None or each.at >= since_ms):
            found.setdefault(each.reason, []).append(each.user)
    ordered = sorted(found.items(), key=lambda reason: -len(reason[1]))
    return {reason: (len(users), len(set(users))) for reason, users in ordered}


def is_counted(each: Progress, testers: Container[int], since_ms: int | None) -> bool:
    """Whether a journey is of the cohort."""
    return each.user not in testers and (since_ms is None or each.entered_at >= since_ms)


def _counts(node: FunnelNode, states: Counter[int]) -> NodeCounts:
    return NodeCounts(
        node.key,
        node.family,
        node.name,
        node.place,
        node.group,
        states.total(),
        states[MATCHED],
        states[MISSED],
        states[CLOSED],
        {reason: states[state] for state, reason in LEFT.items() if states[state]},
        states[INSIDE],
        node.visits,
    )


def _check(fold: Fold, states: list[Counter[int]]) -> None:
    """Hold the states that journeys have now against the visits that were counted as they came."""
    for node in fold.nodes:
        found = states[node.number]
        sum_of_parts = sum(found[state] for state in (*MOVED_ON, *LEFT, INSIDE))
        if not found.total() == sum_of_parts == fold.entered[node.number]:
            raise CountError(
                f"{fold.entered[node.number]:,} journeys entered, "
                f"and {sum_of_parts:,} moved on, left or are inside",
                where=node.key,
            )


def _ordered(fold: Fold) -> list[FunnelNode]:
    """The start, then by line; members of a group behind it."""

    def place(node: FunnelNode) -> tuple[str, int]:
        file, _, line = (node.place or "").rpartition(":")
        return file, int(line) if line.isdigit() else 0

    def order(node: FunnelNode) -> tuple[bool, tuple[str, int], int, bool, int]:
        head = fold.group_of(node) or node
        return node.number != 0, place(head), head.number, head is not node, node.number

    return sorted(fold.nodes, key=order)


def _observed(each: Progress, has_goal: bool, within: int | None, now_ms: int) -> Observed:
    """How long a journey was seen to get there, or not to.

    An end or an exit does not end it, since a goal counts afterwards; a cancel does.
    """
    came = each.converted_at if has_goal else each.ended_at if each.end == "completed" else None
    if came is not None:
        return Observed(max(0, came - each.entered_at), True)
    until = now_ms
    if within is not None:
        until = min(until, each.entered_at + within)
    if each.censored_at is not None:
        until = min(until, each.censored_at)
    return Observed(max(0, until - each.entered_at), False)


def week_of(each: Progress) -> str:
    """The week in which a journey was entered: "2026-W12"."""
    year, week, _ = datetime.fromtimestamp(each.entered_at / 1000, UTC).isocalendar()
    return f"{year}-W{week:02}"
