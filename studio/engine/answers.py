"""What a command comes to: its recorded outcome, an answer at once, or an open wait.

One `Answers` serves one drive. It looks up what is recorded (replay), tries what the
user's history holds already, and otherwise opens the wait and lets the journey block.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from studio import jsontext
from studio.commands import Command, Group, Ingest, Key, NewPass, Sleep, Step, Wait, key_text
from studio.engine.drive import Outcome
from studio.engine.matching import meets
from studio.engine.overlay import EVENTS_MAX
from studio.engine.state import GROUP_NAMES, JourneyState, Record, WaitState, fitting
from studio.errors import WorkflowError
from studio.event import Event
from studio.journey import Journey
from studio.names import Names
from studio.step_info import StepFailed, StepInfo
from studio.store import sqlite as sql
from studio.store.holds import scope_of
from studio.store.schema import Kind
from studio.user import User
from studio.waited import Waited

if TYPE_CHECKING:
    from studio.engine.batch import Batch
    from studio.engine.cause import Cause

MAX_STARTS = 4
"""A step whose process died under it is started again, three times at most."""
MAX_PAUSE = 3_600_000
"""Milliseconds: retries of a step never wait longer than an hour."""
MAX_CHAIN = 1_000
"""Events that journeys send one after another without time moving, before it is a runaway."""
MAX_ECHOES = 10_000
"""Events that journeys send on account of a single cause, not counting those of the journeys that it
woke itself: two events in answer to each would be without end long before a chain is too long."""

RECORDS: dict[int, bool] = {
    Kind.WAIT_MATCHED: True,
    Kind.WAIT_TIMEOUT: False,
    Kind.GROUP_MATCHED: True,
    Kind.GROUP_TIMEOUT: False,
    Kind.SLEEP_DONE: True,
    Kind.STEP_DONE: True,
    Kind.STEP_FAILED: True,
}
"""Whether an outcome of this kind ends a `wait_any`."""


@dataclass(slots=True)
class Launch:
    """A step that is to run once the batch is durable."""

    journey: int
    pass_no: int
    key: Key
    start: int
    """seq of the step.started entry: a result counts only for the start that it answers."""
    command: Step[Any]
    info: StepInfo
    at: int = 0
    """The moment of the cause that started it."""
    chain: int = 0
    """How many events led to that cause without time moving."""
    era: int = 0
    """How many times the store had been cut when it was launched."""

    @property
    def which(self) -> tuple[int, int, Key, int]:
        """The start of a step that this is; no other is the same."""
        return (self.journey, self.pass_no, self.key, self.start)


class Ask(NamedTuple):
    """A question to `check_event`: our own history had no match for an opening wait."""

    wait: int
    """seq of the entry that opened it."""
    user: str
    events: tuple[str, ...]
    match: dict[str, Any] | None

    @property
    def key(self) -> str:
        """Where in `meta` it stands until it is answered: a kill in between must not lose it."""
        return f"ask/{self.wait:020}"


class Resolved(NamedTuple):
    """What a wait's `.result` holds: all matching events in (after, bound]."""

    names: Names
    match: Mapping[str, Any] | None
    after: int
    bound: int

    def holds(self, event: Event) -> bool:
        """Whether this event is in it."""
        return (
            self.after < event.seq <= self.bound
            and self.names.meets(event.name)
            and meets(self.match, event.data if self.match else {})
        )


