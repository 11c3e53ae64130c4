"""What is recorded gives a command its outcome again, and nothing is decided.

Used by the resolver, which decides the rest, and by all that look and leave nothing behind: the dry
run of a reload, the look inside a journey.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from studio.kernel.drive import Outcome
from studio.kernel.ports import History
from studio.kernel.results import Resolved
from studio.kernel.state import JourneyState, Record, fitting
from studio.language.arguments import wrong
from studio.language.commands import (
    Collect,
    Command,
    Group,
    Ingest,
    Message,
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
from studio.language.message_result import MessageResult
from studio.language.step_info import StepFailed
from studio.language.waited import Waited
from studio.text import json_text as jsontext

RECORDS: dict[int, bool] = {
    Kind.WAIT_MATCHED: True,
    Kind.WAIT_TIMEOUT: False,
    Kind.GROUP_MATCHED: True,
    Kind.GROUP_TIMEOUT: False,
    Kind.SLEEP_DONE: True,
    Kind.STEP_DONE: True,
    Kind.STEP_FAILED: True,
    Kind.SPLIT: True,
    Kind.MESSAGE_SENT: True,
    Kind.MESSAGE_DROPPED: False,
    Kind.MESSAGE_WITHHELD: False,
}
"""Whether an outcome of this kind ends a `wait_any`."""

Slot = tuple[str, str | None]
"""What two waits have in common that go on behind one another: the names, and the match as JSON."""


class Replay:
    """The recorded outcomes of one drive."""

    __slots__ = ("journey", "resolved", "seen", "state", "work")

    def __init__(self, work: History, state: JourneyState, journey: Journey) -> None:
        self.work = work
        self.state = state
        self.journey = journey
        self.seen: dict[Slot, int] = {}
        """Up to where an earlier wait of the same event and match has looked (DESIGN rule 9)."""
        self.resolved: list[Resolved] = []

    def record_of(self, command: Command[Any]) -> Record | None:
        """The record of a command's outcome: of this pass, or of a `once=True` step in an earlier one."""
        record = self.state.outcomes.get(command.key)
        if record is None and isinstance(command, Step) and command.once:
            record = self.once(command)
        return record

    def taken(self, command: Command[Any]) -> Outcome | None:
        """The outcome of sending an event whose id was taken before; the event of it may be gone."""
        if not isinstance(command, Ingest) or command.event_id is None:
            return None
        if not self.work.known_ids([command.event_id]):
            return None
        journey = self.journey
        return Outcome(None, journey._at, journey._bound, late=journey._late)

    def recorded(self, command: Command[Any], record: Record) -> Outcome:
        """The outcome of a command, from its record."""
        kind = type(command)
        if kind is Wait or kind is Collect:
            return self._wait_outcome(command, record, *self._position(command))  # type: ignore[arg-type]
        if kind is Sleep:
            return self._outcome(command, record, command.value)  # type: ignore[attr-defined]
        if kind is Until:
            skipped = record.data is not None and "skipped" in record.json()
            return self._outcome(command, record, not skipped)
        if kind is Step:
            return self._step_outcome(command, record)  # type: ignore[arg-type]
        if kind is Group:
            return self._recorded_group(command, record)  # type: ignore[arg-type]
        if kind is Message:
            return self._message_outcome(command, record)  # type: ignore[arg-type]
        if kind is Split:
            return self._outcome(command, record, self.arm_of(command, record.json()["arm"]))  # type: ignore[arg-type]
        return self._outcome(command, record)

    def arm_of(self, split: Split, drawn: str) -> str:
        """The arm of a user who was drawn into this one.

        Raises:
            WorkflowError: it is no longer there, and nothing says where its people go.
        """
        if drawn in split.arms:
            return drawn
        if split.gone is None:
            user = self.state.user.name
            raise wrong(
                split.place,
                f'{user} was drawn into the arm "{drawn}" of split "{split.name}", which is gone',
                f'Give gone="{next(iter(split.arms))}" to say where its people go.',
            )
        return split.gone

    def _outcome(
        self, command: Command[Any], record: Record, value: Any = None, error: StepFailed | None = None
    ) -> Outcome:
        fresh = command.key in self.state.fresh
        hit = RECORDS.get(record.kind, True)
        return Outcome(value, record.at, record.bound, record.late, error, fresh, hit)

    # -- waits -----------------------------------------------------------------------------

    def _position(self, wait: Wait) -> tuple[Slot, int]:
        """What a wait has in common with others, and from which position on events count for it."""
        slot = (wait.names.text, None if wait.match is None else jsontext.dumps(wait.match))
        after = self._after(wait)
        # In one pass it continues behind what the former one saw (DESIGN rule 9).
        if (seen := self.seen.get(slot)) is not None and seen > after:
            after = seen
        return slot, after

    def _after(self, wait: Wait) -> int:
        """From which position on events count, whatever others have seen (DESIGN rule 10)."""
        past: Literal[True, False, "ever"] = wait.past
        if past is False:
            return self.journey._bound
        workflow = self.state.workflow
        assert workflow is not None
        if past == "ever" or not (workflow.key or workflow.again):
            return 0
        return int(self.state.since) - 1

    def _wait_outcome(self, wait: Wait, record: Record, slot: Slot, after: int) -> Outcome:
        self.seen[slot] = record.bound
        if record.kind != Kind.WAIT_MATCHED:
            return self._outcome(wait, record, Waited())
        facts: Mapping[str, Any] = record.json() if record.data is not None else {}
        count, first = facts.get("count", 1), facts.get("first", record.bound)
        self.resolved.append(Resolved(wait.names, wait.match, after, record.bound))
        return self._outcome(wait, record, self._waited(wait, count, first, after, record.bound))

    def _waited(self, wait: Wait, count: int, first: int, after: int, bound: int) -> Waited:
        work, state = self.work, self.state
        anything = wait.past == "ever"
        # A digest may begin with the trigger, which stands before it.
        before = isinstance(wait, Collect) and first <= after

        def load(limit: int | None) -> list[Event]:
            if limit == 1 or count == 1:
                return [work.event(first).copy()]
            fits = fitting(wait.match, None if anything else state)
            found = work.events(state.user, wait.names, fits, after, bound)
            return [work.event(first).copy(), *found] if before else found

        return Waited(count, load)

    # -- groups ----------------------------------------------------------------------------

    def _recorded_group(self, group: Group, record: Record) -> Outcome:
        records = self.state.outcomes
        ended = record.json().get("ended")
        names = None if ended is None else set(ended)
        outcomes = [
            self.recorded(member, found) if (found := records.get(member.key)) is not None else None
            for member in group.members
        ]
        if names is not None:
            pairs = zip(group.members, outcomes, strict=True)
            outcomes = [outcome if key_text(member.key) in names else None for member, outcome in pairs]
        return self._group_outcome(group, record, outcomes)

    @staticmethod
    def is_group_over(group: Group, outcomes: Sequence[Outcome | None]) -> bool:
        """Whether a group ends with what its members have come to.

        `wait_all` ends when each member has; `wait_any` at the first hit, or when each has ended without one.
        """
        return all(outcomes) or (not group.all and any(o is not None and o.hit for o in outcomes))

    def _group_outcome(self, group: Group, record: Record, outcomes: list[Outcome | None]) -> Outcome:
        failed = next((o.error for o in outcomes if o is not None and o.error is not None), None)
        values = [_member_value(member, o) for member, o in zip(group.members, outcomes, strict=True)]
        return self._outcome(group, record, values, failed)

    # -- steps -----------------------------------------------------------------------------

    def _step_outcome(self, step: Step[Any], record: Record) -> Outcome:
        facts = record.json()
        if record.kind == Kind.STEP_DONE:
            return self._outcome(step, record, facts.get("result"))
        error = StepFailed(step.name, facts.get("type", ""), facts.get("message", ""))
        error.key = step.key
        return self._outcome(step, record, None, error)

    def _message_outcome(self, message: Message, record: Record) -> Outcome:
        facts = record.json()
        if record.kind == Kind.STEP_FAILED:
            return self._step_outcome(message, record)
        if record.kind == Kind.MESSAGE_SENT:
            return self._outcome(message, record, MessageResult(facts.get("result")))
        return self._outcome(message, record, MessageResult(None, str(facts.get("reason"))))

    def once(self, step: Step[Any]) -> Record | None:
        """The result that a `once=True` step had in an earlier pass that is written."""
        _, name, n = step.key
        found: Record | None = None
        label = self.work.name_id(step.name)
        for seq, at, kind, late, data, row_n in self.work.once_results(self.state, label):
            facts = jsontext.loads(data) if data else {}
            if kind != Kind.STEP_DONE or not facts.get("once"):
                continue
            if (n < 0 and "=" + facts.get("id", "") == name) or (n >= 0 and row_n == n):
                found = Record(kind, seq, at, None, late, data)
                # It came in an earlier pass: this pass is where it was already.
                found.at, found.bound = self.journey._at, self.journey._bound
        return found


def _member_value(member: Command[Any], outcome: Outcome | None) -> Any:
    if outcome is not None and outcome.error is None:
        if isinstance(member, Sleep) and outcome.value is None:
            return True
        return outcome.value
    return Waited(over=False) if isinstance(member, Wait) else None
