"""Steps and messages: which attempt begins, and whether a message goes out in it.

Apart from the other commands, because these alone are carried out by somebody else, who may fail, take long
or die (DESIGN rule 11). As in `resolver.py` nothing is changed here: decisions are values.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from studio.kernel.decisions import (
    Decision,
    HandOver,
    Interrupt,
    Open,
    Over,
    RecordOutcome,
    Run,
    given_id,
    json_fields,
    open_of,
)
from studio.kernel.message_rules import Verdict, judge
from studio.kernel.records import Cause
from studio.kernel.replay import Replay
from studio.kernel.state import Record, WaitState
from studio.kernel.steps_under_way import StepsUnderWay
from studio.language.arguments import PRIORITY
from studio.language.commands import Command, Message, Step
from studio.language.kinds import Kind
from studio.language.names import Names

MAX_STARTS = 4
"""A step whose process died under it is started again, three times at most (DESIGN rule 11)."""


class AttemptResolver(Replay):
    """A part of `CommandResolver`, which makes it."""

    __slots__ = ("cause", "steps")

    cause: Cause
    steps: StepsUnderWay

    def _opening(
        self, command: Command[Any], kind: int, wanted: Names | None, duration: int | None, data: str | None
    ) -> Open:
        text = None if wanted is None else wanted.text
        return open_of((command, kind, text, wanted, duration, data, None))

    # -- steps -----------------------------------------------------------------------------

    def once_done(self, step: Step[Any]) -> Record | None:
        """The result that a `once=True` step had in an earlier pass."""
        found = self.once(step)
        if found is None and (done := self.steps.once_done.get((self.state.id, *step.key))) is not None:
            found = Record(done.kind, done.seq, self.journey._at, None, 0, done.data)
            found.bound = self.journey._bound
        if found is not None:
            self.state.outcomes[step.key] = found
        return found

    def open_step(self, step: Step[Any], group: str | None) -> Generator[Decision, Any, None]:
        wait, steps = self.state.opened.get(step.key), self.steps
        if wait is None:
            yield from self._start_step(step, 1, 1, group)
        elif wait.kind == Kind.STEP_RETRY:
            if wait.fired:
                yield Over(wait)
                yield from self._start_step(step, wait.spec["attempt"] + 1, 1, group)
        elif wait.id in steps.relaunch:
            yield Run(step, wait.spec["attempt"], wait.id)
        elif not steps.is_running(self.state.id, self.state.pass_no, step.key, wait.id):
            # It was started, and nobody runs it: the process died under it.
            starts = wait.spec.get("start", 1)
            if starts >= MAX_STARTS:
                yield Interrupt(wait)
            else:
                yield Over(wait)
                yield from self._start_step(step, wait.spec["attempt"], starts + steps.charge, group)

    def _start_step(
        self, step: Step[Any], attempt: int, start: int, group: str | None
    ) -> Generator[Decision, Any, None]:
        data = json_fields(
            attempt=attempt,
            start=start,
            once=True if step.once else None,
            retries=step.retries or None,
            pause=step.pause if step.retries else None,
            id=given_id(step.key),
            group=group,
        )
        opened: WaitState = yield Open(step, Kind.STEP_STARTED, step.name, None, None, data, self.cause.late)
        yield Run(step, attempt, opened.id)

    # -- messages --------------------------------------------------------------------------

    def open_message(self, message: Message, group: str | None) -> Generator[Decision, Any, None]:
        """Ask for a message; judge it, each time that its moment has come; hand it over."""
        wait, steps = self.state.opened.get(message.key), self.steps
        if wait is None:
            data = self._message_fields(message, None, group, duration=0)
            yield self._opening(message, Kind.MESSAGE_ASKED, None, 0, data)._replace(label=message.name)
        elif wait.judges:
            if wait.fired:
                attempt = wait.spec.get("attempt", 1) + (wait.kind == Kind.STEP_RETRY)
                yield from self._judge(message, wait, attempt, wait.spec.get("start", 1), group)
        elif wait.id in steps.relaunch:
            yield Run(message, wait.spec["attempt"], wait.id)
        elif not steps.is_running(self.state.id, self.state.pass_no, message.key, wait.id):
            # It was handed over, and the process died under it.
            starts = wait.spec.get("start", 1)
            if starts >= MAX_STARTS:
                yield Interrupt(wait)
            else:
                start = starts + steps.charge
                yield from self._judge(message, wait, wait.spec["attempt"], start, group)

    def _judge(
        self, message: Message, wait: WaitState, attempt: int, start: int, group: str | None
    ) -> Generator[Decision, Any, None]:
        cause = self.cause
        asked = wait.spec.get("asked")
        if asked is None:
            asked = wait.due if wait.due is not None else cause.at
        now, counted = cause.at + (cause.late or 0), attempt > 1 or start > 1
        verdict = self.judged(message, asked, now, counted)
        again: dict[str, Any] = {
            "attempt": attempt if attempt > 1 else None,
            "start": start if start > 1 else None,
        }
        yield Over(wait)
        if verdict.what == "send":
            if attempt == 1 and start == 1 and not message.transactional:
                counts = message.channel.counts or None
                handed = json_fields(channel=message.channel.name, counts=counts)
                assert handed is not None
                yield HandOver(message, handed)
            more = {"retries": message.retries or None, "pause": message.pause if message.retries else None}
            data = self._message_fields(message, asked, group, attempt=attempt, start=start, **more)
            opened: WaitState = yield Open(
                message, Kind.STEP_STARTED, message.name, None, None, data, cause.late
            )
            yield Run(message, attempt, opened.id)
            return
        told = {"reason": verdict.reason, "winner": verdict.winner}
        if verdict.what == "defer":
            length = verdict.until - cause.at
            data = self._message_fields(message, asked, group, duration=length, **told, **again)
            yield Open(message, Kind.MESSAGE_DEFERRED, message.name, None, length, data, cause.late)
            return
        kind = Kind.MESSAGE_DROPPED if verdict.what == "drop" else Kind.MESSAGE_WITHHELD
        data = json_fields(channel=message.channel.name, **told, id=given_id(message.key))
        yield RecordOutcome(message, kind, message.name, data)

    def _message_fields(
        self, message: Message, asked: int | None, group: str | None, **more: Any
    ) -> str | None:
        return json_fields(
            channel=message.channel.name,
            asked=asked,
            **more,
            priority=message.priority if message.priority != PRIORITY else None,
            transactional=message.transactional or None,
            id=given_id(message.key),
            group=group,
        )

    def judged(self, message: Message, asked: int, now: int, counted: bool) -> Verdict:
        """What becomes of a message now."""
        return judge(self.work, self.state, message, asked, now, counted=counted)
