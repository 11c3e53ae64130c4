"""A cause that takes long is named; an engine in haste does not wait for what is still to be done."""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path

import pytest

from studio import Engine, Journey, incoming, workflow
from studio.cli.care import _lines
from studio.engine.work.drive_monitor import ThreadMonitor
from studio.engine.work.jump import Jump
from studio.engine.work.slow_causes import SlowCauses
from studio.engine.work.work_items import Item, OperatorCommand, QueuedEvent
from studio.errors import StudioError
from studio.kernel.records import StepResult
from studio.kernel.state import WaitState
from studio.store import inbox
from studio.store.slow import SLOW, SlowCause, read_slow
from studio.store.sqlite import Store
from studio.store.status import status
from tests.engine.bench import Bench
from tests.engine.support import entries, in_time, sound, until

__all__ = ["in_time"]


@workflow(trigger="work", name="works")
async def works(journey: Journey) -> None:
    time.sleep(float(journey.trigger["seconds"]))


def row(slow_causes: SlowCauses, bench: Bench) -> tuple[str, str] | None:
    """What a batch is to write beside its own."""
    meta = bench.batch.unit.changes.meta
    meta.clear()
    slow_causes.before_commit(bench.batch)
    return meta[0] if meta else None


async def test_a_cause_that_takes_long_is_named_with_the_journey_that_took_the_time(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "a.db"
    async with Engine(works, store=path) as engine:
        await engine.ingest("work", "ada", {"seconds": 0.01})
        with caplog.at_level(logging.WARNING, "studio"):
            slow = asyncio.ensure_future(engine.ingest("work", "bob", {"seconds": 0.6}))
            # Also while it goes on: nobody knows yet when it comes back.
            await until(lambda: (found := engine.status().slow) is not None and found.took >= 250)
            now = engine.status().slow
            assert now is not None
            assert now.journey == "works/bob"
            await slow
        found = engine.status().slow
        assert found is not None
        assert found.what == "event work of bob"
        assert found.journey == "works/bob"
        assert 600 <= found.longest <= found.took
        assert found.sentence.startswith("event work of bob held up all others for ")
        assert found.sentence.endswith(" of it in the function of works/bob")
        assert [record.getMessage() for record in caplog.records] == [found.sentence]
        # Other processes are told as well.
        assert status(path).slow == found
        assert [line for line in _lines(status(path)) if line.startswith(f"slow      {found.sentence} (at ")]
        # What follows is quick; the newest long one stays named.
        await engine.ingest("work", "cyd", {"seconds": 0})
        assert engine.status().slow == found
    store = Store(path)
    assert read_slow(store.meta(SLOW)) is None
    store.close()


async def test_a_deadline_that_takes_long_is_named(tmp_path: Path) -> None:
    @workflow(trigger="go", name="naps")
    async def naps(journey: Journey) -> str:
        await journey.sleep("1ms")
        time.sleep(0.4)
        return "awake"

    async with Engine(naps, store=tmp_path / "a.db") as engine:
        await engine.ingest("go", "ada")
        await until(lambda: len(entries(engine.path, "journey.completed")) == 1)
        found = engine.status().slow
        assert found is not None
        assert (found.what, found.journey) == ("a deadline of naps/ada", "naps/ada")


async def test_an_engine_in_haste_leaves_what_is_not_done_and_tells_those_who_wait(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    engine = Engine(works, store=path)
    await engine.start()
    data = {"seconds": 0.05}
    futures = [engine.submit([incoming("work", f"u{n}", data)]) for n in range(400)]
    inbox.send(path, [incoming("work", f"v{n}", data) for n in range(3)])
    await asyncio.wrap_future(futures[0])
    engine.hurry()
    began = time.monotonic()
    await engine.stop()
    # All of it would take twenty seconds.
    assert time.monotonic() - began < 15
    assert all(future.done() for future in futures)
    left = [future for future in futures if future.exception() is not None]
    assert left
    for future in left:
        with pytest.raises(StudioError, match="the engine has stopped"):
            future.result()
    # What was acknowledged is there, and of what was not, nothing.
    done = {entry.user for entry in entries(path, "journey.started")}
    assert {user for user in done if user and user.startswith("u")} == {
        f"u{n}" for n in range(400 - len(left))
    }
    sound(path)
    async with Engine(works, store=path):
        await until(lambda: sum((e.user or "").startswith("v") for e in entries(path, "event")) == 3)


async def test_an_engine_that_is_not_in_haste_does_all_that_was_handed_in(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    engine = Engine(works, store=path)
    await engine.start()
    futures = [engine.submit([incoming("work", f"u{n}", {"seconds": 0.05})]) for n in range(30)]
    await engine.stop()
    assert [future.result()[0].user for future in futures] == [f"u{n}" for n in range(30)]


# -- the record itself -----------------------------------------------------------------------


@workflow(trigger="go", name="asks")
async def asks(journey: Journey) -> None:
    await journey.step("ring up", len, "ada")
    await journey.sleep("1s")


def test_each_kind_of_cause_is_named_and_kept_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    now = 1_000.0
    monkeypatch.setattr("studio.engine.work.slow_causes.time.monotonic", lambda: now)
    monkeypatch.setattr("studio.engine.work.slow_causes.wall_ms", lambda: 77)
    bench = Bench(tmp_path / "a.db", asks)
    bench.event("go")
    result = StepResult(bench.launches[-1], "3")
    bench.result(5, result="3")
    (wait,) = bench.waits()
    slow_causes, watch = SlowCauses(), bench.batch.watch
    assert row(slow_causes, bench) is None
    watch.longest, watch.slowest = 2.0, "asks/ada"
    causes: dict[str, Item | WaitState] = {
        "event paid of bob": QueuedEvent(incoming("paid", "bob", {}), None),
        "a deadline of asks/ada": wait,
        'the result of step "ring up"': result,
        "the end of a jump": Jump(10),
        "an act by hand": OperatorCommand(lambda batch, at: None),
    }
    with caplog.at_level(logging.WARNING, "studio"):
        for what, cause in causes.items():
            slow_causes.note(bench.batch, cause, 3.0)
            found = row(slow_causes, bench)
            assert found is not None
            assert found[0] == SLOW
            assert read_slow(found[1]) == SlowCause(77, 3_000, what, "asks/ada", 2_000)
            slow_causes.after_commit(bench.batch)
            assert row(slow_causes, bench) is None
            now += 4
    # In the log of the application one in ten seconds.
    assert [record.getMessage().partition(" held")[0] for record in caplog.records] == [
        "event paid of bob",
        "the end of a jump",
    ]


def test_one_that_goes_on_is_told_as_soon_as_it_is_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.engine.work.slow_causes.time.monotonic", lambda: 100.25)
    monkeypatch.setattr("studio.engine.work.slow_causes.wall_ms", lambda: 77)
    slow_causes, watch = SlowCauses(), ThreadMonitor()
    assert slow_causes.find(watch) is None
    watch.journey, watch.since = 1, 100.0
    # Nobody is driven: what takes so long has no name.
    assert slow_causes.find(watch) is None
    watch.speaker = speaker = Journey.__new__(Journey)
    speaker.id = "works/ada"
    assert slow_causes.find(watch) == SlowCause(77, 250, "what comes now", "works/ada", 250)
    watch.since = 100.001
    assert slow_causes.find(watch) is None