class Answers:
    """The answers to the commands of one drive."""

    __slots__ = ("batch", "cause", "journey", "overlay", "resolved", "resuming", "seen", "state")

    def __init__(self, batch: Batch, state: JourneyState, journey: Journey, cause: Cause) -> None:
        self.batch = batch
        self.overlay = batch.overlay
        self.state = state
        self.journey = journey
        self.cause = cause
        self.seen: dict[tuple[str, str | None], int] = {}
        """Up to where an earlier wait of the same event and match has looked (DESIGN rule 9)."""
        self.resolved: list[Resolved] = []
        self.resuming = state.resuming
        """The first command that is new stands at the moment of the resume, and sees what came till then."""

    def __call__(self, command: Command[Any]) -> Outcome | None:
        """The outcome of a command; None when the journey has to wait for it.

        Raises:
            WorkflowError: the command cannot be done at all.
        """
        if self.resuming and command.key not in self.state.outcomes:
            assert self.cause.seq is not None
            self.resuming = False
            self.journey._bound, self.journey._at, self.journey._late = self.cause.seq, self.cause.at, 0
        outcome = self._attempt(command)
        if outcome is None and not isinstance(command, NewPass | Group):
            self._open(command, None)
            # A step may have ended in opening: it was interrupted too often.
            if command.key in self.state.outcomes:
                return self._attempt(command)
        return outcome

    # -- by kind of command ----------------------------------------------------------------

    def _attempt(self, command: Command[Any]) -> Outcome | None:
        """The outcome that is recorded or can be had at once. Opens nothing, but of groups."""
        kind = type(command)
        if kind is Wait:
            return self._attempt_wait(command)  # type: ignore[arg-type]
        record = self.state.outcomes.get(command.key)
        if kind is Sleep:
            return None if record is None else self._outcome(command, record, command.value)  # type: ignore[attr-defined]
        if kind is Step:
            return self._attempt_step(command, record)  # type: ignore[arg-type]
        if kind is Ingest:
            return self._attempt_ingest(command, record)  # type: ignore[arg-type]
        if kind is Group:
            return self._attempt_group(command, record)  # type: ignore[arg-type]
        return None

    def _open(self, command: Command[Any], group: str | None) -> None:
        if command.key in self.state.opened and not isinstance(command, Step):
            return
        if isinstance(command, Wait):
            self._open_wait(command, group)
        elif isinstance(command, Sleep):
            data = _json_fields(duration=command.duration, id=_given_id(command.key), group=group)
            self._append_open(command, Kind.SLEEP_OPENED, None, command.duration, data)
        elif isinstance(command, Step):
            self._open_step(command, group)

    def _outcome(
        self, command: Command[Any], record: Record, value: Any = None, error: StepFailed | None = None
    ) -> Outcome:
        fresh = command.key in self.state.fresh
        hit = RECORDS.get(record.kind, True)
        return Outcome(value, record.at, record.bound, record.late, error, fresh, hit)

    # -- waits -----------------------------------------------------------------------------

    def _attempt_wait(self, wait: Wait) -> Outcome | None:
        record = self.state.outcomes.get(wait.key)
        slot = (wait.names.text, None if wait.match is None else jsontext.dumps(wait.match))
        after = self._after(wait.past)
        if (seen := self.seen.get(slot)) is not None and seen > after:
            after = seen
        if record is None:
            opened = self.state.opened.get(wait.key)
            if opened is None:
                record = self._look(wait, after)
            elif self.cause.again:
                record = self._look_again(wait, opened, after)
            if record is None:
                return None
        self.seen[slot] = record.bound
        if record.kind != Kind.WAIT_MATCHED:
            return self._outcome(wait, record, Waited())
        facts = record.json() if record.data is not None else {}
        count, first = facts.get("count", 1), facts.get("first", record.bound)
        self.resolved.append(Resolved(wait.names, wait.match, after, record.bound))
        return self._outcome(wait, record, self._waited(wait, count, first, after, record.bound))

    def _after(self, past: Literal[True, False, "ever"]) -> int:
        """From which position on events count."""
        if past is False:
            return self.journey._bound
        workflow = self.state.workflow
        assert workflow is not None
        if past == "ever" or not (workflow.key or workflow.again):
            return 0
        return int(self.state.since) - 1

    def _waited(self, wait: Wait, count: int, first: int, after: int, bound: int) -> Waited:
        overlay, state = self.overlay, self.state
        anything = wait.past == "ever"

        def load(limit: int | None) -> list[Event]:
            if limit == 1 or count == 1:
                return [overlay.event(first).copy()]
            fits = fitting(wait.match, None if anything else state)
            return overlay.events(state.user, wait.names, fits, after, bound)

        return Waited(count, load)

    def _look(self, wait: Wait, after: int) -> Record | None:
        """Look for a match in the history; record it when there is one."""
        state, bound = self.state, self.journey._bound
        if after >= bound:
            return None
        user = state.user
        if user.new and not user.events:
            return None
        if wait.match is None and (not state.key or wait.past == "ever"):
            seqs = self.overlay.event_seqs(user, wait.names, after, bound, EVENTS_MAX + 1)
            seqs.reverse()
        else:
            fits = fitting(wait.match, None if wait.past == "ever" else state)
            seqs = self.overlay.fitting_seqs(user, wait.names, fits, after, bound, EVENTS_MAX + 1)
        if not seqs:
            return None
        cut = len(seqs) > EVENTS_MAX
        if cut:
            seqs = seqs[-EVENTS_MAX:]
        data = _json_fields(
            count=len(seqs) if len(seqs) > 1 or seqs[0] != bound else None,
            first=seqs[0] if len(seqs) > 1 or seqs[0] != bound else None,
            match=wait.match,
            id=_given_id(wait.key),
            bound=bound if bound != self.cause.seq else None,
        )
        record = self._record(wait, Kind.WAIT_MATCHED, wait.names.text, data)
        if cut:
            self.batch.log(
                self.journey,
                "warning",
                f'wait_for("{wait.names.text}") looked at the newest {EVENTS_MAX:,} events only',
                wait.place,
            )
        return record

    def _look_again(self, wait: Wait, opened: WaitState, after: int) -> Record | None:
        """An open wait whose workflow was missing: look at what has come since it opened."""
        assert self.cause.seq is not None
        before = self.journey._bound
        self.journey._bound = self.cause.seq
        record = self._look(wait, max(after, opened.after))
        if record is None:
            self.journey._bound = before
        else:
            self.overlay.end_wait(opened)
        return record

    def _open_wait(self, wait: Wait, group: str | None) -> None:
        simple = wait.names.simple
        bound = self.journey._bound
        data: str | None
        if simple and wait.match is None and wait.key[2] >= 0 and group is None and bound == self.cause.seq:
            data = None if wait.timeout is None else f'{{"timeout":{wait.timeout}}}'
        else:
            data = _json_fields(
                timeout=wait.timeout,
                match=wait.match,
                events=None if simple else list(wait.names.parts),
                id=_given_id(wait.key),
                after=bound if bound != self.cause.seq else None,
                group=group,
            )
        opened = self._append_open(wait, Kind.WAIT_OPENED, wait.names, wait.timeout, data)
        if self.batch.asks is not None:
            self.batch.asks.append(Ask(opened.id, self.state.user.name, wait.names.parts, wait.match))

    def _append_open(
        self, command: Command[Any], kind: int, wanted: Names | None, time: int | None, data: str | None
    ) -> WaitState:
        overlay, state, cause = self.overlay, self.state, self.cause
        label = None if wanted is None else overlay.name_id(wanted.text)
        place = overlay.place_id(command.place)
        seq = overlay.append(
            cause.at, kind, state.user.id, state, label, command.key[2], place, cause.seq, data
        )
        name = label if wanted is None or wanted.simple else 0
        due = None if time is None else cause.at + time
        wait = overlay.open_wait(state, seq, kind, name, due, command.key, data, cause.seq, label, place)
        if due is not None:
            wait.chain = cause.chain
            self.batch.add_timer(wait)
        return wait

    def _record(self, command: Command[Any], kind: int, name: str | None, data: str | None) -> Record:
        """Append the outcome of a command that came at once."""
        overlay, state, cause = self.overlay, self.state, self.cause
        label = None if name is None else overlay.name_id(name)
        place = overlay.place_id(command.place)
        seq = overlay.append(
            cause.at, kind, state.user.id, state, label, command.key[2], place, cause.seq, data
        )
        record = Record(kind, seq, cause.at, cause.seq, None, data)
        state.outcomes[command.key] = record
        state.fresh.add(command.key)
        return record

    # -- groups ----------------------------------------------------------------------------

    def _attempt_group(self, group: Group, record: Record | None) -> Outcome | None:
        outcomes = [
            self._attempt(member) if record is None else self._recorded(member) for member in group.members
        ]
        if record is not None:
            ended = record.json().get("ended")
            if ended is not None:
                names = set(ended)
                pairs = zip(group.members, outcomes, strict=True)
                outcomes = [outcome if key_text(member.key) in names else None for member, outcome in pairs]
            return self._group_outcome(group, record, outcomes)
        over = all(outcomes) if group.all else any(o is not None and o.hit for o in outcomes) or all(outcomes)
        if not over:
            self._open_group(group)
            if any(
                o is None and m.key in self.state.outcomes
                for m, o in zip(group.members, outcomes, strict=True)
            ):
                return self._attempt_group(group, None)
            return None
        hit = any(o is not None and o.hit for o in outcomes)
        ended = [
            key_text(member.key) for member, o in zip(group.members, outcomes, strict=True) if o is not None
        ]
        bound = self.journey._bound
        for outcome in outcomes:
            if outcome is not None and outcome.bound > bound:
                bound = outcome.bound
        data = _json_fields(
            ended=ended, id=_given_id(group.key), bound=bound if bound != self.cause.seq else None
        )
        self._close_members(group)
        if (wait := self.state.opened.get(group.key)) is not None:
            # Its own outcome follows; it needs no entry that says closed.
            self.overlay.end_wait(wait)
        kind = Kind.GROUP_MATCHED if hit else Kind.GROUP_TIMEOUT
        record = self._record(group, kind, GROUP_NAMES[group.key[0]], data)
        return self._group_outcome(group, record, outcomes)

    def _recorded(self, member: Command[Any]) -> Outcome | None:
        """A member's outcome as it was when its group ended."""
        if member.key not in self.state.outcomes:
            return None
        return self._attempt(member)

    def _open_group(self, group: Group) -> None:
        for member in group.members:
            if member.key not in self.state.outcomes and not isinstance(member, Group):
                self._open(member, key_text(group.key))
        if group.key not in self.state.opened:
            data = _json_fields(
                members=[key_text(member.key) for member in group.members],
                timeout=group.timeout,
                id=_given_id(group.key),
            )
            overlay, state, cause = self.overlay, self.state, self.cause
            label = overlay.name_id(GROUP_NAMES[group.key[0]])
            place = overlay.place_id(group.place)
            kind = Kind.GROUP_OPENED
            seq = overlay.append(
                cause.at, kind, state.user.id, state, label, group.key[2], place, cause.seq, data
            )
            due = None if group.timeout is None else cause.at + group.timeout
            wait = overlay.open_wait(state, seq, kind, None, due, group.key, data, cause.seq, label, place)
            if due is not None:
                self.batch.add_timer(wait)

    def _close_members(self, group: Group) -> None:
        for member in group.members:
            if isinstance(member, Group):
                self._close_members(member)
            if (wait := self.state.opened.get(member.key)) is not None:
                self.batch.close_wait(wait, self.cause)

    def _group_outcome(self, group: Group, record: Record, outcomes: list[Outcome | None]) -> Outcome:
        # Members that are still open after the group's own timeout end with it.
        if group.key in self.state.fresh:
            self._close_members(group)
        failed = next((o.error for o in outcomes if o is not None and o.error is not None), None)
        values = [_member_value(member, o) for member, o in zip(group.members, outcomes, strict=True)]
        return self._outcome(group, record, values, failed)

    # -- ingest ----------------------------------------------------------------------------

    def _attempt_ingest(self, command: Ingest, record: Record | None) -> Outcome | None:
        if record is not None:
            return self._outcome(command, record)
        batch, overlay, state, cause = self.batch, self.overlay, self.state, self.cause
        if command.event_id is not None and batch.is_known(command.event_id):
            # That event is there, and will be at every replay: nothing needs to be recorded.
            return Outcome(None, self.journey._at, self.journey._bound, late=self.journey._late)
        if cause.chain:
            batch.watch.echoes += 1
        if cause.chain >= MAX_CHAIN:
            raise _runaway(command, f"{MAX_CHAIN:,} events were sent one after another")
        if batch.watch.echoes > MAX_ECHOES:
            raise _runaway(command, f"{MAX_ECHOES:,} events were sent in answer to one another")
        target = state.user if command.user == state.user.name else overlay.user(command.user)
        text = None if command.text == "{}" else command.text
        seq = overlay.append(
            cause.at,
            Kind.EVENT,
            target.id,
            state,
            overlay.name_id(command.name),
            command.key[2],
            overlay.place_id(command.place),
            cause.seq,
            text,
            None,
            command.event_id,
        )
        event = Event(command.name, target.name, cause.at, text, command.event_id, seq)
        overlay.add_event(target, event)
        overlay.learn(event, None)
        batch.queue.append((event, cause.chain + 1))
        batch.took_id(command.event_id, seq)
        record = state.outcomes[command.key] = Record(Kind.EVENT, seq, cause.at, cause.seq, None, None)
        state.fresh.add(command.key)
        return self._outcome(command, record)

    # -- steps -----------------------------------------------------------------------------

    def _attempt_step(self, step: Step[Any], record: Record | None) -> Outcome | None:
        if record is None and step.once:
            record = self._once(step)
        if record is None:
            return None
        facts = record.json()
        if record.kind == Kind.STEP_DONE:
            return self._outcome(step, record, facts.get("result"))
        error = StepFailed(step.name, facts.get("type", ""), facts.get("message", ""))
        error.key = step.key
        return self._outcome(step, record, None, error)

    def _once(self, step: Step[Any]) -> Record | None:
        """The result that a `once=True` step had in an earlier pass."""
        kind, name, n = step.key
        label = self.overlay.name_id(step.name)
        found: Record | None = None
        for seq, at, row_kind, _cause, late, data, row_n in self.overlay.store.rows(
            sql.ONCE, self.state.id, label
        ):
            facts = jsontext.loads(data) if data else {}
            if row_kind != Kind.STEP_DONE or not facts.get("once"):
                continue
            if (n < 0 and "=" + facts.get("id", "") == name) or (n >= 0 and row_n == n):
                found = Record(row_kind, seq, at, None, late, data)
                # It came in an earlier pass: this pass is where it was already.
                found.at, found.bound = self.journey._at, self.journey._bound
        if found is None:
            found = self.batch.once_done.get((self.state.id, kind, name, n))
            if found is not None:
                record = Record(found.kind, found.seq, self.journey._at, None, 0, found.data)
                record.bound = self.journey._bound
                found = record
        if found is not None:
            self.state.outcomes[step.key] = found
        return found

    def _open_step(self, step: Step[Any], group: str | None) -> None:
        wait = self.state.opened.get(step.key)
        if wait is None:
            self._start_step(step, 1, 1, group)
        elif wait.kind == Kind.STEP_RETRY:
            if wait.fired:
                self.overlay.end_wait(wait)
                self._start_step(step, wait.spec["attempt"] + 1, 1, group)
        elif wait.id in self.batch.relaunch:
            self._launch(step, wait.spec["attempt"], wait.id)
        elif not self.batch.is_running(self.state.id, self.state.pass_no, step.key, wait.id):
            # It was started, and nobody runs it: the process died under it.
            starts = wait.spec.get("start", 1)
            if starts >= MAX_STARTS:
                self.batch.interrupt_step(wait, self.cause)
            else:
                self.overlay.end_wait(wait)
                self._start_step(step, wait.spec["attempt"], starts + 1, group)

    def _start_step(self, step: Step[Any], attempt: int, start: int, group: str | None) -> None:
        overlay, state, cause = self.overlay, self.state, self.cause
        data = _json_fields(
            attempt=attempt,
            start=start,
            once=True if step.once else None,
            retries=step.retries or None,
            pause=step.pause if step.retries else None,
            id=_given_id(step.key),
            group=group,
        )
        label = overlay.name_id(step.name)
        place = overlay.place_id(step.place)
        kind = Kind.STEP_STARTED
        seq = overlay.append(
            cause.at, kind, state.user.id, state, label, step.key[2], place, cause.seq, data, cause.late
        )
        overlay.open_wait(state, seq, kind, None, None, step.key, data, cause.seq, label, place)
        self._launch(step, attempt, seq)

    def _launch(self, step: Step[Any], attempt: int, start: int) -> None:
        """Have a step run once the batch is durable."""
        state, cause = self.state, self.cause
        step.args = tuple(_settled(value) for value in step.args)
        step.kwargs = {name: _settled(value) for name, value in step.kwargs.items()}
        # One key for all attempts, and with once= for all passes.
        token = self.batch.token(scope_of(self.journey.id, state.pass_no, key_text(step.key), step.once))
        late = timedelta(milliseconds=max(self.journey._late, cause.late or 0))
        info = StepInfo(self.journey.id, step.name, token, attempt, late)
        self.batch.launches.append(
            Launch(state.id, state.pass_no, step.key, start, step, info, cause.at, cause.chain)
        )


def _member_value(member: Command[Any], outcome: Outcome | None) -> Any:
    if outcome is not None and outcome.error is None:
        if isinstance(member, Sleep) and outcome.value is None:
            return True
        return outcome.value
    return Waited(over=False) if isinstance(member, Wait) else None


def _settled(value: Any) -> Any:
    """An argument that a step may read in another thread, after the drive."""
    if isinstance(value, Waited):
        _ = value.result
    elif isinstance(value, User):
        return dict(value)
    return value


def _given_id(key: Key) -> str | None:
    return key[1][1:] if key[2] < 0 else None


def _json_fields(**fields: Any) -> str | None:
    """The fields that are there, as JSON; None when none is."""
    kept = {name: value for name, value in fields.items() if value is not None}
    return jsontext.dumps(kept) if kept else None


def _runaway(command: Ingest, what: str) -> WorkflowError:
    path, line = command.place
    return WorkflowError(
        f"runaway: {what} without time moving",
        path=path.rpartition("/")[2],
        line=line,
        fix="Put a wait or a sleep between them.",
    )
