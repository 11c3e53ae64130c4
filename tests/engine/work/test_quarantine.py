"""How careful an engine is after an unclean end; with real deaths: `test_deaths.py`."""

from __future__ import annotations

import json
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from studio import Engine, Journey, workflow
from studio.engine.work.quarantine import DRIVEN, ENGINE, MOST_DEATHS, RECOVERING, SUSPECTS, DriveQuarantine
from studio.kernel.drive import Failed
from studio.kernel.ports import Part
from studio.kernel.state import JourneyState
from studio.store.meta import SET_META
from tests.engine.bench import Bench
from tests.engine.support import until

MOST = 10


@workflow(trigger="go")
async def waits(journey: Journey) -> None:
    await journey.wait_for("a")
    await journey.wait_for("b")


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A store whose last process has not ended in good order."""
    bench = Bench(tmp_path / "studio.db", waits)
    put(bench, ENGINE, "{}")
    return bench


def put(bench: Bench, key: str, value: str) -> None:
    with bench.store.transaction() as con:
        con.execute(SET_META, (key, value))


def begun(bench: Bench) -> DriveQuarantine:
    """A process starts on the store."""
    quarantine = DriveQuarantine(MOST)
    quarantine.load(bench.store)
    return quarantine


def name(quarantine: DriveQuarantine, bench: Bench, state: JourneyState) -> Failed | None:
    """A journey is about to be driven in the present batch."""
    quarantine.begin(bench.batch, bench.batch.part)
    return quarantine.name(state)


def kept(bench: Bench) -> list[str]:
    """What the store says of journeys that are driven."""
    return [key for key in (DRIVEN, SUSPECTS, RECOVERING) if bench.store.meta(key) is not None]


def test_after_a_clean_end_batches_are_as_large_as_ever_and_nobody_is_suspect(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "studio.db", waits)
    for key in (DRIVEN, SUSPECTS, RECOVERING):
        put(bench, key, "{}")
    quarantine = begun(bench)
    assert kept(bench) == []
    assert not quarantine.is_on
    assert not quarantine.is_named
    for part in ("serve", "move", "recover", "other"):
        assert quarantine.size(part, MOST) == MOST
        quarantine.begin(bench.batch, part)
        assert (bench.batch.part, bench.batch.journeys.quarantine) == (part, None)
    quarantine.begin_recovery(bench.store)
    assert kept(bench) == []


@pytest.mark.parametrize("part", ["serve", "move", "recover"])
def test_after_an_unclean_end_batches_begin_with_one_cause_and_double(bench: Bench, part: Part) -> None:
    quarantine = begun(bench)
    assert quarantine.is_on
    sizes = []
    for _ in range(5):
        sizes.append(quarantine.size(part, MOST))
        quarantine.begin(bench.batch, part)
        # Where there is one cause, whose drive it is is known.
        assert (bench.batch.journeys.quarantine is quarantine) == (sizes[-1] == 1)
        # Nothing came of it: that says nothing of the next.
        quarantine.after_commit(bench.batch)
        assert quarantine.size(part, MOST) == sizes[-1]
        bench.event("go")
        quarantine.after_commit(bench.batch)
        bench.write()
    assert sizes == [1, 2, 4, 8, MOST]
    # Each part begins anew, and no more than there is room for.
    others: tuple[Part, ...] = ("serve", "move", "recover")
    assert [quarantine.size(each, MOST) for each in others if each != part] == [1, 1]
    assert quarantine.size("other", MOST) == MOST
    assert quarantine.size(part, 1) == 1


def test_a_start_that_ended_in_its_midst_is_gone_through_one_by_one(bench: Bench) -> None:
    quarantine = begun(bench)
    quarantine.begin_recovery(bench.store)
    assert kept(bench) == [RECOVERING]
    quarantine = begun(bench)
    for _ in range(3):
        assert quarantine.size("recover", MOST) == 1
        quarantine.begin(bench.batch, "recover")
        assert bench.batch.journeys.quarantine is quarantine
        bench.event("go")
        quarantine.after_commit(bench.batch)
        bench.write()
    quarantine.end_recovery(bench.store)
    assert kept(bench) == []
    assert quarantine.size("recover", MOST) == MOST
    assert quarantine.size("serve", MOST) == 1


def test_a_journey_that_is_driven_is_named_until_the_drive_is_over(bench: Bench) -> None:
    quarantine = begun(bench)
    quarantine.begin(bench.batch, "serve")
    bench.event("go", user="zoe")
    assert kept(bench) == []
    (state,) = bench.journeys()
    assert name(quarantine, bench, state) is None
    fields = json.loads(bench.store.meta(DRIVEN) or "")
    assert (fields["at"], fields["tries"]) == (0, 1)
    assert "zoe" not in fields["journey"], "no digest has these letters by chance"
    quarantine.came_back()
    assert kept(bench) == []


def test_a_journey_that_killed_the_process_three_times_at_one_place_fails(bench: Bench) -> None:
    bench.event("go")
    bench.write()
    at = bench.store.next_seq - 1
    for tries in range(1, MOST_DEATHS + 1):
        quarantine = begun(bench)
        assert quarantine.is_named == (tries > 1)
        (state,) = bench.journeys()
        assert name(quarantine, bench, state) is None
        fields = json.loads(bench.store.meta(DRIVEN) or "")
        assert (fields["at"], fields["tries"]) == (at, tries)
    quarantine = begun(bench)
    # It is remembered, and no more said to be driven.
    assert kept(bench) == [SUSPECTS]
    (state,) = bench.journeys()
    failed = name(quarantine, bench, state)
    assert failed is not None
    assert failed.type == "Killed"
    assert failed.message.startswith("killed the process: 3 times in a row")
    # At another place it begins anew.
    bench.event("a")
    bench.write()
    (state,) = bench.journeys()
    assert name(quarantine, bench, state) is None
    assert json.loads(bench.store.meta(DRIVEN) or "")["tries"] == 1
    quarantine.came_back()
    assert json.loads(bench.store.meta(SUSPECTS) or "") == {}


def test_who_is_suspect_stays_so_while_others_are_driven(bench: Bench) -> None:
    bench.event("go")
    bench.event("go", user="bob")
    bench.write()
    quarantine = begun(bench)
    ada, bob = bench.journeys()
    name(quarantine, bench, ada)
    quarantine = begun(bench)
    ada, bob = bench.journeys()
    name(quarantine, bench, bob)
    quarantine.came_back()
    assert kept(bench) == [SUSPECTS]
    quarantine.begin(bench.batch, "serve")
    quarantine.before_commit(bench.batch)
    assert [key for (key,) in bench.batch.unit.changes.ended_meta] == [DRIVEN]
    assert [key for key, _ in bench.batch.unit.changes.meta] == [SUSPECTS]
    name(quarantine, bench, ada)
    assert json.loads(bench.store.meta(DRIVEN) or "")["tries"] == 2
    quarantine.came_back()
    quarantine.before_commit(bench.batch)
    assert [key for key, _ in bench.batch.unit.changes.meta] == [SUSPECTS]


async def test_what_an_unclean_start_goes_through_is_remembered_until_it_is_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studio.engine.loop.loop.STEPS_END", 0.1)
    path, seen, go = tmp_path / "studio.db", list[set[str]](), threading.Event()

    @workflow(trigger="go")
    async def rings(journey: Journey) -> None:
        seen.append(keys())
        await journey.step("ring up", go.wait, 20)

    def keys() -> set[str]:
        with closing(sqlite3.connect(path)) as con:
            return {key for (key,) in con.execute("SELECT key FROM meta")}

    try:
        async with Engine(rings, store=path) as engine:
            await engine.ingest("go", "ada")
            await until(lambda: engine.status().steps == 1)
        assert RECOVERING not in seen[-1]
        # As if that process had not ended in good order.
        bench = Bench(path)
        put(bench, ENGINE, "{}")
        bench.store.close()
        async with Engine(rings, store=path) as engine:
            await until(lambda: len(seen) > 1)
            assert {RECOVERING, DRIVEN} <= seen[1]
            await until(lambda: engine.status().steps == 1)
            assert not {RECOVERING, DRIVEN} & keys()
    finally:
        go.set()
