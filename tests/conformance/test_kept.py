"""What counts later outlives what is done to a store: prune, rewind, fork, export; `erase` forgets it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from studio import Engine, VirtualClock
from studio.clocks.clock import VirtualClock as Clock
from studio.language.definition import Workflow
from studio.store.erase import erase
from studio.store.prune import prune
from studio.store.rebuild import compare
from studio.store.snapshots import fork_store
from studio.store.transfer import export, take_in
from studio.store.views import Views
from tests.conformance import splits

START = Clock().now()
DAY = 24 * 3_600_000


def live(path: Path, workflow: Workflow, days: float, *acts: Callable[[Engine], Any]) -> None:
    """Let an engine run on a store: time passes first, then each act is done."""

    async def run() -> None:
        clock = VirtualClock(START)
        async with Engine(workflow, store=path, clock=clock, durability="normal") as engine:
            await engine.forward(days * 86_400)
            for act in acts:
                await act(engine)
                await engine.run_until_idle()

    asyncio.run(run())
    assert compare(path) == []


def send(event: str, user: str = "u") -> Callable[[Engine], Any]:
    return lambda engine: engine.ingest(event, user)


def results(path: Path) -> list[tuple[str, Any]]:
    """How the journeys that completed did so, oldest first."""
    with Views(path) as views:
        found = views.entries(kinds=["journey.completed"], limit=1_000)
    return [(entry.journey or "", entry.data["result"]) for entry in found]


def told(path: Path, kind: str) -> list[Any]:
    """The data of entries of a kind, oldest first."""
    with Views(path) as views:
        return [entry.data for entry in views.entries(kinds=[kind], limit=1_000)]


def first_of(path: Path, kind: str) -> int:
    with Views(path) as views:
        return views.entries(kinds=[kind], limit=1)[0].seq


def drawn(tmp_path: Path) -> Path:
    """A store in which a user was drawn into an arm that gets nobody any more."""
    path = tmp_path / "studio.db"
    splits.shares(low=100, high=0).function()
    live(path, splits.edited, 0, send("go"))
    splits.shares(low=0, high=100).function()
    return path


def test_a_draw_outlives_prune(tmp_path: Path) -> None:
    path = drawn(tmp_path)
    live(path, splits.edited, 0, send("noise"))
    live(path, splits.edited, 200, send("go", "v"))
    assert prune(path, 90 * DAY).entries == 1
    assert compare(path) == []
    live(path, splits.edited, 0, send("go"))
    assert results(path) == [("edited/u", "low"), ("edited/v", "high"), ("edited/u~2", "low")]
    again = told(path, "split.drawn")[-1]
    assert (again["arm"], again["drawn"]) == ("low", first_of(path, "split.drawn"))


def test_a_draw_that_a_rewind_cuts_off_is_drawn_anew_and_one_before_it_counts(tmp_path: Path) -> None:
    path = drawn(tmp_path)
    live(path, splits.edited, 1, send("go", "v"))
    live(path, splits.edited, 1, lambda engine: engine.rewind(first_of(path, "journey.completed")))
    assert results(path) == [("edited/u", "low")]
    splits.shares(low=100, high=0).function()
    live(path, splits.edited, 1, send("go", "v"), send("go"))
    assert results(path)[1:] == [("edited/v", "low"), ("edited/u~2", "low")]


def test_a_draw_counts_in_a_fork(tmp_path: Path) -> None:
    path, other = drawn(tmp_path), tmp_path / "fork.db"
    fork_store(path, None, other, START)
    live(other, splits.edited, 1, send("go"))
    assert results(other) == [("edited/u", "low"), ("edited/u~2", "low")]


def test_erase_forgets_a_draw(tmp_path: Path) -> None:
    path = drawn(tmp_path)
    erase(path, "u")
    live(path, splits.edited, 1, send("go"))
    assert results(path) == [("edited/u", "high")]


def test_a_draw_counts_where_its_user_is_imported(tmp_path: Path) -> None:
    path, other = drawn(tmp_path), tmp_path / "other.db"
    live(other, splits.edited, 0, send("go", "w"))
    take_in(other, [json.dumps(line).encode() for line in export(path, "u")], "file")
    assert compare(other) == []
    live(other, splits.edited, 1, send("go"))
    assert results(other) == [("edited/w", "high"), ("edited/u", "low"), ("edited/u~2", "low")]
    drawn_first, again = (line for line in told(other, "split.drawn") if line["arm"] == "low")
    assert "drawn" not in drawn_first
    with Views(other) as views:
        (entry,) = (each for each in views.entries(kinds=["split.drawn"]) if each.seq == again["drawn"])
    assert entry.journey == "edited/u"
