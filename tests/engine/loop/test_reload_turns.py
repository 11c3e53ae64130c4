"""The batches of a reload, between those of all else."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from studio import VirtualClock, incoming
from studio.engine.loop.loop import EngineLoop
from studio.engine.loop.reload_turns import ReloadTurns
from studio.engine.loop.state import LoopState
from studio.engine.reload.migration import LEAST_SECONDS, SLICE_SECONDS
from studio.store.database import open_database


def test_a_batch_of_the_background_is_longer_while_nobody_waits(tmp_path: Path) -> None:
    open_database(tmp_path / "s.db").close()
    loop = EngineLoop(tmp_path / "s.db", {}, VirtualClock())
    turns, between = loop.reload_turns, (LEAST_SECONDS + SLICE_SECONDS) / 2
    assert not turns.is_enough(0, between)
    assert turns.is_enough(0, SLICE_SECONDS * 1.1)
    assert turns.is_enough(loop.state.quarantine.size("move"), 0.0)
    loop.submit([incoming("signup", "ada")])
    assert turns.is_enough(0, between)
    assert not turns.is_enough(0, LEAST_SECONDS / 2)


def test_its_batches_are_made_written_and_blamed_as_all_others_without_causes(tmp_path: Path) -> None:
    asked: list[tuple[Any, ...]] = []

    def noted(name: str) -> Any:
        def note(*given: Any) -> Any:
            asked.append((name, *given))
            return f"of {name}"

        return note

    turns = ReloadTurns(
        LoopState(tmp_path / "s.db", {}, VirtualClock(), 10, None, None),
        SimpleNamespace(new=noted("new")),  # type: ignore[arg-type]
        SimpleNamespace(commit=noted("commit"), blame=noted("blame")),  # type: ignore[arg-type]
        SimpleNamespace(return_missing=noted("missing")),  # type: ignore[arg-type]
    )
    store: Any = "store"
    watch: Any = "watch"
    batch: Any = turns.new_batch(store, watch, "move")
    written: Any = turns.commit(store, batch)
    assert (batch, written) == ("of new", "of commit")
    error = KeyError("x")
    turns.blame(store, watch, error)
    turns.return_missing(store, watch)
    assert asked == [
        ("new", store, watch, "move"),
        ("commit", store, batch, []),
        ("blame", store, watch, error, []),
        ("missing", store, watch),
    ]
