"""Driving a function by hand: no store, no clock, the outcomes are a dict."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import Any, Literal

import pytest

from studio.clocks.clock import to_ms
from studio.errors import WorkflowError
from studio.kernel.drive import Again, Blocked, End, Ended, Failed, Outcome, SourceCode, drive
from studio.language.commands import Command, Place, key_text
from studio.language.definition import WorkflowFunction, workflow
from studio.language.event import Event
from studio.language.journey import Journey
from studio.language.names import Names
from studio.language.step_info import StepFailed
from studio.language.waited import Waited
from studio.text.source_code import SourceFiles

HERE = Path(__file__).name


class Nothing:
    """A reader of an empty history."""

    def events(
        self, wanted: Names, match: Mapping[str, Any] | None, past: Literal[True, "ever"], bound: int
    ) -> list[Event]:
        return []

    timezone: str | None = None

    def profile(self, bound: int) -> Mapping[str, Any]:
        return {"seen": bound}


class Script:
    """Outcomes by key text, and what came of driving a function against them."""

    def __init__(self, outcomes: Mapping[str, Outcome] | None = None, *, live: bool = True) -> None:
        self.outcomes = dict(outcomes or {})
        self.asked: list[str] = []
        self.said: list[tuple[str, str]] = []
        self.live = live
        self.journey: Journey | None = None

    def answer(self, command: Command[Any]) -> Outcome | None:
        key = key_text(command.key)
        self.asked.append(key)
        return self.outcomes.get(key)

    def log(self, journey: Journey, level: str, message: str, place: Place) -> None:
        self.said.append((level, message))

    def run(self, function: WorkflowFunction, code: SourceCode | None = None) -> End:
        self.journey = self.make()
        self.journey._live = self.live
        try:
            return drive(workflow(function), self.journey, self.answer, code=code or SourceFiles())
        except BaseException as error:
            # A KeyboardInterrupt that gets through would end the whole run of the tests.
            raise AssertionError(f"{type(error).__name__} came out of drive") from error

    def make(self) -> Journey:
        trigger = Event("signup", "ada", 0)
        return Journey("j/ada", "ada", trigger, Nothing(), log=self.log, at=1_000, bound=1)


def line_of(function: Any, text: str) -> str:
    """ "file.py:20" of the line of a function that has this text."""
    lines, first = inspect.getsourcelines(function)
    return f"{HERE}:{first + next(i for i, line in enumerate(lines) if text in line)}"


def got(value: Any = None, at: int = 2_000, bound: int = 2, **more: Any) -> Outcome:
    return Outcome(value, at, bound, **more)


async def two_waits(journey: Journey) -> Any:
    journey.log("begin")
    paid = await journey.wait_for("paid", timeout="1d")
    journey.log(f"paid {bool(paid)}")
    await journey.sleep("1h")
    journey.log("slept")
    return {"paid": bool(paid)}


def test_a_function_blocks_at_its_first_open_command() -> None:
    script = Script()
    end = script.run(two_waits)
    assert isinstance(end, Blocked)
    assert key_text(end.command.key) == "wait:paid#0"
    assert script.said == [("info", "begin")]


def test_a_recorded_outcome_is_passed_at_once() -> None:
    script = Script({"wait:paid#0": got(Waited())})
    end = script.run(two_waits)
    assert isinstance(end, Blocked)
    assert key_text(end.command.key) == "sleep#0"
    assert script.asked == ["wait:paid#0", "sleep#0"]


def test_a_function_with_all_outcomes_runs_to_its_end() -> None:
    end = Script({"wait:paid#0": got(Waited()), "sleep#0": got()}).run(two_waits)
    assert end == Ended({"paid": False})


def test_a_function_without_awaits_just_ends() -> None:
    async def short(journey: Journey) -> int:
        return 7

    assert Script().run(short) == Ended(7)


def test_what_was_said_before_is_mute_and_speech_begins_at_the_first_fresh_outcome() -> None:
    script = Script({"wait:paid#0": got(Waited(), fresh=False), "sleep#0": got()}, live=False)
    script.run(two_waits)
    assert script.said == [("info", "slept")]


def test_each_outcome_moves_the_position() -> None:
    seen: list[tuple[int, int, float]] = []

    async def looks(journey: Journey) -> bool:
        def look() -> None:
            seen.append((to_ms(journey.now()), journey.user["seen"], journey.late.total_seconds()))

        look()
        await journey.sleep("1h")
        look()
        await journey.wait_for("paid")
        look()
        return True

    Script({"sleep#0": got(None, 5_000, 7, late=2_000), "wait:paid#0": got(Waited(), 9_000, 12)}).run(looks)
    assert seen == [(1_000, 1, 0.0), (5_000, 7, 2.0), (9_000, 12, 0.0)]


def test_commands_are_told_apart_by_kind_name_and_occurrence() -> None:
    async def many(journey: Journey) -> bool:
        await journey.sleep("1s")
        await journey.wait_for("a")
        await journey.wait_for("a", {"x": 1})
        await journey.wait_for(["a", "b/*"])
        await journey.sleep("2s")
        await journey.wait_for("a", id="mine")
        await journey.ingest("a")
        await journey.step("a", print)
        await journey.step("a", print, once=True)
        await journey.wait_any(journey.wait_for("a"))
        return True

    keys = [
        "sleep#0",
        "wait:a#0",
        "wait:a#1",
        "wait:a, b/*#0",
        "sleep#1",
        "wait=mine",
        "ingest:a#0",
        "step:a#0",
        "once:a#0",
        "any#0",
    ]
    script = Script(dict.fromkeys(keys, got(Waited())))
    assert script.run(many) == Ended(True)
    assert script.asked == keys


def test_a_failed_step_is_raised_at_its_await() -> None:
    async def catches(journey: Journey) -> str:
        try:
            await journey.step("charge", print)
        except StepFailed as error:
            return f"{error.name} {error.type} {error.message}"
        return "done"

    error = StepFailed("charge", "CardError", "declined")
    assert Script({"step:charge#0": got(error=error)}).run(catches) == Ended("charge CardError declined")


def test_a_failed_step_that_is_not_caught_fails_the_journey_and_is_named() -> None:
    async def careless(journey: Journey) -> None:
        await journey.step("charge", print)

    error = StepFailed("charge", "CardError", "declined")
    error.key = ("step", "charge", 0)
    end = Script({"step:charge#0": got(error=error)}).run(careless)
    assert isinstance(end, Failed)
    assert (end.type, end.message) == ("StepFailed", "step 'charge' failed: CardError: declined")
    assert end.step == "step:charge#0"
    assert end.line == line_of(careless, "journey.step")


async def deep_helper(journey: Journey) -> None:
    await journey.sleep("1s")
    raise ValueError("no such plan")


def test_a_function_that_raises_fails_with_the_deepest_line_of_the_author() -> None:
    async def raises(journey: Journey) -> None:
        await deep_helper(journey)

    end = Script({"sleep#0": got()}).run(raises)
    assert isinstance(end, Failed)
    assert (end.type, end.message) == ("ValueError", "no such plan")
    assert end.line == line_of(deep_helper, "raise ValueError")
    assert end.source == 'raise ValueError("no such plan")'
    assert "in raises" in end.traceback
    assert "in deep_helper" in end.traceback
    assert "engine/drive.py" not in end.traceback


class Odd(BaseException):
    """An exception that is no Exception."""


class Mute(Exception):
    """An exception that cannot even say what it is."""

    def __str__(self) -> str:
        raise ValueError("not even this")


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), SystemExit(1), GeneratorExit(), asyncio.CancelledError(), Odd("x"), Mute()]
)
def test_whatever_a_function_raises_fails_the_journey(error: BaseException) -> None:
    async def raises(journey: Journey) -> None:
        raise error

    end = Script().run(raises)
    assert isinstance(end, Failed)
    assert end.type == type(error).__name__
    assert end.line == line_of(raises, "raise error")


def test_a_stop_iteration_does_not_end_a_journey_as_if_it_had_returned() -> None:
    async def stops(journey: Journey) -> None:
        raise StopIteration("x")

    assert isinstance(Script().run(stops), Failed)


def test_new_pass_ends_the_pass() -> None:
    async def again(journey: Journey) -> None:
        await journey.sleep("1s")
        await journey.new_pass()

    assert Script({"sleep#0": got()}).run(again) == Again()


async def http_like() -> str:
    """Awaits what an HTTP client awaits."""
    future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    return await future


@pytest.mark.parametrize("what", ["sleep", "future", "thread", "http", "bare"])
def test_awaiting_something_foreign_fails_with_the_line_and_what_to_write(what: str) -> None:
    class Bare:
        def __await__(self) -> Any:
            yield 7  # bare

    loop = asyncio.new_event_loop()
    future: asyncio.Future[None] = loop.create_future()

    async def foreign(journey: Journey) -> None:
        if what == "sleep":
            await asyncio.sleep(1)  # sleep
        elif what == "future":
            await future  # future
        elif what == "thread":
            await asyncio.to_thread(print)  # thread
        elif what == "http":
            await http_like()
        else:
            await Bare()

    end = Script().run(foreign)
    loop.close()
    assert isinstance(end, Failed)
    assert end.type == "WorkflowError"
    place = {"http": line_of(http_like, "get_running_loop"), "bare": line_of(Bare, "# bare")}.get(what)
    place = place or line_of(foreign, f"# {what}")
    assert end.line == place
    assert end.message.startswith(f"{place}: ")
    assert "journey.step(name, function)" in end.message


def test_sleeping_for_no_time_in_asyncio_is_foreign_too() -> None:
    async def foreign(journey: Journey) -> None:
        await asyncio.sleep(0)

    end = Script().run(foreign)
    assert isinstance(end, Failed)
    assert end.line == line_of(foreign, "asyncio.sleep(0)")
    assert "journey.step" in end.message


class OtherLoop(SourceFiles):
    """As a driver sees code whose coroutines another loop may wait for."""

    def is_foreign_await(self, error: BaseException, path: str) -> bool:
        return isinstance(error, LookupError)


def test_the_driver_says_which_errors_come_of_awaiting_something_foreign() -> None:
    async def foreign(journey: Journey) -> None:
        raise LookupError("no such loop")

    async def sleeps(journey: Journey) -> None:
        await asyncio.sleep(1)

    ends = [Script().run(function, OtherLoop()) for function in (foreign, sleeps)]
    assert [end.type for end in ends if isinstance(end, Failed)] == ["WorkflowError", "RuntimeError"]


def test_a_command_of_another_journey_is_refused() -> None:
    command = Script().make().sleep("1s")

    async def foreign(journey: Journey) -> None:
        await command

    end = Script().run(foreign)
    assert isinstance(end, Failed)
    assert "a command of another journey" in end.message


def test_what_cannot_be_answered_fails_the_journey() -> None:
    def answer(command: Command[Any]) -> Outcome | None:
        raise WorkflowError("too many", path="x.py", line=3)

    journey = Journey("j/ada", "ada", Event("a", "ada", 0), Nothing(), log=Script().log)
    end = drive(workflow(two_waits), journey, answer)
    assert isinstance(end, Failed)
    assert end.message == "x.py:3: too many"


def test_closing_runs_finally_blocks_mutely() -> None:
    ran: list[str] = []

    async def one_by_one(journey: Journey) -> None:
        try:
            await journey.wait_for("paid")
        finally:
            ran.append("finally")
            journey.log("cleaned up")
            await journey.ingest("cleaned")
            ran.append("never")

    script = Script()
    assert isinstance(script.run(one_by_one), Blocked)
    assert ran == ["finally"]
    assert script.said == []
    assert script.asked == ["wait:paid#0"]


def test_closing_leaves_context_managers() -> None:
    class Manager:
        async def __aenter__(self) -> None:
            return None

        async def __aexit__(self, *_: object) -> None:
            await self.journey.sleep("1s")

        def __init__(self, journey: Journey) -> None:
            self.journey = journey

    async def one_by_one(journey: Journey) -> None:
        async with Manager(journey):
            await journey.wait_for("paid")

    script = Script()
    assert isinstance(script.run(one_by_one), Blocked)
    assert script.asked == ["wait:paid#0"]


@pytest.mark.parametrize(
    "error",
    [
        ValueError("x"),
        RuntimeError("x"),
        KeyboardInterrupt(),
        SystemExit(1),
        asyncio.CancelledError(),
        Odd("x"),
        GeneratorExit(),
    ],
)
def test_whatever_a_finally_block_raises_while_it_is_left_is_not_the_journeys_end(
    error: BaseException,
) -> None:
    async def odd(journey: Journey) -> None:
        try:
            await journey.wait_for("paid")
        finally:
            raise error

    assert isinstance(Script().run(odd), Blocked)


def test_catching_base_exceptions_around_a_wait_is_forgiven() -> None:
    async def greedy(journey: Journey) -> str:
        try:
            await journey.wait_for("paid")
        except BaseException:
            journey.log("caught")
            await journey.wait_for("other")
        return "done"

    script = Script()
    assert isinstance(script.run(greedy), Blocked)
    assert script.said == []
    assert script.asked == ["wait:paid#0"]


def test_returning_while_it_is_left_is_not_the_journeys_end() -> None:
    async def greedy(journey: Journey) -> str:
        try:  # noqa: SIM105 - this is what people write
            await journey.wait_for("paid")
        except BaseException:
            pass
        return "done"

    assert isinstance(Script().run(greedy), Blocked)


def test_catching_again_and_again_fails_with_the_line() -> None:
    async def forever(journey: Journey) -> None:
        while True:
            try:
                await journey.wait_for("paid")
            except BaseException:
                journey.log("again")

    script = Script()
    end = script.run(forever)
    assert isinstance(end, Failed)
    assert end.line == line_of(forever, "journey.wait_for")
    assert "Catch Exception, not BaseException" in end.message
    assert script.said == []


def test_an_async_generator_that_awaits_is_driven_through() -> None:
    async def ticks(journey: Journey) -> Any:
        for _ in range(2):
            await journey.sleep("1s")
            yield "tick"

    async def loops(journey: Journey) -> list[str]:
        return [tick async for tick in ticks(journey)]

    assert Script({"sleep#0": got(), "sleep#1": got()}).run(loops) == Ended(["tick", "tick"])
    assert isinstance(Script({"sleep#0": got()}).run(loops), Blocked)


def test_the_suspended_function_may_be_looked_at_before_it_is_closed() -> None:
    seen: list[Any] = []

    def look(coroutine: Coroutine[Any, Any, Any]) -> None:
        frame = coroutine.cr_frame  # type: ignore[attr-defined]
        seen.append((frame.f_lineno, frame.f_locals["plan"]))

    async def waits(journey: Journey) -> None:
        plan = "pro"
        await journey.wait_for(plan)

    journey = Journey("j/ada", "ada", Event("a", "ada", 0), Nothing(), log=Script().log)
    drive(workflow(waits), journey, lambda _: None, look)
    assert seen == [(int(line_of(waits, "await").partition(":")[2]), "pro")]


def test_more_than_ten_thousand_commands_in_a_pass_fail_with_the_line() -> None:
    async def endless(journey: Journey) -> None:
        while True:
            await journey.ingest("tick")

    script = Script()
    journey = Journey("j/ada", "ada", Event("a", "ada", 0), Nothing(), log=script.log)
    journey._live = True
    end = drive(workflow(endless), journey, lambda _: got())
    assert isinstance(end, Failed)
    assert end.line == line_of(endless, "journey.ingest")
    assert "10,000 commands" in end.message
    assert "new_pass" in end.message
    assert [level for level, _ in script.said] == ["warning"]
    assert "1,000 commands" in script.said[0][1]


def test_a_traceback_begins_in_the_workflow() -> None:
    async def fails(journey: Journey) -> None:
        await journey.wait_for("paid")
        raise KeyError("id")

    end = Script({"wait:paid#0": got()}).run(fails)
    assert isinstance(end, Failed)
    lines = end.traceback.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert Path(__file__).name in lines[1]
    assert lines[-1] == "KeyError: 'id'"


def test_an_error_whose_cause_cannot_be_printed_keeps_its_own_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> list[str]:
        raise RecursionError

    async def fails(journey: Journey) -> None:
        raise KeyError("id")

    monkeypatch.setattr("studio.text.source_code.traceback_lines", refuse)
    end = Script().run(fails)
    assert isinstance(end, Failed)
    assert 'raise KeyError("id")' in end.traceback
    assert end.traceback.endswith("KeyError: 'id'")


def test_without_code_a_failure_has_its_line_and_nothing_that_is_read() -> None:
    async def raises(journey: Journey) -> None:
        raise ValueError("no")

    script = Script()
    end = drive(workflow(raises), script.make(), script.answer)
    assert isinstance(end, Failed)
    assert (end.type, end.message, end.source, end.traceback) == ("ValueError", "no", "", "")
    assert end.line.startswith(f"{HERE}:")
