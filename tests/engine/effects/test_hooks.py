"""check_event and set_event: where the event history may also live."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from studio import Engine, Event, Journey, VirtualClock, incoming, workflow
from studio.store.hooks import MemoryEvents
from tests.engine.support import child, entries, history, in_time, journey, settled, sound, until

__all__ = ["in_time"]

Found = list[Mapping[str, Any]]


@workflow(trigger="signup")
async def welcome(journey: Journey) -> dict[str, Any]:
    paid = await journey.wait_for("paid", match={"plan": "pro"}, timeout="1h")
    return {"paid": [event.data for event in paid], "id": paid.first.id if paid.first else None}


@workflow(trigger="signup")
async def patterns(journey: Journey) -> list[str]:
    found = await journey.wait_for(["app/*", "web/login"], timeout="1h")
    return [event.name for event in found]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "studio.db"


def result(path: Path, user: str = "ada") -> Any:
    (done,) = entries(path, "journey.completed", user=user)
    return done.data["result"]


# -- set_event -----------------------------------------------------------------------------


class Mute(Exception):
    """One whose text cannot be made."""

    def __str__(self) -> str:
        raise RuntimeError("no text")


@pytest.mark.parametrize(
    "error",
    [asyncio.CancelledError(), SystemExit(3), KeyboardInterrupt(), GeneratorExit(), Mute()],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.parametrize("kind", ["plain", "async"])
async def test_set_event_that_raises_what_ends_a_thread_is_told_again(
    path: Path, kind: str, error: BaseException
) -> None:
    told: list[str] = []

    def once(event: Event) -> None:
        told.append(event.name)
        if len(told) == 1:
            raise error

    async def once_async(event: Event) -> None:
        once(event)

    async with Engine(store=path, set_event=once if kind == "plain" else once_async) as engine:
        await engine.ingest("signup", user="ada")
        await until(lambda: len(told) == 2)
        await engine.ingest("paid", user="ada")
        await until(lambda: told == ["signup", "signup", "paid"])


async def test_check_event_whose_error_has_no_text_is_answered_with_nothing(path: Path) -> None:
    def mute(user: str, events: object, match: object) -> Found:
        raise Mute

    async with Engine(welcome, store=path, check_event=mute, clock=VirtualClock()) as engine:
        await engine.ingest("signup", user="ada")
        await engine.forward("1h")
    (failed,) = entries(path, "hook.failed")
    assert failed.data["message"] == "(its text cannot be made: RuntimeError)"
    assert result(path) == {"paid": [], "id": None}


async def test_check_event_whose_task_was_cancelled_and_went_on_is_heard(path: Path) -> None:
    async def cancelled(user: str, events: object, match: object) -> Found:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        return [{"name": "paid", "data": {"plan": "pro"}, "id": "p1"}]

    async with Engine(welcome, store=path, check_event=cancelled) as engine:
        await engine.ingest("signup", user="ada")
        await settled(engine)
    assert result(path)["id"] == "p1"


@pytest.mark.parametrize("kind", ["plain", "async"])
async def test_set_event_is_told_every_event_in_order_once_it_is_durable(path: Path, kind: str) -> None:
    told: list[tuple[str, str, dict[str, Any], str | None]] = []

    def look(event: Event) -> None:
        con = sqlite3.connect(path)
        assert con.execute("SELECT kind FROM history WHERE seq = ?", (event.seq,)).fetchone() == (1,)
        con.close()
        told.append((event.name, event.user, event.data, event.id))

    async def look_async(event: Event) -> None:
        await asyncio.sleep(0)
        look(event)

    @workflow(trigger="signup")
    async def sends(journey: Journey) -> int:
        await journey.ingest("mail/sent", {"n": 1})
        return 1

    async with Engine(sends, store=path, set_event=look if kind == "plain" else look_async) as engine:
        await engine.ingest("signup", "ada", {"x": [1]}, "evt-1")
        await engine.ingest("login", "ada", id="evt-2")
        await engine.ingest("login", "ada", id="evt-2")
    assert [(name, user, data) for name, user, data, _ in told] == [
        ("signup", "ada", {"x": [1]}),
        ("mail/sent", "ada", {"n": 1}),
        ("login", "ada", {}),
    ]
    assert (told[0][3], told[2][3]) == ("evt-1", "evt-2")
    # An event without an id of its own gets one that stays, so that it can be told twice and kept once.
    assert told[1][3]


async def test_a_set_event_that_raises_is_told_again_and_nothing_else_waits_for_it(path: Path) -> None:
    told: list[str] = []
    away = True

    def moody(event: Event) -> None:
        if away:
            raise ConnectionError("the other side is away")
        told.append(event.name)

    async with Engine(welcome, store=path, set_event=moody) as engine:
        await engine.ingest("signup", "ada")
        await until(lambda: engine.status().problem)
        problem = engine.status().problem or ""
        assert "set_event failed and is tried again: ConnectionError: the other side is away" in problem
        assert engine.status().state == "running"
        await engine.ingest("paid", "ada", {"plan": "pro"})
        assert journey(path, "welcome/ada").status == "completed"
        away = False
        await until(lambda: told == ["signup", "paid"])
        # It works again: nothing is left to complain about.
        await until(lambda: engine.status().problem is None)


async def test_a_slow_set_event_holds_nobody_up(path: Path) -> None:
    told: list[int] = []
    go = threading.Event()

    def slow(event: Event) -> None:
        go.wait(60)
        told.append(event.seq)

    async with Engine(welcome, store=path, set_event=slow) as engine:
        for n in range(20):
            await engine.ingest("tick", f"user{n}")
        assert told == []
        go.set()
    assert told == sorted(told)
    assert len(told) == 20


async def test_what_was_not_told_before_the_stop_is_told_after_the_next_start(path: Path) -> None:
    def away(event: Event) -> None:
        raise ConnectionError("away")

    async with Engine(welcome, store=path, set_event=away) as engine:
        await engine.ingest("a", "ada")
    async with Engine(welcome, store=path) as engine:
        await engine.ingest("b", "ada")
    told: list[str] = []
    async with Engine(welcome, store=path, set_event=lambda event: told.append(event.name)) as engine:
        await until(lambda: told == ["a", "b"])
        await engine.ingest("c", "ada")
    assert told == ["a", "b", "c"]
    told.clear()
    async with Engine(welcome, store=path, set_event=lambda event: told.append(event.name)):
        await asyncio.sleep(0.1)
    assert told == []


def test_set_event_is_told_at_least_once_however_the_process_dies(path: Path, tmp_path: Path) -> None:
    code = """
