"""What a workflow author writes, checked where it is written."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, assert_type

import pytest

from studio import Event, StepFailed, Waited, current_step, goal
from studio.errors import StudioError, WorkflowError
from studio.language.commands import Command, Group, Ingest, Place, Sleep, Step, Suspended, Wait, key_text
from studio.language.definition import Workflow, workflow
from studio.language.journey import Journey
from studio.language.names import Names

HERE = Path(__file__).name


class Known:
    """A reader that knows a profile and one event."""

    def events(
        self, wanted: Names, match: Mapping[str, Any] | None, past: Literal[True, "ever"], bound: int
    ) -> list[Event]:
        event = Event("app/login", "ada", 5, '{"n":1}')
        return [event] if wanted.meets(event.name) else []

    timezone: str | None = None

    def profile(self, bound: int) -> Mapping[str, Any]:
        return {"email": "a@b.c", "plan": "pro", "id": "somebody else"}


Said = list[tuple[str, str, Place]]


def make(said: Said | None = None, **more: Any) -> Journey:
    def log(journey: Journey, level: str, message: str, place: Place) -> None:
        assert said is not None
        said.append((level, message, place))

    return Journey("welcome/ada", "ada", Event("signup", "ada", 1), Known(), log=log, **more)


@pytest.fixture
def journey() -> Journey:
    return make()


# -- refusals, with file and line ----------------------------------------------------------


class NotAFunction:
    """Something that cannot be called."""


ASKED: list[tuple[Callable[[Any], object], str]] = [
    (
        lambda j: j.wait_for("paid", timeout="3x"),
        'wait_for("paid") has timeout \'3x\', which is not a duration. Write it as "90s", "2h30m" or "7d".',
    ),
    (
        lambda j: j.wait_for("paid", timeout="-1s"),
        "wait_for(\"paid\") has timeout '-1s', which is negative, and no duration is.",
    ),
    (
        lambda j: j.wait_for("paid", timeout=True),
        'wait_for("paid") has timeout True, which is not a duration.',
    ),
    (lambda j: j.wait_for(""), "wait_for: the event name '' is empty"),
    (lambda j: j.wait_for([]), "wait_for: no event name is given"),
    (lambda j: j.wait_for(7), "wait_for: an event name must be text, not int"),
    (lambda j: j.wait_for("a\nb"), "wait_for: the event name 'a\\nb' has the control character U+000A"),
    (lambda j: j.wait_for("x" * 513), "has 513 characters, at most 512 are kept"),
    (
        lambda j: j.wait_for("paid", past="yes"),
        'wait_for("paid") has past=\'yes\'. Use True, False or "ever".',
    ),
    (lambda j: j.wait_for("paid", past=1), 'wait_for("paid") has past=1'),
    (lambda j: j.wait_for("paid", ["a"]), '"paid" has match of type list. Write match={"field": value}.'),
    (
        lambda j: j.wait_for("paid", {"a": {1}}),
        '"paid" has a match that JSON cannot hold: a value of type set',
    ),
    (
        lambda j: j.wait_for("paid", {"a": float("nan")}),
        '"paid" has a match that JSON cannot hold: it has NaN',
    ),
    (lambda j: j.wait_for("paid", id=""), "the id= of a wait is empty"),
    (lambda j: j.wait_for("paid", id="a\x00"), "the id= of a wait has the control character U+0000"),
    (lambda j: j.wait_for("paid", id="x" * 512), "the id= of a wait has 512 characters. Make it shorter."),
    (lambda j: j.sleep("soon"), "sleep has duration 'soon', which is not a duration."),
    (lambda j: j.sleep(None), "sleep has duration None, which is not a duration."),
    (lambda j: j.sleep(float("inf")), "sleep has duration inf, which is not a duration."),
    (lambda j: j.wait_any(), "wait_any was given nothing to wait for"),
    (lambda j: j.wait_all(timeout="1d"), "wait_all was given nothing to wait for"),
    (lambda j: j.wait_any("paid"), "wait_any was given str. It takes journey.wait_for, sleep, step,"),
    (
        lambda j: j.wait_all(j.new_pass()),
        "wait_all was given NewPass. It takes journey.wait_for, sleep, step,",
    ),
    (lambda j: j.wait_any([j.sleep(1)]), "wait_any was given list"),
    (lambda j: j.wait_any(j.sleep(1), timeout="x"), "wait_any has timeout 'x', which is not a duration."),
    (lambda j: j.step("", print), "the step's name is empty. Write journey.step("),
    (lambda j: j.step("send", None), 'step "send" was given NoneType, not a function. Write journey.step('),
    (lambda j: j.step("send", print()), "without calling send."),
    (
        lambda j: j.step("send", print, retries=-1),
        'step "send" has retries=-1. Use a whole number, 0 or more.',
    ),
    (lambda j: j.step("send", print, retries=1.5), 'step "send" has retries=1.5'),
    (lambda j: j.step("send", print, pause="x"), "step \"send\" has pause 'x', which is not a duration."),
    (lambda j: j.step("send", print, timeout="x"), "step \"send\" has timeout 'x', which is not a duration."),
    (lambda j: j.ingest(""), "ingest: the event name is empty"),
    (lambda j: j.ingest(None), "ingest: the event name is NoneType and must be text"),
    (lambda j: j.ingest("a", user=""), "ingest: the user is empty"),
    (lambda j: j.ingest("a", id="\n"), "ingest: the id is empty"),
    (lambda j: j.ingest("a", [1]), 'ingest("a") has data of type list. Give a mapping.'),
    (lambda j: j.ingest("a", {"x": {1}}), 'ingest("a") has data that cannot be stored: a value of type set'),
    (
        lambda j: j.ingest("a", {"x": "x" * (1 << 20)}),
        'ingest("a") has data that cannot be stored: it is 1.0 MiB',
    ),
    (lambda j: j.events(""), "events: the event name '' is empty"),
    (lambda j: j.events("a", "b"), '"a" has match of type str'),
]


@pytest.mark.parametrize(("ask", "message"), ASKED, ids=[message[:50] for _, message in ASKED])
def test_what_makes_no_sense_is_refused_at_its_line(
    journey: Journey, ask: Callable[[Journey], object], message: str
) -> None:
    with pytest.raises(WorkflowError) as caught:
        ask(journey)
    line = ask.__code__.co_firstlineno
    assert str(caught.value).startswith(f"{HERE}:{line}: ")
    assert message in str(caught.value)


def test_a_command_without_await_is_refused_at_its_line(journey: Journey) -> None:
    line = inspect.currentframe().f_lineno + 2  # type: ignore[union-attr]
    with pytest.raises(WorkflowError) as caught:
        bool(journey.wait_for("paid"))
    assert str(caught.value) == (
        f"{HERE}:{line}: a wait is used without await, so it has no result yet. Put await in front of it."
    )


# -- workflows -----------------------------------------------------------------------------


async def plain(journey: Journey) -> None:
    """A workflow function."""


def test_a_workflow_takes_its_name_and_place_from_its_function() -> None:
    made = workflow(plain)
    assert isinstance(made, Workflow)
    assert (made.name, made.trigger.text, made.key, made.again, made.exit_on) == (
        "plain",
        "*",
        None,
        False,
        None,
    )
    assert made.path == __file__
    assert made.line == plain.__code__.co_firstlineno
    assert made.__doc__ == "A workflow function."
    assert "async def plain" in made.source
    assert len(made.code) == 16
    assert made.code == workflow(plain).code


def test_a_workflow_may_be_given_all_it_needs() -> None:
    made = workflow(trigger=["a", "b/*"], key="cart_id", again=True, exit_on="left", name="cart")(plain)
    assert (made.name, made.trigger.text, made.key, made.again) == ("cart", "a, b/*", "cart_id", True)
    assert made.exit_on is not None
    assert made.exit_on.meets("left")


def not_async(journey: Journey) -> None:
    """Forgot the async."""


async def no_argument() -> None:
    """Forgot the journey."""


async def two_arguments(journey: Journey, other: int) -> None:
    """One too many."""


async def generator(journey: Journey) -> Any:
    yield 1


@pytest.mark.parametrize(
    ("function", "options", "message"),
    [
        (not_async, {}, "not_async is not an async function. Write: @workflow, async def welcome("),
        (generator, {}, "generator is not an async function"),
        (no_argument, {}, "no_argument must take one argument, the journey"),
        (two_arguments, {}, "two_arguments must take one argument, the journey"),
        (plain, {"name": ""}, "the workflow's name is empty"),
        (plain, {"name": "a\nb"}, "the workflow's name has the control character U+000A"),
        (plain, {"name": "a/b"}, "the workflow's name 'a/b' has / or ~, which divide a journey's id"),
        (plain, {"name": "a~2"}, "the workflow's name 'a~2' has / or ~"),
        (plain, {"key": ""}, "key= is empty"),
        (plain, {"key": 7}, "key= is int and must be text"),
        (plain, {"trigger": ""}, "the event name '' is empty"),
        (plain, {"trigger": []}, "no event name is given"),
        (plain, {"exit_on": "a\x00"}, "the event name 'a\\x00' has the control character"),
        (plain, {"exit_on": 7}, "an event name must be text, not int"),
    ],
)
def test_a_workflow_that_makes_no_sense_is_refused_at_its_function(
    function: Any, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(WorkflowError) as caught:
        workflow(**options)(function)
    assert str(caught.value).startswith(f"{HERE}:{function.__code__.co_firstlineno}: {message}")


@pytest.mark.parametrize("thing", [7, "text", print, NotAFunction()])
def test_what_is_no_function_is_refused_too(thing: Any) -> None:
    with pytest.raises(WorkflowError, match="is not an async function"):
        workflow()(thing)


# -- identity ------------------------------------------------------------------------------


def test_keys_have_kind_name_and_occurrence_and_no_duration(journey: Journey) -> None:
    commands: list[Command[Any]] = [
        journey.wait_for("a"),
        journey.wait_for("a"),
        journey.wait_for(["a", "b"]),
        journey.sleep("1s"),
        journey.sleep("2s"),
        journey.step("a", print),
        journey.step("a", print, once=True),
        journey.wait_any(journey.sleep(1)),
        journey.wait_for("a", id="mine"),
        journey.ingest("a"),
        journey.new_pass(),
    ]
    assert [key_text(command.key) for command in commands] == [
        "wait:a#0",
        "wait:a#1",
        "wait:a, b#0",
        "sleep#0",
        "sleep#1",
        "step:a#0",
        "once:a#0",
        "any#0",
        "wait=mine",
        "ingest:a#0",
        "pass#0",
    ]


def test_a_command_knows_its_place(journey: Journey) -> None:
    line = inspect.currentframe().f_lineno + 1  # type: ignore[union-attr]
    wait = journey.wait_for("a", timeout="2h30m")
    assert wait.place == (__file__, line)
    assert wait.timeout == 9_000_000


def test_random_and_uuid_are_the_same_at_every_replay_and_differ_within_one() -> None:
    def draw(**more: Any) -> list[Any]:
        journey = make(**more)
        return [journey.random(), journey.random(), journey.uuid(), journey.uuid(), journey.random("mine")]

    assert draw(salt="s") == draw(salt="s")
    assert len(set(draw(salt="s"))) == 5
    assert set(draw(salt="s")).isdisjoint(draw(salt="t"))
    assert set(draw(salt="s")).isdisjoint(draw(salt="s", pass_number=2))
    assert all(0 <= number < 1 for number in draw() if isinstance(number, float))
    assert draw()[2].version == 4


def test_an_inserted_command_shifts_no_random_number() -> None:
    before, after = make(salt="s"), make(salt="s")
    after.wait_for("a")
    after.sleep("1s")
    assert before.random() == after.random()
    assert before.uuid() == after.uuid()
    first, second = before.random("x"), after.random()
    assert second != first
    assert after.random("x") == first


# -- looking -------------------------------------------------------------------------------


def test_a_user_is_a_mapping_of_id_and_profile(journey: Journey) -> None:
    assert journey.user.id == "ada"
    assert journey.user["id"] == "ada"
    assert journey.user["plan"] == "pro"
    assert journey.user.email == "a@b.c"
    assert dict(journey.user) == {"id": "ada", "email": "a@b.c", "plan": "pro"}
    assert len(journey.user) == 3
    assert journey.user.get("none") is None
    assert repr(journey.user).startswith("User({'id': 'ada'")
    with pytest.raises(KeyError):
        journey.user["none"]


def test_an_event_reads_as_a_mapping_over_its_data() -> None:
    event = Event("app/login", "ada", 1_767_225_600_000, '{"id":"x","n":[1]}', "evt-1", 7)
    assert event["n"] == [1]
    assert dict(event) == {"id": "x", "n": [1]} == event.data
    assert event.get("none") is None
    assert (event.name, event.user, event.id, event.at) == (
        "app/login",
        "ada",
        "evt-1",
        datetime(2026, 1, 1, tzinfo=UTC),
    )
    assert event
    assert bool(Event("a", "ada", 1)) is True
    assert Event("a", "ada", 1).data == {}
    assert event == Event("app/login", "ada", 1_767_225_600_000, '{"id":"x","n":[1]}', "evt-1", 99)
    assert event != Event("app/login", "ada", 1_767_225_600_000, "{}", "evt-1", 7)
    assert event != {"id": "x", "n": [1]}
    assert len({event, event}) == 1


def test_what_was_waited_for_is_true_and_lists_its_events_when_used() -> None:
    loads: list[int | None] = []
    events = [Event("a", "ada", n, None, None, n) for n in range(3)]

    def load(limit: int | None) -> list[Event]:
        loads.append(limit)
        return events[:limit]

    waited = Waited(3, load)
    assert waited
    assert len(waited) == 3
    assert not waited.timed_out
    assert loads == []
    assert waited.first == events[0]
    assert loads == [1]
    assert waited.result == events
    assert list(waited) == events
    assert waited[2] == events[2]
    assert loads == [1, None]
    assert repr(waited) == "Waited(3 events)"


def test_what_timed_out_is_false_and_empty() -> None:
    waited = Waited()
    assert not waited
    assert waited.timed_out
    assert waited.result is None
    assert waited.first is None
    assert list(waited) == []
    with pytest.raises(IndexError):
        waited[0]
    assert not Waited(over=False).timed_out
    assert repr(waited) == "Waited(timed_out=True)"


def test_events_so_far_are_given_without_waiting(journey: Journey) -> None:
    assert [event["n"] for event in journey.events("app/*")] == [1]
    assert journey.events("other") == []


def test_the_position_tells_the_time() -> None:
    journey = make(at=1_767_225_600_000, late=2_500)
    assert journey.now() == datetime(2026, 1, 1, tzinfo=UTC)
    assert journey.late == timedelta(seconds=2.5)


def test_a_trigger_is_read_when_it_is_used() -> None:
    asked: list[int] = []

    def read() -> Event:
        asked.append(1)
        return Event("signup", "ada", 1)

    journey = Journey("welcome/ada", "ada", read, Known(), log=lambda *_: None)
    assert asked == []
    assert journey.trigger.name == "signup"
    assert journey.trigger is journey.trigger
    assert asked == [1]


def test_a_step_knows_about_itself_only_inside() -> None:
    with pytest.raises(WorkflowError, match=r"inside a function that journey\.step runs"):
        current_step()


# -- telling -------------------------------------------------------------------------------


def test_what_is_said_while_replaying_or_leaving_is_mute() -> None:
    said: Said = []
    journey = make(said)
    journey.log("replayed")
    journey._live = True
    journey.log("a", 1, level="warning")
    journey.note("x" * 300)
    journey._closing = True
    journey.log("left")
    journey.note("left")
    assert [(level, message) for level, message, _ in said] == [("warning", "a 1"), ("note", "x" * 200)]
    assert said[0][2][0] == __file__


def test_an_await_in_a_function_that_is_left_raises_suspended(journey: Journey) -> None:
    journey._closing = True
    with pytest.raises(Suspended):
        journey.sleep("1s").__await__().send(None)
    assert not issubclass(Suspended, Exception)


def test_a_failed_step_says_what_failed() -> None:
    error = StepFailed("charge", "CardError", "declined")
    assert str(error) == "step 'charge' failed: CardError: declined"
    assert str(StepFailed("charge", "Timeout", "")) == "step 'charge' failed: Timeout"
    assert not isinstance(error, StudioError)


# -- types ---------------------------------------------------------------------------------


def count(words: str, *, upper: bool = False) -> int:
    return len(words)


async def fetch(url: str) -> dict[str, str]:
    return {"url": url}


def nothing() -> None:
    """Gives None."""


async def typed(journey: Journey) -> None:
    """Never run: mypy reads it, and that is the test."""
    assert_type(journey.wait_for("a"), Wait)
    assert_type(await journey.wait_for("a"), Waited)
    assert_type(journey.sleep("1s"), Sleep[None])
    assert_type(await journey.sleep("1s"), None)
    assert_type(await journey.sleep("1s", 7), int)
    assert_type(await journey.sleep(timedelta(days=1), {"foo": "bar"}), dict[str, str])
    assert_type(journey.step("count", count, "a", retries=3), Step[int])
    assert_type(await journey.step("count", count, "a", upper=True), int)
    assert_type(await journey.step("fetch", fetch, "a", once=True, timeout="1s"), dict[str, str])
    assert_type(await journey.step("nothing", nothing), None)
    assert_type(await journey.step("lambda", lambda: 7), int)
    assert_type(journey.wait_any(journey.wait_for("a"), journey.sleep("1s")), Group)
    paid, _left = await journey.wait_any(journey.wait_for("a"), journey.wait_for("b"), timeout="7d")
    assert_type(paid, Any)
    assert_type(journey.ingest("a"), Ingest)
    assert_type(await journey.ingest("a", {"b": 1}, user="bob"), None)
    assert_type(journey.events("a"), list[Event])
    assert_type(journey.trigger, Event)
    assert_type(journey.user.email, str | None)
    assert_type(journey.now(), datetime)
    assert_type(journey.random(), float)


def typed_workflows() -> None:
    """Never run: mypy reads it."""
    assert_type(workflow(plain), Workflow)
    assert_type(workflow(trigger="a"), Callable[[Callable[[Journey], Coroutine[Any, Any, Any]]], Workflow])
    called: Awaitable[Any] = workflow(plain)(make())
    assert called


def test_the_types_are_read_by_mypy() -> None:
    assert inspect.iscoroutinefunction(typed)
    assert callable(typed_workflows)


# -- what @workflow is given ----------------------------------------------------------------


async def _nothing(journey: Journey) -> None:
    """A workflow's function."""


