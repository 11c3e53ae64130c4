"""Who has finished and would go on is counted beforehand, and told at a save."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from studio import Engine, Journey, VirtualClock, workflow
from studio.engine.reload import dry_thread
from studio.engine.reload.finished import FINISHED, FinishedDrive, FinishedTally, Finisher, told_at_save
from studio.engine.reload.report import report
from studio.kernel.finished_dry_run import Reopening


@workflow(trigger="go", name="series", again=True)
async def short(journey: Journey) -> Any:
    await journey.wait_for("paid", timeout="1m")
    return "over" if journey.user.id != "idle" else None


@workflow(trigger="go", name="series", again=True)
async def long(journey: Journey) -> Any:
    await journey.wait_for("paid", timeout="1m")
    if journey.user.id == "user0":
        raise KeyError("plan")
    while journey.user.id == "hangs":
        pass
    await journey.step("offer", print)
    return "later"


async def through(path: Path, *users: str) -> None:
    """They have come to the end of the shorter one."""
    async with Engine(short, store=path, clock=VirtualClock()) as engine:
        for user in users:
            await engine.ingest("go", user)
        await engine.forward(60)


def looked(path: Path, **given: Any) -> FinishedDrive:
    look = FinishedDrive(path, {"series": long}, ("series",), **given)
    look.run(10)
    return look


async def test_those_who_have_finished_are_counted_by_where_they_would_stand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.db"
    monkeypatch.setattr(dry_thread, "PAGE", 2)
    monkeypatch.setattr(dry_thread, "WINDOW", 3)
    await through(path, "user0", "user1", "user2", "user1", "idle")
    await through(path, "user2")
    look = looked(path)
    (tally,) = look.tallies.values()
    # Of somebody who was there twice, the newest journey.
    assert (tally.finished, tally.looked_at, tally.going_on, tally.ends) == (4, 3, 2, 0)
    line = next(iter(tally.goes_on)).partition(" ")[0]
    assert tally.goes_on == {f"{line} step:offer#0": 2}
    assert list(tally.fails.values()) == [1]
    assert look.people == [Finisher("user1", ""), Finisher("user2", "")]
    assert looked(path, users={"user1"}).people == [Finisher("user1", "")]
    assert looked(path, limit=2).tallies["series"].looked_at == 2
    assert Finisher("idle", "") in looked(path, statuses=FINISHED).people
    assert tally.lines()[0] == f"2 would go on at {line}, step offer"


async def test_a_save_tells_of_them(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    await through(path, "user1", "user2")
    new = copy.copy(long)
    new.keep_source("# edited")
    found = report(path, {"series": long}, {"series": new})
    line = long_line()
    offer = f"2 have completed and would go on, at :{line}; `start series --from completed` takes them on"
    assert found.summary == f"nothing is waiting in it; {offer}"
    assert found.facts("series")["summary"] == found.summary
    # Without a step more nothing is said.
    same = report(path, {"series": new}, {"series": short})
    assert same.finished["series"].ends == 2
    assert same.summary == "nothing is waiting in it"


def long_line() -> int:
    text = Path(__file__).read_text().splitlines()
    return next(n for n, line in enumerate(text, 1) if 'journey.step("offer", print)' in line)


async def test_one_that_does_not_come_back_is_counted_as_one_that_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studio.engine.reload.dry_thread.HANG_SECONDS", 0.1)
    path = tmp_path / "a.db"
    await through(path, "hangs", "user1")
    look = looked(path)
    assert look.tallies["series"].fails == {f"Hung at test_finished.py:{long.line}": 1}
    assert look.people == [Finisher("user1", "")]


def test_a_workflow_that_nobody_has_been_in() -> None:
    assert told_at_save("x", FinishedTally()) == ""
    assert FinishedTally().lines() == []


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (Reopening(True, "a.py:9", "wait:paid#1"), "1 would go on at a.py:9, wait paid"),
        (Reopening(True, "a.py:9", "sleep#1"), "1 would go on at a.py:9, sleep"),
        (Reopening(True, "a.py:9", "any#1"), "1 would go on at a.py:9, wait_any"),
        (Reopening(True, "a.py:9", "step=mine"), "1 would go on at a.py:9, step mine"),
        (Reopening(True, "a.py:9", "new pass"), "1 would go on at a.py:9, new pass"),
        (Reopening(False, "a.py:9", error="KeyError"), "1 would fail: KeyError at a.py:9"),
        (Reopening(False, why_not="left came since"), "1 stay as they are: left came since"),
        (Reopening(False), "1 would only end again"),
    ],
)
def test_each_is_told_in_a_line(found: Reopening, told: str) -> None:
    tally = FinishedTally()
    tally.add(found)
    assert tally.lines() == [told]


def test_one_alone_and_a_part_of_many() -> None:
    tally = FinishedTally(finished=1)
    tally.add(Reopening(True, "a.py:9", "sleep#0"))
    assert told_at_save("x", tally).startswith("1 has completed and would go on, at :9; ")
    tally.finished = 5
    assert told_at_save("x", tally).startswith("1 of the 1 looked at has completed")
