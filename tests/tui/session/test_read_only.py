"""A studio that only looks is refused every act by its name."""

from __future__ import annotations

from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from studio import Engine, Journey, StudioError, workflow
from studio.engine.client import ClockClient, EngineClient
from studio.language.incoming import incoming
from studio.tui.session.read_only import ReadOnlyEngine
from tests.engine.support import entries

START = 1_795_519_800_000


@workflow(trigger="signup")
async def welcome(journey: Journey) -> None:
    await journey.wait_for("paid")


def acts(client: EngineClient) -> list[Coroutine[Any, Any, object]]:
    time: ClockClient = client.time
    event = incoming("signup", "ann", {})
    return [
        client.send(event),
        client.send_many([event]),
        client.act("cancel", "welcome/ann"),
        client.rewind(1),
        client.undo(),
        client.redo(),
        client.restore(1),
        client.fork(1, Path("copy.db")),
        client.release_step(1),
        client.release_steps(),
        time.pause(),
        time.run(),
        time.speed(10),
        time.jump(START),
        time.stop_jump(),
        time.time_out(1),
    ]


async def test_every_act_is_refused(tmp_path: Path) -> None:
    store = tmp_path / "s.db"
    async with Engine(welcome, store=store) as engine:
        await engine.ingest("signup", "ann")
    before = entries(store)
    client = ReadOnlyEngine(store, str(tmp_path))
    for asked in acts(client):
        with pytest.raises(StudioError, match="READ ONLY: cannot"):
            await asked
    assert entries(store) == before
    assert (client.read_only, client.viewer_of) == (True, 0)
