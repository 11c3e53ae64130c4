"""What takes long and is under way: its progress, the time left, and the key that stops it."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest

from studio.clocks.adjustable_clock import JumpState
from studio.store.beside import CHANGE_SUFFIX
from studio.tui.screens import marked_control
from studio.tui.screens.works import WorksList
from studio.tui.session.long_work import LongWork, LongWorks
from tests.tui.conftest import Studio
from tests.tui.fakes import START


def test_it_says_how_far_it_is_and_how_long_the_rest_takes() -> None:
    work = LongWork("cancel 100 journeys", 100, began=50.0)
    assert work.words(50.5) == "0 of 100 · 0%", "nobody can tell yet"
    work.done = 25
    assert work.left_ms(60.0) == 30_000
    assert work.words(60.0) == "25 of 100 · 25% · 30.0s left"
    assert LongWork("reload", began=50.0).words(53.0) == "for 3.0s"
    # What has no room is left out whole, and how long it takes stays longest.
    assert work.words(60.0, 20) == "25% · 30.0s left"
    assert work.words(60.0, 12) == "30.0s left"
    work.stopped = True
    assert work.words(60.0) == "stopping"


def test_what_fails_is_no_longer_under_way() -> None:
    works = LongWorks()

    def fail() -> None:
        with works.under_way("fork"):
            assert [each.name for each in works.listed(None, can_stop=True)] == ["fork"]
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        fail()
    assert works.listed(None, can_stop=True) == []


async def test_a_jump_is_listed_and_stopped(studio: Studio) -> None:
    clock = studio.app.fake_engine.fake_clock
    jump = JumpState(START, START + 7_200_000, served=30, total=120, at=START + 60_000)
    clock.stands = replace(clock.stands, jump=jump)
    await studio.press("W")
    assert studio.screen == "WorksScreen"
    assert "jump 2h" in studio.text
    assert "30 of 120 · 25%" in studio.text
    await studio.press("x")
    assert ("stop_jump", 0) in clock.acts
    await studio.pilot.pause(0.3)
    await studio.press("escape")
    assert studio.screen == "LiveScreen"


def going_over(workflow: str, done: int, total: int) -> dict[str, str]:
    """How far those who wait have gone over to other code, as an engine keeps it."""
    facts = {"name": workflow, "waiting": total, "tally": {"looked_at": done}}
    return {f"reload/{workflow}": json.dumps(facts)}


async def test_what_the_engine_is_at_is_listed_and_stopped(studio: Studio) -> None:
    desk = studio.app.fake_engine
    stopped: list[str] = []

    async def stop_change() -> None:
        stopped.append("change")

    desk.stop_change = stop_change  # type: ignore[method-assign]
    assert studio.app.session.reader is not None
    store = studio.app.session.reader.path
    sign = store.with_name(store.name + CHANGE_SUFFIX)
    sign.write_text(json.dumps({"name": "rewind", "done": 1 << 20, "total": 4 << 20}))
    studio.app.records.kept = going_over("cart", 300, 1_200)
    await studio.press("W")
    await studio.settle()
    assert "rewind" in studio.text
    assert "25%" in studio.text
    assert "1,048,576" not in studio.text, "bytes say nothing here"
    assert "300 of 1,200 · 25%" in studio.text
    await studio.press("x")
    assert stopped == ["change"]
    assert "stopping" in studio.text
    await studio.press("j", "x")
    assert ("stop_reload", 0) in desk.acts
    sign.unlink()
    studio.app.records.kept = {}
    await studio.pilot.pause(0.3)
    await studio.settle()
    assert "Nothing is under way." in studio.text


async def test_what_has_ended_meanwhile_is_not_said_to_stop(studio: Studio) -> None:
    desk = studio.app.fake_engine

    async def stop_reload() -> bool:
        return False

    desk.stop_reload = stop_reload  # type: ignore[method-assign]
    studio.app.records.kept = going_over("cart", 3, 12)
    await studio.press("W")
    await studio.settle()
    await studio.press("x")
    assert "3 of 12" in studio.text
    desk.read_only = True
    studio.app.records.kept = going_over("trial", 3, 12)
    await studio.pilot.pause(0.3)
    await studio.settle()
    await studio.press("x")
    await studio.pilot.pause()
    assert "reload of trial cannot be stopped" in str([each.message for each in studio.app._notifications])


async def test_an_act_on_many_is_stopped_between_its_parts(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(marked_control, "AT_ONCE", 2)
    monkeypatch.setattr(marked_control, "TOLD_EACH", 2)
    gate, done = asyncio.Event(), []

    async def act(act: str, target: str | int) -> None:
        done.append(target)
        if len(done) > 2:
            await gate.wait()

    monkeypatch.setattr(studio.app.fake_engine, "act", act)
    await studio.press("3", "*", *["shift+down"] * 7, "X")
    await studio.pilot.press("y")
    for _ in range(100):
        await studio.pilot.pause(0.02)
        if len(done) == 4:
            break
    assert "2 of " in studio.text
    await studio.pilot.press("W")
    await studio.pilot.pause(0.1)
    rows = studio.app.screen.query_one(WorksList).rows
    assert [row.done for row in rows] == [2]
    assert rows[0].name.startswith("time out ")
    await studio.pilot.press("x")
    gate.set()
    await studio.settle()
    assert len(done) == 4, "what was begun is done, and no more"
    assert studio.app.screen.query_one(WorksList).rows == [] or studio.screen == "WorksScreen"
    await studio.press("escape")
    assert "stopped after 4 of " in studio.text


async def test_nothing_under_way_is_said_and_what_cannot_be_stopped(studio: Studio) -> None:
    await studio.press("W")
    assert "Nothing is under way." in studio.text
    assert "stop it" not in studio.lines[-1]
    assert "open" not in studio.lines[-1]
    await studio.press("enter")
    assert studio.screen == "LiveScreen"
    await studio.press("W")
    with studio.app.session.works.under_way("rewind", can_stop=False) as work:
        await studio.pilot.pause(0.3)
        await studio.press("x")
        assert not work.stopped
    await studio.press("escape")
