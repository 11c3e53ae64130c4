"""The Temporal workflow that carries one user on.

It decides nothing about journeys: it takes what comes, asks for turns, and does what their recorded results
say. So a change of the author's code never meets a history that it does not fit. What stands here must stay
replayable over histories of every release (`tests/temporal/histories/`): a change of the order of what it
asks Temporal for goes behind `workflow.patched`.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, TimeoutError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from studio.temporal.carried import Carried, carried_from
    from studio.temporal.outgoing import Outgoing
    from studio.temporal.requests import REQUESTS, TurnRequest
    from studio.temporal.turns import result_from
    from studio.temporal.turns_workflow import ERASED, HEARTBEAT_SECONDS, OFTEN
    from studio.temporal.wire import Item, failed, framed, size_of, start_of, step_item

NAME = "user-journeys"
VERY_LONG = 4
"""After so many times as many events as make a run long, steps that still run are begun anew in the next
run: Temporal ends a workflow at 51,200."""
MOST_ITEMS = 1_000
MOST_BYTES = 512_000
"""Of what comes, in one turn: its result is one payload, of which Temporal takes 2 MB. What is replayed hangs
on both, and on `MOST_OF_TASK`: another value stands behind `workflow.patched`."""
MOST_ASIDE = 100
MOST_OF_TASK = 700_000
"""Bytes of results that go to Temporal with one workflow task: it takes 4 MB at once, all else included."""
BOUNDED = "what goes with a task and into the next run is bounded"
"""What runs of older versions did not do (`workflow.patched`)."""

TURN_SECONDS = 120
STEP_SECONDS = 3_600
"""Of a step that names no time of its own."""
ASK_TRIES = 10
"""As often `check_event` is asked that raises."""
STEP_TRIES = 4
"""A step whose process died under it is started again, three times at most (DESIGN rule 11)."""


@workflow.defn(name=NAME)
class UserJourneys:
    """One user's journeys, from the first event on, for good."""

    @workflow.init
    def __init__(self, begun: bytes) -> None:
        carried = carried_from(begun)
        self.user = carried.user
        self.base = carried.base
        self.log: list[bytes] = []
        """Results of this run's turns."""
        self.inbox: list[Item] = list(carried.inbox)
        self.launches: list[dict[str, Any]] = list(carried.launches)
        """Steps that the former run had to leave."""
        self.out = Outgoing(carried.user, carried.unsent, carried.messages)
        self.questions: list[dict[str, Any]] = list(carried.questions)
        """Those that the former run had to leave."""
        self.left_out: list[dict[str, Any]] = list(carried.left_out)
        """What broke the rules' own code."""
        self.due = carried.due
        self.begins = carried.begins
        self.next = carried.begins
        """Number of the next entry, as far as this run knows."""
        self.erasing = False
        self.deployed = carried.deployed
        self.hashes = carried.hashes
        self.long = carried.long
        self.turns = 0
        """Those of this run."""
        self.task, self.of_task = 0, 0
        """The history's length at the present workflow task, and bytes of results that go with it."""
        self.named: dict[str, int | None] = {}
        """What each attempt at the present turn has named last, if it names what it drives."""
        self.steps: dict[int, tuple[dict[str, Any], asyncio.Task[None]]] = {}
        """Those that run, by the entry that started each."""
        self.timer: tuple[int, asyncio.Task[None]] | None = None
        self.fired = False
        self.asking: dict[int, tuple[dict[str, Any], asyncio.Task[None]]] = {}
        """What `check_event` is asked, by the entry that opened the wait."""
        self.answers: dict[int, dict[str, Any]] = {}
        self.asked = 0
        self.open_asks = 0

    @workflow.run
    async def run(self, begun: bytes) -> None:
        """Serve the user, until the run is long enough to be continued as another."""
        self._go_on()
        self.fired = True
        while True:
            self._set_timer()
            self.out.begin()
            await workflow.wait_condition(
                lambda: bool(self.inbox) or self.fired or self.erasing or self._may_end()
            )
            if self.erasing:
                await self._forget()
            if self._may_end():
                await self._end()
            self.fired = False
            now = _now()
            if self.inbox or (self.due is not None and self.due <= now):
                await self._turn(now)

    # -- turns -----------------------------------------------------------------------------

    async def _turn(self, now: int) -> None:
        await self._leave_task()
        items = self._next_items(now)
        data = await self._compute("drive_turn", items, now)
        self.of_task += len(data)
        self.turns, self.named = self.turns + 1, {}
        result = result_from(data)
        head = result.head
        took = head["took"]
        # What came meanwhile stands behind it.
        self.inbox[:0] = items[took:]
        if result.turn:
            self.next = head["next"]
            self.log.append(data)
            self.out.unsent.append(result.turn)
        if (why := head.get("left_out")) is not None:
            what = items[0] if items else {"kind": "deadlines", "at": now}
            self.left_out = [*self.left_out, {"why": why, "item": what}][-MOST_ASIDE:]
        self.due = head["due"] if why is None else self._due_without(now)
        self.deployed, self.hashes = head["deployed"], head.get("hashes", self.hashes)
        for item, answer in zip(items, head["answers"], strict=False):
            if (ask := item.get("ask")) is not None:
                self.answers[ask] = answer
        for launch in head["launches"]:
            self._begin_step(launch)
        for question in head.get("questions", ()):
            self._begin_question(question)
        self.out.messages += head["messages"]

    async def _leave_task(self) -> None:
        """See that results do not pile up in one workflow task: a timer ends it."""
        length = workflow.info().get_current_history_length()
        if length != self.task:
            self.task, self.of_task = length, 0
        elif self.of_task > MOST_OF_TASK and workflow.patched(BOUNDED):
            await asyncio.sleep(0.001)
            self.task, self.of_task = workflow.info().get_current_history_length(), 0

    def _due_without(self, now: int) -> int | None:
        """The next deadline, when something was left out: one that breaks the rules waits for an event."""
        return None if self.due is not None and self.due <= now else self.due

    def _next_items(self, now: int) -> list[Item]:
        """What is taken next, in order of time."""
        taken: list[Item] = []
        size = 0
        for item in self.inbox[:MOST_ITEMS]:
            size += size_of(item)
            if taken and size > MOST_BYTES:
                break
            taken.append(item)
        del self.inbox[: len(taken)]
        return sorted(taken, key=lambda item: min(item["at"], now))

    async def _compute(self, activity: str, items: list[Item], now: int) -> bytes:
        run = workflow.info().run_id
        running = frozenset(start_of(launch) for launch, _ in self.steps.values())
        state = (self.user, self.base, tuple(self.log))
        # Whoever tells of a deploy knows of it before this process, perhaps.
        deployed = max([self.deployed, *(item.get("deployed", 0) for item in items)])
        code = (self.begins, deployed, self.hashes)
        tries = (self.turns, dict(self.named))
        REQUESTS[run] = TurnRequest(*state, tuple(items), now, running, *code, *tries)
        try:
            answer: bytes = await workflow.execute_local_activity(
                activity,
                run,
                result_type=bytes,
                start_to_close_timeout=timedelta(seconds=TURN_SECONDS),
                retry_policy=OFTEN,
            )
        finally:
            REQUESTS.pop(run, None)
        return answer

    # -- time ------------------------------------------------------------------------------

    def _set_timer(self) -> None:
        """One timer a user, for the nearest deadline. One that comes too early costs less than its end."""
        due = self.due
        if self.timer is not None and not self.timer[1].done():
            if due is None or self.timer[0] <= due:
                return
            self.timer[1].cancel()
        self.timer = None if due is None else (due, asyncio.create_task(self._sleep(due)))

    async def _sleep(self, due: int) -> None:
        await asyncio.sleep(max(0, due - _now()) / 1000)
        self.fired = True

    # -- steps -----------------------------------------------------------------------------

    def _go_on(self) -> None:
        """Begin what the former run had to leave."""
        for launch in self.launches:
            self._begin_step(launch)
        for question in self.questions:
            self._begin_question(question)
        self.launches, self.questions = [], []

    def _begin_step(self, launch: dict[str, Any]) -> None:
        if (refused := launch.get("refused")) is not None:
            self.inbox.append(step_item(launch, refused, _now()))
        else:
            self.steps[launch["start"]] = (launch, asyncio.create_task(self._step(launch)))

    async def _step(self, launch: dict[str, Any]) -> None:
        seconds = launch["timeout"] / 1000 if launch["timeout"] is not None else STEP_SECONDS
        try:
            result: dict[str, Any] = await workflow.execute_activity(
                "run_step",
                launch,
                result_type=dict,
                # The step's own time is told as the step's end; this one is for a worker that is gone.
                start_to_close_timeout=timedelta(seconds=seconds + 30),
                heartbeat_timeout=timedelta(seconds=HEARTBEAT_SECONDS),
                retry_policy=RetryPolicy(
                    initial_interval=timedelta(milliseconds=200), maximum_attempts=STEP_TRIES
                ),
                summary=launch["name"],
            )
        except ActivityError as error:
            if is_cancelled_exception(error) and self.out.closing:
                self.launches.append(launch)
                del self.steps[launch["start"]]
                return
            result = failed("interrupted", _interrupted(error), final=True)
        del self.steps[launch["start"]]
        self.inbox.append(step_item(launch, result, _now()))

    # -- questions -------------------------------------------------------------------------

    def _begin_question(self, question: dict[str, Any]) -> None:
        self.asking[question["wait"]] = (question, asyncio.create_task(self._ask(question)))

    async def _ask(self, question: dict[str, Any]) -> None:
        """Ask `check_event`: what it knows comes as any event does (DESIGN rule 19)."""
        found: list[dict[str, Any]] = []
        try:
            found = await workflow.execute_activity(
                "check_event",
                args=[self.user, question],
                result_type=list,
                start_to_close_timeout=timedelta(seconds=60),
                heartbeat_timeout=timedelta(seconds=HEARTBEAT_SECONDS),
                retry_policy=RetryPolicy(maximum_attempts=ASK_TRIES),
            )
        except ActivityError as error:
            if is_cancelled_exception(error) and self.out.closing:
                self.questions.append(question)
            # Else it failed as often as it is asked: as if it knew nothing.
        del self.asking[question["wait"]]
        self.inbox += [{"kind": "event", "at": _now(), "event": event} for event in found]

    # -- the end of a run ------------------------------------------------------------------

    def _may_end(self) -> bool:
        info = workflow.info()
        length = info.get_current_history_length()
        if not info.is_continue_as_new_suggested() and length <= self.long:
            return False
        return not self.open_asks and (not self.steps or length > VERY_LONG * self.long)

    def _much_came(self) -> bool:
        """Whether more waits than fits what goes along into the next run, which is one payload."""
        return sum(map(size_of, self.inbox)) > MOST_BYTES and workflow.patched(BOUNDED)

    async def _forget(self) -> None:
        """Nothing of the user goes along into the next run, but where the entries of a new life begin."""
        await self._leave_tasks()
        info = workflow.info()
        await workflow.start_child_workflow(
            ERASED,
            args=[self.user, self.next],
            id=f"{info.workflow_id}/erased/{info.run_id}",
            parent_close_policy=workflow.ParentClosePolicy.ABANDON,
        )
        await workflow.wait_condition(workflow.all_handlers_finished)
        workflow.continue_as_new(Carried(self.user, begins=self.next, long=self.long).packed())

    async def _leave_tasks(self) -> None:
        """End what is under way; steps that had not ended are begun anew by whoever goes on."""
        self.out.closing = True
        tasks = [task for _, task in self.steps.values()]
        tasks += [task for _, task in self.asking.values()]
        tasks += self.out.under_way()
        for task in tasks:
            task.cancel()
        await workflow.wait_condition(lambda: all(task.done() for task in tasks))

    async def _end(self) -> None:
        """Continue as a new run, with all that is under way; unless somebody asks something meanwhile, or
        much comes."""
        while self._much_came():
            await self._turn(_now())
        await self._leave_tasks()
        await self.out.put_down()
        state = await self._compute("pack_state", [], _now())
        await workflow.wait_condition(lambda: bool(self.open_asks) or workflow.all_handlers_finished())
        if self.open_asks or self._much_came():
            self.out.closing = False
            self.base, self.log = state, []
            self._go_on()
            return
        carried = Carried(
            user=self.user,
            base=state,
            begins=self.next,
            due=self.due,
            inbox=self.inbox,
            launches=self.launches,
            unsent=self.out.unsent,
            messages=self.out.messages,
            questions=self.questions,
            left_out=self.left_out,
            deployed=self.deployed,
            hashes=self.hashes,
            long=self.long,
        )
        workflow.continue_as_new(carried.packed())

    # -- from outside ----------------------------------------------------------------------

    @workflow.signal
    def take(self, items: list[Item]) -> None:
        """Items for the user: durable once Temporal has the signal."""
        self.inbox += items

    @workflow.signal
    def driving(self, told: dict[str, Any]) -> None:
        """An attempt at a turn is about to drive a journey, which may end its process (`naming.py`)."""
        if told["turn"] == self.turns:
            self.named[told["by"]] = told["journey"]
            run = workflow.info().run_id
            if run in REQUESTS:
                # Who waits for a sign of life reads it there.
                REQUESTS[run] = replace(REQUESTS[run], named=dict(self.named))

    @workflow.update
    async def act(self, item: Item) -> dict[str, Any]:
        """An act of the operator; gives what came of it."""
        self.asked += 1
        ask = self.asked
        self.open_asks += 1
        self.inbox.append({**item, "at": _now(), "ask": ask})
        try:
            await workflow.wait_condition(lambda: ask in self.answers)
            return self.answers.pop(ask)
        finally:
            self.open_asks -= 1

    @workflow.update
    def erase(self) -> None:
        """Forget the user; what comes from here on is a new life."""
        self.erasing = True
        self.inbox = []

    @workflow.query
    def look(self) -> dict[str, Any]:
        """How the user's workflow stands, in numbers."""
        return {
            "user": self.user,
            "due": self.due,
            "deployed": self.deployed,
            "inbox": len(self.inbox),
            "turns": len(self.log),
            "steps": [launch["name"] for launch, _ in self.steps.values()],
            "unsent": len(self.out.unsent),
            "messages": len(self.out.messages),
            "left_out": self.left_out,
            "events": workflow.info().get_current_history_length(),
        }

    @workflow.query
    def state(self) -> bytes:
        """All that the user's state is made of."""
        return framed([self.user.encode(), self.base, *self.log])


def _now() -> int:
    return int(workflow.now().timestamp() * 1000)


def _interrupted(error: ActivityError) -> str:
    cause = error.cause
    if isinstance(cause, TimeoutError):
        return "the processes that ran it ended, or did not answer any more"
    if isinstance(cause, ApplicationError):
        return cause.message
    return str(cause or error)
