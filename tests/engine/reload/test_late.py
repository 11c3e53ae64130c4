"""How many would leave a paused workflow as too late, counted without writing anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio import Engine, Journey, VirtualClock, workflow
from studio.engine.reload import late
from studio.engine.reload.late import count_late
from studio.errors import StoreError

HOUR = 3_600_000


@workflow(trigger="go", key="cart")
async def carts(journey: Journey) -> bool:
    return bool(await journey.wait_for("x", timeout="1d"))


@pytest.mark.parametrize("page", [2, 500])
async def test_those_are_counted_whose_deadline_is_before_a_moment_and_who_were_not_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr(late, "PAGE", page)
    path = tmp_path / "s.db"
    async with Engine(carts, store=path, clock=VirtualClock(), durability="normal") as engine:
        for n in range(5):
            await engine.ingest("go", "ada", {"cart": n})
            await engine.forward("1h")
        await engine.pause_workflow("carts")
        await engine.ingest("x", "ada", {"cart": 2})
        before = len(await _entries(engine))
        await engine.forward("30h")
        now = engine.clock.now()
        assert count_late(path, carts, "carts", now) == (5, 4)
        # Their deadlines were 11, 10, 8 and 7 hours ago: of the third there is an answer.
        assert count_late(path, carts, "carts", now - 8 * HOUR) == (5, 2)
        assert count_late(path, carts, "carts", now - 12 * HOUR) == (5, 0)
        assert count_late(path, None, "other", now) == (0, 0)
        assert len(await _entries(engine)) == before


async def _entries(engine: Engine) -> list[int]:
    from studio.store.views import Views

    with Views(engine.path) as views:
        return [entry.seq for entry in views.entries(limit=1_000)]


def test_without_a_store_it_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        count_late(tmp_path / "none.db", None, "carts", 0)
