"""What a command comes to: its recorded outcome, an answer at once, or an open wait.

A `CommandResolver` serves one drive. It looks up what is recorded, tries what the user's history
holds already, and otherwise decides what to open. It changes nothing itself: its decisions are values
(`decisions.py`), and whoever applies one gives back what came of it before the next is made.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from studio.kernel.attempt_resolver import AttemptResolver
from studio.kernel.decisions import (
    Close,
    Deciding,
    Decision,
    Open,
    Over,
    RecordHere,
    RecordOutcome,
    Repeat,
    Say,
    SendEvent,
    given_id,
    json_fields,
)
from studio.kernel.drive import Outcome
from studio.kernel.late_journeys import last_moment
from studio.kernel.marks import Mark
from studio.kernel.matching import meets
from studio.kernel.ports import EVENTS_MAX, History
from studio.kernel.records import Cause
from studio.kernel.replay import Slot
from studio.kernel.state import GROUP_NAMES, JourneyState, Record, WaitState, fitting
from studio.kernel.steps_under_way import StepsUnderWay
from studio.kernel.taken_ids import TakenIds
from studio.language.commands import (
    Collect,
    Command,
    Group,
    Ingest,
    Message,
    NewPass,
    Sleep,
    Split,
    Step,
    Until,
    Wait,
    key_text,
)
from studio.language.event import Event
from studio.language.journey import Journey
from studio.language.kinds import Kind
from studio.language.splits import draw
from studio.text import json_text as jsontext

_NOTHING: tuple[RecordOutcome | None, bool] = (None, False)
"""A look into the past found no match, and saw all of it."""


class CommandResolver(AttemptResolver):
    """What the commands of one drive come to.

    Args:
        steps: which steps run already.
        ids: which ids of events are taken.
    """

    __slots__ = ("ids", "mute_since", "resuming")

    def __init__(
        self,
        work: History,
        state: JourneyState,
        journey: Journey,
        cause: Cause,
        steps: StepsUnderWay,
        ids: TakenIds,
    ) -> None:
        # What the classes below do, without a call: one is made for each drive.
        self.work = work
        self.state = state
        self.journey = journey
        self.seen = {}
        self.resolved = []
        self.cause = cause
        self.steps = steps
        self.ids = ids
        self.resuming = state.resuming
        """The first command that is new stands at the moment of the resume, and sees what came till then."""
        self.mute_since: int | None = None
        """The drive says nothing again that its pass has said; see `decisions.Speak`."""

    def at_once(self, command: Command[Any]) -> Outcome | None:
        """The outcome of a command for which nothing is to be decided: most of them, in a replay."""
        record = self.state.outcomes.get(command.key)
        if record is None or (type(command) is Group and command.key in self.state.fresh):
            return None
        return self.recorded(command, record)

    def resolve(self, command: Command[Any]) -> Deciding:
        """Decide what a command comes to."""
        if self.resuming and command.key not in self.state.outcomes:
            self.resuming = False
            self._stand_at_cause()
        if type(command) is Wait:
            key, state, looked = command.key, self.state, None
            if key not in state.opened and key not in state.outcomes:
                # Most of what journeys ask for: by the shortest way.
                looked = self._look(command, self._position(command)[1], self.journey._bound)
                if looked is _NOTHING:
                    yield self._opening_wait(command, None)
                    return None
            outcome = yield from self._attempt_wait(command, state.outcomes.get(key), looked)
            if outcome is None and command.key not in self.state.opened:
                yield self._opening_wait(command, None)
            return outcome
        outcome = yield from self._attempt(command)
        if outcome is None and not isinstance(command, NewPass | Group):
            yield from self._open(command, None)
            # A step may have ended in opening: it was interrupted too often.
            if (record := self.state.outcomes.get(command.key)) is not None:
                return self.recorded(command, record)
        return outcome

    def _stand_at_cause(self) -> None:
        assert self.cause.seq is not None
        self.journey._bound, self.journey._at, self.journey._late = self.cause.seq, self.cause.at, 0

    # -- by kind of command ----------------------------------------------------------------

    def _attempt(self, command: Command[Any]) -> Deciding:
        """The outcome that is recorded or can be had at once. Opens nothing, but of groups."""
        record = self.state.outcomes.get(command.key)
        kind = type(command)
        if kind is Wait or (kind is Collect and record is not None):
            return (yield from self._attempt_wait(command, record))  # type: ignore[arg-type]
        if kind is Collect:
            return (yield from self._attempt_collect(command))  # type: ignore[arg-type]
        if kind is Group:
            return (yield from self._attempt_group(command, record))  # type: ignore[arg-type]
        if record is None and kind is Step and command.once:  # type: ignore[attr-defined]
            record = self.once_done(command)  # type: ignore[arg-type]
        if record is not None:
            return self.recorded(command, record)
        if kind is Ingest:
            return (yield from self._attempt_ingest(command))  # type: ignore[arg-type]
        if kind is Split:
            return (yield from self._attempt_split(command))  # type: ignore[arg-type]
        if kind is Until and not command.value and command.key not in self.state.opened:  # type: ignore[attr-defined]
            return (yield from self._skip(command))  # type: ignore[arg-type]
        return None

    def _open(self, command: Command[Any], group: str | None) -> Generator[Decision, Any, None]:
        if command.key in self.state.opened and not isinstance(command, Step):
            return
        if isinstance(command, Collect):
            yield self._opening_collect(command, group)
        elif isinstance(command, Wait):
            yield self._opening_wait(command, group)
        elif isinstance(command, Sleep):
            late = command.late or None
            facts = command.facts() if isinstance(command, Until) else {}
            data = json_fields(
                duration=command.duration, late=late, **facts, id=given_id(command.key), group=group
            )
            yield self._opening(command, Kind.SLEEP_OPENED, None, command.duration, data)
        elif isinstance(command, Message):
            yield from self.open_message(command, group)
        elif isinstance(command, Step):
            yield from self.open_step(command, group)

    # -- waits -----------------------------------------------------------------------------

    def _attempt_wait(
        self, wait: Wait, record: Record | None, looked: tuple[RecordOutcome | None, bool] | None = None
    ) -> Deciding:
        """As `_attempt`.

        Args:
            looked: what `_look` gave just now, when it was asked.
        """
        slot, after = self._position(wait)
        if record is None:
            opened = self.state.opened.get(wait.key)
            if opened is None:
                found, cut = looked or self._look(wait, after, self.journey._bound)
            elif self.cause.again:
                # Its workflow was missing, or paused: look at what has come since it opened.
                assert self.cause.seq is not None
                found, cut = self._look(wait, max(after, opened.after), self.cause.seq)
                if found is not None and not self._came_in_time(found, opened):
                    # Its deadline came first, and is served next.
                    found = None
                if found is not None:
                    self.journey._bound = self.cause.seq
            else:
                return None
            if found is not None:
                record = yield found
            if cut:
                yield _says_cut(wait)
            if record is None:
                return None
            if opened is not None:
                yield Over(opened)
        return self._wait_outcome(wait, record, slot, after)

    def _look(self, wait: Wait, after: int, bound: int) -> tuple[RecordOutcome | None, bool]:
        """Look for a match in the history.

        Returns:
            What is to be recorded, when there is one; and whether there were too many events to look at.
        """
        state = self.state
        if after >= bound:
            return _NOTHING
        user = state.user
        if user.new and not user.events:
            return _NOTHING
        if wait.match is None and (not state.key or wait.past == "ever"):
            seqs = self.work.event_seqs(user, wait.names, after, bound, EVENTS_MAX + 1)
            seqs.reverse()
            seqs, cut = seqs[-EVENTS_MAX:], len(seqs) > EVENTS_MAX
        else:
            fits = fitting(wait.match, None if wait.past == "ever" else state)
            seqs, cut = self.work.fitting_seqs(user, wait.names, fits, after, bound)
        if not seqs:
            return (None, cut) if cut else _NOTHING
        data = json_fields(
            count=len(seqs) if len(seqs) > 1 or seqs[0] != bound else None,
            first=seqs[0] if len(seqs) > 1 or seqs[0] != bound else None,
            match=wait.match,
            id=given_id(wait.key),
            bound=bound if bound != self.cause.seq else None,
        )
        return RecordOutcome(wait, Kind.WAIT_MATCHED, wait.names.text, data), cut

    def _came_in_time(self, found: RecordOutcome, opened: WaitState) -> bool:
        """Whether the first match came no later than the deadline that would have ended the wait."""
        deadline = last_moment(opened)
        first = jsontext.loads(found.data or "{}").get("first", self.cause.seq)
        return deadline is None or self.work.event(first).at_ms <= deadline

    def _opening_wait(self, wait: Wait, group: str | None) -> Open:
        simple = wait.names.simple
        bound = self.journey._bound
        data: str | None
        usual = simple and wait.match is None and group is None and not wait.late
        if usual and wait.key[2] >= 0 and bound == self.cause.seq:
            data = None if wait.timeout is None else f'{{"timeout":{wait.timeout}}}'
        else:
            data = json_fields(
                timeout=wait.timeout,
                late=wait.late or None,
                match=wait.match,
                events=None if simple else list(wait.names.parts),
                id=given_id(wait.key),
                after=bound if bound != self.cause.seq else None,
                group=group,
            )
        return self._opening(wait, Kind.WAIT_OPENED, wait.names, wait.timeout, data)

    # -- collections -----------------------------------------------------------------------

    def _attempt_collect(self, collect: Collect) -> Deciding:
        """One that the trigger alone fills is over at once."""
        if collect.key in self.state.opened or collect.count != 1:
            return None
        slot, after = self._position(collect)
        trigger = self._trigger_of(collect, slot)
        if trigger is None:
            return None
        bound = self.journey._bound
        data = json_fields(
            count=1,
            first=trigger.seq,
            match=collect.match,
            id=given_id(collect.key),
            bound=bound if bound != self.cause.seq else None,
        )
        record: Record = yield RecordOutcome(collect, Kind.WAIT_MATCHED, collect.names.text, data)
        return self._wait_outcome(collect, record, slot, after)

    def _trigger_of(self, collect: Collect, slot: Slot) -> Event | None:
        """The trigger of the pass, where it is the first of a collection: a former one has not had it."""
        trigger = self.work.event(self.state.trigger)
        fits = collect.names.meets(trigger.name) and meets(collect.match, trigger.data)
        return trigger if fits and self.seen.get(slot, 0) < trigger.seq else None

    def _opening_collect(self, collect: Collect, group: str | None) -> Open:
        slot, _ = self._position(collect)
        trigger = self._trigger_of(collect, slot)
        length, bound = collect.timeout, self.journey._bound
        if trigger is not None:
            due = collect.due(trigger.at_ms, trigger.at_ms)
            length = None if due is None else max(0, due - self.cause.at)
        data = json_fields(
            timeout=length,
            collect=collect.facts(),
            begun=None if trigger is None else trigger.at_ms,
            trigger=None if trigger is None else trigger.seq,
            late=(collect.late or None) if trigger is None else None,
            match=collect.match,
            events=None if collect.names.simple else list(collect.names.parts),
            id=given_id(collect.key),
            after=bound if bound != self.cause.seq else None,
            group=group,
        )
        return self._opening(collect, Kind.WAIT_OPENED, collect.names, length, data)

    # -- groups ----------------------------------------------------------------------------

    def _attempt_group(self, group: Group, record: Record | None) -> Deciding:
        if record is not None:
            if group.key in self.state.fresh:
                # Members that are still open after the group's own timeout end with it.
                yield from self._close_members(group)
            return self.recorded(group, record)
        seen, resolved = dict(self.seen), len(self.resolved)
        while True:
            outcome = yield from self._attempt_members(group)
            if outcome is not None:
                return outcome
            # It is attempted again, now or at the next cause: what its members saw counts once it is over.
            self.seen = dict(seen)
            del self.resolved[resolved:]
            if not (yield from self._open_group(group)):
                return None

    def _attempt_members(self, group: Group) -> Deciding:
        outcomes: list[Outcome | None] = []
        for member in group.members:
            outcomes.append((yield from self._attempt(member)))
        if not self.is_group_over(group, outcomes):
            return None
        hit = any(o is not None and o.hit for o in outcomes)
        ended = [
            key_text(member.key) for member, o in zip(group.members, outcomes, strict=True) if o is not None
        ]
        bound = self.journey._bound
        for outcome in outcomes:
            if outcome is not None and outcome.bound > bound:
                bound = outcome.bound
        data = json_fields(
            ended=ended, id=given_id(group.key), bound=bound if bound != self.cause.seq else None
        )
        yield from self._close_members(group)
        if (wait := self.state.opened.get(group.key)) is not None:
            # Its own outcome follows; it needs no entry that says closed.
            yield Over(wait)
        kind = Kind.GROUP_MATCHED if hit else Kind.GROUP_TIMEOUT
        record: Record = yield RecordOutcome(group, kind, GROUP_NAMES[group.key[0]], data)
        return self._group_outcome(group, record, outcomes)

    def _open_group(self, group: Group) -> Generator[Decision, Any, bool]:
        """Open what is not open yet; gives whether a step ended in opening: it was interrupted too often."""
        outcomes = self.state.outcomes
        missing = [m for m in group.members if m.key not in outcomes and not isinstance(m, Group)]
        for member in missing:
            yield from self._open(member, key_text(group.key))
        if group.key not in self.state.opened:
            data = json_fields(
                members=[key_text(member.key) for member in group.members],
                timeout=group.timeout,
                late=group.late or None,
                id=given_id(group.key),
            )
            yield Open(group, Kind.GROUP_OPENED, GROUP_NAMES[group.key[0]], None, group.timeout, data)
        return any(member.key in outcomes for member in missing)

    def _close_members(self, group: Group) -> Generator[Decision, Any, None]:
        for member in group.members:
            if isinstance(member, Group):
                yield from self._close_members(member)
            if (wait := self.state.opened.get(member.key)) is not None:
                yield Close(wait)

    # -- ingest ----------------------------------------------------------------------------

    def _attempt_ingest(self, command: Ingest) -> Deciding:
        taken = command.event_id is not None and self.ids.find(command.event_id) is not None
        record: Record = yield Repeat(command) if taken else SendEvent(command)
        return self._outcome(command, record)

    def _skip(self, until: Until) -> Deciding:
        """A moment has passed, and is not to be waited for."""
        bound = self.journey._bound
        data = json_fields(
            skipped=True,
            late=until.late,
            **until.facts(),
            id=given_id(until.key),
            bound=bound if bound != self.cause.seq else None,
        )
        assert data is not None
        record: Record = yield RecordHere(until, Kind.SLEEP_DONE, None, data)
        return self.recorded(until, record)

    # -- splits ----------------------------------------------------------------------------

    def _attempt_split(self, split: Split) -> Deciding:
        known = self._first_draw(split.name)
        facts: dict[str, Any] = {"id": given_id(split.key)}
        if known is None:
            arm = self.drawn(split)
            if arm is None:
                return None
            facts |= {"arm": arm, "of": split.arms}
        else:
            before = known.facts["arm"]
            arm = self.arm_of(split, before)
            facts |= {"arm": arm, "drawn": known.seq, "was": before if before != arm else None}
        bound = self.journey._bound
        data = json_fields(**facts, bound=bound if bound != self.cause.seq else None)
        assert data is not None
        record: Record = yield RecordHere(split, Kind.SPLIT, split.name, data)
        return self._outcome(split, record, arm)

    def _first_draw(self, name: str) -> Mark | None:
        """The draw of a split that counts for this user: the first, by whichever journey of the workflow."""
        state, label = self.state, self.work.name_id(name)
        for mark in self.work.marks(state.user, Kind.SPLIT):
            if mark.name == label and mark.workflow == state.workflow_id:
                return mark
        return None

    def drawn(self, split: Split) -> str | None:
        """The arm that a user gets who has none; None when that is settled elsewhere, later."""
        workflow = self.state.workflow
        assert workflow is not None
        return draw(self.work.seed, workflow.name, split.name, self.state.user.name, split.arms)


def _says_cut(wait: Wait) -> Say:
    """Older events were not looked at: there are too many (DESIGN rule 10)."""
    message = f'wait_for("{wait.names.text}") looked at the newest {EVENTS_MAX:,} events only'
    return Say("warning", message, wait.place)
