"""A hook that fails, or that cannot be called, is told where it is looked for."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from studio import Engine, Event, Journey, VirtualClock, workflow
from studio.errors import StudioError
from studio.store.erase import erase
from studio.store.prune import prune
from studio.store.views import Views
from tests.engine.support import entries, settled, sound, until

START = 1_750_000_000_000
DAY = 86_400_000
Match = Mapping[str, Any] | None


@workflow(trigger="signup")
async def welcome(journey: Journey) -> dict[str, Any]:
    paid = await journey.wait_for("paid", match={"plan": "pro"}, timeout="30d")
    return {"paid": paid.first["n"] if paid.first is not None else None}


def away(*_: object) -> None:
    raise ConnectionError("away")


async def test_a_check_event_that_fails_stands_in_the_journey_that_waits(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "s.db"
    with caplog.at_level(logging.ERROR, "studio"):
        async with Engine(welcome, store=path, clock=VirtualClock(START), check_event=away) as engine:
            await engine.ingest("signup", "ada")
            await engine.ingest("signup", "bob")
            await settled(engine)
    for user in ("ada", "bob"):
        (failed,) = entries(path, "hook.failed", user=user)
        (opened,) = entries(path, "wait.opened", user=user)
        assert (failed.journey, failed.name, failed.cause) == (f"welcome/{user}", "paid", opened.seq)
        assert failed.message == "check_event failed: ConnectionError: away"
        with Views(path) as views:
            assert failed in views.timeline(user)
            assert failed in views.logs(user=user, level="error")
            assert failed in views.logs()
    # Once for both, while it goes on to fail: the log is not to be filled.
    assert [r.getMessage() for r in caplog.records] == ["check_event failed for ada: ConnectionError: away"]
    sound(path)


async def test_a_set_event_that_fails_stands_with_the_user_once_an_event(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    told: list[str] = []

    def moody(event: Event) -> None:
        told.append(event.name)
        if event.name == "signup" and len(told) < 4:
            raise ConnectionError("away")

    async with Engine(welcome, store=path, set_event=moody) as engine:
        await engine.ingest("signup", "ada")
        await engine.ingest("login", "ada")
        await until(lambda: told == ["signup"] * 4 + ["login"])
        await settled(engine)
    (failed,) = entries(path, "hook.failed")
    event = entries(path, "event")[0]
    assert (failed.user, failed.journey, failed.name, failed.cause) == ("ada", None, "signup", event.seq)
    with Views(path) as views:
        assert failed in views.timeline("ada")
        assert failed in views.timeline("ada", limit=2)
        assert failed not in views.timeline("ada", before=failed.seq)
        assert failed in views.logs(level="error")
        assert views.timeline("bob") == []
    sound(path)
    assert erase(path, "ada").entries
    assert entries(path, "hook.failed") == []


async def test_what_failed_long_ago_is_pruned(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    fails = True

    def moody(event: Event) -> None:
        nonlocal fails
        if fails:
            fails = False
            raise ConnectionError("away")

    async with Engine(store=path, clock=VirtualClock(START), set_event=moody) as engine:
        await engine.ingest("login", "ada")
        await until(lambda: entries(path, "hook.failed"))
        await engine.forward("2d")
    prune(path, DAY)
    assert entries(path, "hook.failed") == []
    sound(path)


async def test_a_failure_is_not_told_of_what_a_rewind_has_taken_away(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    # The engine is asked for the entry of a failure after what it was about is gone.
    from studio.engine.effects.hook_failures import hook_failure

    async with Engine(welcome, store=path, clock=VirtualClock(START)) as engine:
        first = await engine.ingest("login", "ada")
        gone = await engine.ingest("signup", "ada")
        await engine.rewind(first.seq)
        for seq, user in ((gone.seq, "ada"), (first.seq, "nobody"), (first.seq, "ada")):
            engine._running.state.hook_failed(hook_failure("set_event", user, "x", seq, OSError("away")))
        await settled(engine)
    assert [(e.user, e.cause) for e in entries(path, "hook.failed")] == [("ada", first.seq)]
    with Views(path) as views:
        assert [row.id for row in views.users()] == ["ada"]


def takes_two(user: str, event: str) -> None: ...
def takes_none() -> None: ...
def takes_more(user: str, events: object, match: object, more: object) -> None: ...


@pytest.mark.parametrize(
    ("hooks", "why"),
    [
        ({"check_event": takes_two}, r"check_event takes \(user: 'str', event: 'str'\)"),
        ({"check_event": takes_none}, "check_event takes"),
        ({"check_event": takes_more}, "check_event takes"),
        ({"set_event": takes_none}, r"set_event takes \(\).*called with the event.*Let it take the event"),
        ({"set_event": takes_two}, "set_event takes"),
        ({"set_event": "no function"}, "set_event is a str, not a function"),
    ],
)
def test_a_hook_that_cannot_be_called_is_refused_when_the_engine_is_made(
    tmp_path: Path, hooks: dict[str, Any], why: str
) -> None:
    with pytest.raises(StudioError, match=why):
        Engine(welcome, store=tmp_path / "s.db", **hooks)
    assert list(tmp_path.iterdir()) == []


def asked(calls: list[tuple[Any, ...]]) -> list[Callable[..., Any]]:
    """Ways to write a `check_event` that is called by keywords."""

    def plain(user: str, data: Match, event: str) -> list[Mapping[str, Any]]:
        calls.append((user, data, event))
        return [{"event": event, "data": {"plan": "pro", "n": 1}, "user": user}] if event == "paid" else []

    async def by_keywords(*, event: str, user: str, data: Match = None) -> Mapping[str, Any]:
        calls.append((user, data, event))
        return {"plan": "pro", "n": 1}

    def any_keywords(**given: Any) -> Any:
        calls.append((given["user"], given["data"], given["event"]))
        return ({"name": "paid", "data": {"plan": "pro", "n": 1}} for _ in range(1))

    return [plain, by_keywords, any_keywords]


@pytest.mark.parametrize("number", range(3))
async def test_hooks_are_called_by_keywords_where_they_want_to_be(tmp_path: Path, number: int) -> None:
    calls: list[tuple[Any, ...]] = []
    told: list[tuple[Any, ...]] = []

    def set_event(user: str, data: Mapping[str, Any], event: str) -> None:
        told.append((user, data, event))

    path = tmp_path / "s.db"
    async with Engine(
        welcome, store=path, clock=VirtualClock(START), check_event=asked(calls)[number], set_event=set_event
    ) as engine:
        await engine.ingest("signup", "ada", {"x": 1})
        await settled(engine)
    assert calls == [("ada", {"plan": "pro"}, "paid")]
    (completed,) = entries(path, "journey.completed")
    assert completed.data["result"] == {"paid": 1}
    assert told == [("ada", {"x": 1}, "signup"), ("ada", {"plan": "pro", "n": 1}, "paid")]
    assert entries(path, "hook.failed") == []


async def test_a_hook_by_keywords_is_asked_for_each_name(tmp_path: Path) -> None:
    asked_for: list[str] = []

    def check(*, user: str, data: Match, event: str) -> None:
        asked_for.append(event)

    @workflow(trigger="go")
    async def several(journey: Journey) -> None:
        await journey.wait_for(["a", "b/*"], timeout="1d")

    async with Engine(
        several, store=tmp_path / "s.db", clock=VirtualClock(START), check_event=check
    ) as engine:
        await engine.ingest("go", "ada")
        await settled(engine)
    assert asked_for == ["a", "b/*"]


@pytest.mark.parametrize("answer", [True, 3, [1]])
async def test_an_answer_that_is_no_event_is_told(tmp_path: Path, answer: Any) -> None:
    path = tmp_path / "s.db"
    async with Engine(
        welcome, store=path, clock=VirtualClock(START), check_event=lambda user, events, match: answer
    ) as engine:
        await engine.ingest("signup", "ada")
        await settled(engine)
    (failed,) = entries(path, "hook.failed")
    assert failed.user == "ada"
    assert "check_event failed" in (failed.message or "")