import sys, time
from pathlib import Path
from studio import Engine
told = open(sys.argv[2], "a", buffering=1)
def keep(event):
    time.sleep(0.002)
    told.write(f"{event.user} {event.name}\\n")
import asyncio
async def main():
    async with Engine(store=sys.argv[1], set_event=keep) as engine:
        print("ready", flush=True)
        for line in sys.stdin:
            await engine.ingest(line.strip(), "ada")
            print("kept", flush=True)
asyncio.run(main())
"""
    kept = 0
    log = tmp_path / "told.txt"
    for _ in range(4):
        other = child(code, str(path), str(log))
        assert other.stdin is not None
        assert other.stdout is not None
        assert other.stdout.readline() == "ready\n"
        for _ in range(15):
            other.stdin.write(f"e{kept}\n")
            other.stdin.flush()
            assert other.stdout.readline() == "kept\n"
            kept += 1
        other.kill()
        other.communicate()
    last = child(code, str(path), str(log))
    last.communicate("", timeout=60)
    told = [line.split()[1] for line in log.read_text().splitlines()]
    assert set(told) == {f"e{n}" for n in range(kept)}
    # The first telling of each is in order.
    assert list(dict.fromkeys(told)) == [f"e{n}" for n in range(kept)]


# -- check_event ---------------------------------------------------------------------------


def knows(found: Found) -> Callable[[str, tuple[str, ...], Mapping[str, Any] | None], Found]:
    def check(user: str, events: tuple[str, ...], match: Mapping[str, Any] | None) -> Found:
        return [event for event in found if event["name"] in events]

    return check


PAID: Found = [
    {"name": "paid", "data": {"plan": "free"}, "id": "p0"},
    {"name": "paid", "data": {"plan": "pro", "n": 1}, "id": "p1"},
]


@pytest.mark.parametrize("kind", ["plain", "async"])
async def test_what_check_event_knows_becomes_an_event_and_answers_the_wait(path: Path, kind: str) -> None:
    asked: list[Any] = []

    def check(user: str, events: tuple[str, ...], match: Mapping[str, Any] | None) -> Found:
        asked.append((user, events, match))
        return PAID

    async def check_async(user: str, events: tuple[str, ...], match: Mapping[str, Any] | None) -> Found:
        await asyncio.sleep(0.01)
        return check(user, events, match)

    async with Engine(welcome, store=path, check_event=check if kind == "plain" else check_async) as engine:
        await engine.ingest("signup", "ada")
        await settled(engine)
    assert asked == [("ada", ("paid",), {"plan": "pro"})]
    assert result(path) == {"paid": [{"plan": "pro", "n": 1}], "id": "p1"}
    assert [event.id for event in entries(path, "event")] == [None, "p1"]
    sound(path)


async def test_check_event_is_not_asked_when_our_own_history_knows(path: Path) -> None:
    asked: list[Any] = []

    def check(user: str, events: tuple[str, ...], match: Mapping[str, Any] | None) -> None:
        asked.append(events)

    async with Engine(welcome, store=path, clock=VirtualClock(), check_event=check) as engine:
        await engine.ingest("paid", "ada", {"plan": "pro"})
        await engine.ingest("signup", "ada")
        await settled(engine)
    assert asked == []
    assert result(path)["paid"] == [{"plan": "pro"}]


async def test_replay_never_calls_hooks(path: Path) -> None:
    asked: list[Any] = []

    def check(user: str, events: tuple[str, ...], match: Mapping[str, Any] | None) -> None:
        asked.append(events)

    @workflow(trigger="signup")
    async def long(journey: Journey) -> int:
        for name in ("a", "b", "c"):
            await journey.wait_for(name)
        return 1

    for name in ("signup", "a", "b", "c"):
        async with Engine(long, store=path, clock=VirtualClock(), check_event=check) as engine:
            await engine.ingest(name, "ada")
            await settled(engine)
    assert asked == [("a",), ("b",), ("c",)]
    assert result(path) == 1


async def test_several_names_are_asked_for_together(path: Path) -> None:
    asked: list[Any] = []

    def check(user: str, events: tuple[str, ...], match: Mapping[str, Any] | None) -> Found:
        asked.append((events, match))
        return [
            {"name": "app/x", "id": "1"},
            {"name": "web/logout", "id": "2"},
            {"name": "identify", "id": "3"},
        ]

    async with Engine(patterns, store=path, clock=VirtualClock(), check_event=check) as engine:
        await engine.ingest("signup", "ada")
        await settled(engine)
    assert asked == [(("app/*", "web/login"), None)]
    assert result(path) == ["app/x"]
    assert [event.name for event in entries(path, "event")] == ["signup", "app/x"]


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        [{"name": "paid", "data": {"plan": "free"}}],
        [{"name": "other", "data": {"plan": "pro"}}],
        [{}],
        [{"name": None}],
        [{"name": "paid", "data": None}],
    ],
)
async def test_an_answer_that_does_not_match_changes_nothing(path: Path, answer: Any) -> None:
    async with Engine(
        welcome, store=path, clock=VirtualClock(), check_event=lambda user, events, match: answer
    ) as engine:
        await engine.ingest("signup", "ada")
        await settled(engine)
        assert journey(path, "welcome/ada").status == "waiting"
        assert engine.status().problem is None
        await engine.forward("2h")
    assert result(path)["paid"] == []


@pytest.mark.parametrize(
    "answer",
    [
        7,
        "paid",
        [7],
        [{"name": "paid", "data": "text"}],
        [{"name": "paid", "data": {"plan": "pro", "x": float("nan")}}],
        [{"name": "paid", "data": {"plan": "pro", "x": object()}}],
        [{"name": "paid", "data": {"plan": "pro"}, "id": "a\nb"}],
    ],
)
async def test_an_answer_that_is_no_event_is_told_and_the_engine_goes_on(path: Path, answer: Any) -> None:
    async with Engine(
        welcome, store=path, clock=VirtualClock(), check_event=lambda user, events, match: answer
    ) as engine:
        await engine.ingest("signup", "ada")
        await settled(engine)
        problem = engine.status().problem
        assert problem is not None
        assert "check_event failed for ada: " in problem
        assert journey(path, "welcome/ada").status == "waiting"
        await engine.ingest("paid", "ada", {"plan": "pro"})
    assert result(path)["paid"] == [{"plan": "pro"}]
    sound(path)


@pytest.mark.parametrize("error", [ConnectionError("away"), asyncio.CancelledError(), SystemExit(3)])
async def test_a_check_event_that_raises_is_told_and_the_wait_stays_open(
    path: Path, error: BaseException
) -> None:
    def check(user: str, events: tuple[str, ...], match: Mapping[str, Any] | None) -> None:
        raise error

    async with Engine(welcome, store=path, check_event=check) as engine:
        await engine.ingest("signup", "ada")
        await settled(engine)
        problem = engine.status().problem
        assert problem is not None
        assert f"check_event failed for ada: {type(error).__name__}" in problem
        await engine.ingest("paid", "ada", {"plan": "pro"})
    assert result(path)["paid"] == [{"plan": "pro"}]


async def test_a_slow_check_event_holds_nobody_up(path: Path) -> None:
    go = threading.Event()

    def check(user: str, events: tuple[str, ...], match: Mapping[str, Any] | None) -> Found:
        go.wait(60)
        return PAID if user == "ada" else []

    async with Engine(welcome, store=path, check_event=check) as engine:
        await engine.ingest("signup", "ada")
        await engine.ingest("signup", "bob")
        await engine.ingest("paid", "bob", {"plan": "pro", "n": 2})
        assert not go.is_set()
        assert result(path, "bob")["paid"] == [{"plan": "pro", "n": 2}]
        go.set()
        await settled(engine)
    assert result(path)["id"] == "p1"
    sound(path)


async def test_an_answer_that_comes_too_late_is_an_event_like_any_other(path: Path) -> None:
    go = threading.Event()

    def check(user: str, events: tuple[str, ...], match: Mapping[str, Any] | None) -> Found:
        go.wait(60)
        return PAID

    async with Engine(welcome, store=path, check_event=check) as engine:
        await engine.ingest("signup", "ada")
        await engine.ingest("paid", "ada", {"plan": "pro", "n": 2})
        go.set()
        await settled(engine)
    assert result(path)["paid"] == [{"plan": "pro", "n": 2}]
    assert [event.id for event in entries(path, "event")] == [None, None, "p1"]
    sound(path)


async def test_an_answer_without_an_id_counts_once(path: Path) -> None:
    @workflow(trigger="signup")
    async def twice(journey: Journey) -> int:
        first = await journey.wait_for("paid", timeout="1h")
        second = await journey.wait_for("paid", match={"plan": "pro"}, timeout="1h")
        return len(first) + len(second)

    found: Found = [{"name": "paid", "data": {"plan": "pro"}}]
    async with Engine(twice, store=path, clock=VirtualClock(), check_event=knows(found)) as engine:
        await engine.ingest("signup", "ada")
        await engine.ingest("signup", "bob")
        await settled(engine)
        await engine.forward("3h")
    assert [event.user for event in entries(path, "event") if event.name == "paid"] == ["ada", "bob"]
    assert result(path) == result(path, "bob") == 2


async def test_the_answer_of_check_event_comes_before_later_events_and_deadlines(path: Path) -> None:
    """Virtual time stands while the hook is asked: what it knows is known when the wait opens."""
    clock = VirtualClock()
    start = clock.now()
    async with Engine(welcome, store=path, clock=clock, check_event=knows(PAID)) as engine:
        await engine.play(
            [
                incoming("signup", "ada", at=start + 1_000),
                incoming("login", "ada", at=start + 10_000),
                incoming("login", "ada", at=start + 3 * 3_600_000),
            ]
        )
    assert result(path)["id"] == "p1"
    (paid,) = [event for event in entries(path, "event") if event.name == "paid"]
    assert paid.at == start + 1_000


async def test_stopping_while_questions_are_open_is_quiet(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    go = threading.Event()

    def check(user: str, events: tuple[str, ...], match: Mapping[str, Any] | None) -> Found:
        go.wait(60)
        return PAID

    with caplog.at_level(logging.WARNING):
        async with Engine(welcome, store=path, check_event=check) as engine:
            for n in range(10):
                await engine.ingest("signup", f"user{n}")
        go.set()
        await asyncio.sleep(0.2)
    assert caplog.messages == []
    # Nothing is lost: they wait, and an event of our own answers them.
    async with Engine(welcome, store=path) as engine:
        await engine.ingest("paid", "user3", {"plan": "pro"})
    assert result(path, "user3")["paid"] == [{"plan": "pro"}]
    sound(path)


async def test_hooks_that_know_nothing_new_leave_the_very_history(tmp_path: Path) -> None:
    memory = MemoryEvents()
    with_hooks, without = tmp_path / "with.db", tmp_path / "without.db"
    hooks: dict[str, Any] = {"check_event": memory.check_event, "set_event": memory.set_event}
    for path, more in ((with_hooks, hooks), (without, {})):
        async with Engine([welcome, patterns], store=path, clock=VirtualClock(), **more) as engine:
            for name, user in (("signup", "ada"), ("signup", "bob"), ("app/x", "bob"), ("paid", "ada")):
                await engine.ingest(name, user, {"plan": "pro"})
                await engine.forward("10m")
            await engine.forward("2h")
    assert history(with_hooks) == history(without)


async def test_a_question_that_the_process_did_not_live_to_see_answered_is_asked_again(path: Path) -> None:
    code = """
import sys, time
from pathlib import Path
from studio import Engine, workflow
@workflow(name="welcome", trigger="signup")
async def welcome(journey):
    await journey.wait_for("paid", match={"plan": "pro"})
def check(user, events, match):
    print("asked", flush=True)
    time.sleep(60)
import asyncio
async def main():
    async with Engine(welcome, store=sys.argv[1], check_event=check) as engine:
        await engine.ingest("signup", "ada")
        await asyncio.sleep(60)
asyncio.run(main())
"""
    other = child(code, str(path))
    assert other.stdout is not None
    assert other.stdout.readline() == "asked\n"
    other.kill()
    other.communicate()
    asked: list[Any] = []

    def check(user: str, events: tuple[str, ...], match: Mapping[str, Any] | None) -> Found:
        asked.append((user, events, match))
        return PAID

    for _ in range(2):
        async with Engine(welcome, store=path, check_event=check) as engine:
            await settled(engine)
    assert asked == [("ada", ("paid",), {"plan": "pro"})]
    assert result(path)["id"] == "p1"
    sound(path)
