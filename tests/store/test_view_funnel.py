"""The counts at each line: what the engine kept, also after a rewind, a kill of a wait, a computed name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from studio import Engine, Journey, VirtualClock, workflow
from studio.engine.engine import Engine as RunningEngine
from studio.store.rebuild import compare
from studio.store.view_funnel import PlaceCounts
from studio.store.views import Views

START = 1_767_225_600_000


def act() -> None:
    """A step."""


@workflow(trigger="go")
async def counted(journey: Journey) -> Any:
    got = await journey.wait_for("a", timeout="1h")
    if not got:
        journey.log("late")
        return None
    one, _ = await journey.wait_any(journey.wait_for("b"), journey.wait_for("c"), timeout="1d")
    await journey.step("act", act)
    await journey.sleep("1h")
    await journey.ingest("done")
    await journey.wait_for(f"own/{journey.user.id}")
    if not one:
        raise RuntimeError("none of them")
    return True


def at(path: Path, line: int) -> dict[tuple[str, str | None], PlaceCounts]:
    """The counts at a line."""
    with Views(path) as views:
        found = views.funnel("counted")
    return {(each.kind, each.name): each for each in found if each.place == f"test_view_funnel.py:{line}"}


LINES = {text: n for n, text in enumerate(Path(__file__).read_text().splitlines(), 1)}


def line(part: str) -> int:
    """Where something stands in this file."""
    return next(n for text, n in LINES.items() if part in text)


async def play(engine: RunningEngine) -> None:
    """ada matches after a minute and waits on, bob is late, cleo had everything before."""
    await engine.ingest("a", user="cleo")
    await engine.ingest("c", user="cleo")
    for user in ("ada", "bob", "cleo"):
        await engine.ingest("go", user=user)
    await engine.forward("1m")
    await engine.ingest("a", user="ada")
    await engine.forward("2h")
    await engine.run_until_idle()


async def test_each_line_says_who_waits_who_matched_and_how_fast(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    async with Engine(counted, store=path, clock=VirtualClock(START)) as engine:
        await play(engine)
        first = at(path, line('wait_for("a"'))[("wait", "a")]
        assert (first.now, first.matched, first.timed_out, first.closed) == (0, 2, 1, 0)
        # cleo's match was there already, ada's took a minute.
        assert first.median_ms == 0
        assert at(path, line('journey.log("late")'))[("log", None)].said == 1

        group = at(path, line("wait_any"))
        assert group.keys() == {("wait", "b"), ("wait", "c"), ("wait", "wait_any")}
        assert (group[("wait", "b")].now, group[("wait", "c")].matched) == (1, 1)
        assert group[("wait", "wait_any")].now == 1

        assert at(path, line('journey.step("act"'))[("step", "act")].matched == 1
        assert at(path, line('journey.sleep("1h")'))[("sleep", None)].matched == 1
        assert at(path, line('journey.ingest("done")'))[("event", "done")].said == 1
        own = at(path, line('wait_for(f"own/'))[("wait", "own/cleo")]
        assert (own.now, own.matched, own.median_ms) == (1, 0, None)

        await engine.ingest("own/cleo", user="cleo")
        await engine.forward("2d")
        own = at(path, line('wait_for(f"own/'))[("wait", "own/cleo")]
        assert (own.now, own.matched) == (0, 1)
        assert own.median_ms is not None
        assert at(path, line("wait_any"))[("wait", "b")].closed == 1
        await engine.ingest("own/ada", user="ada")
        await engine.run_until_idle()
        assert at(path, line("raise RuntimeError"))[("journey", None)].said == 2
    assert compare(path) == []


async def test_a_journey_that_is_ended_by_hand_waits_nowhere(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    async with Engine(counted, store=path, clock=VirtualClock(START)) as engine:
        await engine.ingest("go", user="ada")
        assert at(path, line('wait_for("a"'))[("wait", "a")].now == 1
        await engine.cancel("counted/ada")
        found = at(path, line('wait_for("a"'))[("wait", "a")]
        assert (found.now, found.closed) == (0, 1)
    assert compare(path) == []


async def test_what_no_workflow_is_loaded_for_is_counted_too(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    async with Engine(counted, store=path, clock=VirtualClock(START)) as engine:
        await engine.ingest("go", user="ada")
    async with Engine([], store=path, clock=VirtualClock(START)) as engine:
        await engine.cancel("counted/ada")
    assert at(path, line('wait_for("a"'))[("wait", "a")].closed == 1
    assert compare(path) == []


def test_a_workflow_that_never_ran_has_no_counts(tmp_path: Path) -> None:
    with Engine([], store=tmp_path / "s.db"), Views(tmp_path / "s.db") as views:
        assert views.funnel("nobody") == []