async def _later(user: Any, event: Any) -> str:
    return ""


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (
            {"timezone": "Europe/Berln"},
            "timezone= 'Europe/Berln' is no time zone; did you mean",
        ),
        ({"goal": "paid"}, 'goal= is str. Write goal=goal\\("billing/paid"'),
        ({"refuse": "customers"}, "refuse= is str, not a function"),
        ({"refuse": _later}, "refuse= is an async function, _later"),
        ({"refuse": lambda user: None}, "refuse= cannot be called with a user and an event"),
        ({"again": "a month or so"}, "workflow \"_nothing\" has again 'a month or so'"),
        ({"holdout": 0.1}, r"holdout=0.1 is a part of one, and per cent are meant: did you mean 10\?"),
        ({"holdout": 0}, "holdout=0 is not from 1 to 99"),
        ({"holdout": 100}, "holdout=100 is not from 1 to 99"),
        ({"holdout": True}, "holdout=True is no number"),
    ],
)
def test_what_makes_no_workflow_is_told_with_its_line(given: dict[str, Any], says: str) -> None:
    with pytest.raises(WorkflowError, match=says) as refused:
        workflow(**given)(_nothing)
    assert f"{HERE}:{_nothing.__code__.co_firstlineno}: " in str(refused.value)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (lambda: goal(""), "goal: the event name '' is empty"),
        (lambda: goal("paid", within="soon"), r'goal\("paid"\) has within \'soon\''),
        (lambda: goal("paid", within=0), "which is no time"),
        (lambda: goal("paid", match={"a": {1}}), "a match that JSON cannot hold"),
    ],
)
def test_what_makes_no_goal_is_told_with_its_line(asked: Callable[[], object], says: str) -> None:
    with pytest.raises(WorkflowError, match=says) as refused:
        asked()
    assert f"{HERE}:" in str(refused.value)


def test_again_with_a_time_is_again() -> None:
    made = workflow(again="30d")(_nothing)
    assert (made.again, made.again_after) == (True, 30 * 86_400_000)
    assert (workflow(again=True)(_nothing).again_after, workflow()(_nothing).again) == (None, False)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, 'collect\\("a"\\) has nothing that ends it'),
        ({"count": 0}, "has count=0"),
        ({"quiet": "soon"}, "has quiet 'soon'"),
        ({"at_most": "later"}, "has at_most 'later'"),
        ({"quiet": "1m", "timeout": "x"}, "has timeout 'x'"),
    ],
)
def test_what_makes_no_digest_is_told_with_its_line(
    journey: Journey, given: dict[str, Any], says: str
) -> None:
    with pytest.raises(WorkflowError, match=says) as refused:
        journey.collect("a", **given)
    assert f"{HERE}:" in str(refused.value)
