"""An opening wait looks at the newest 10,000 events of a name, and says so when there are more (rule 10)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from studio import Engine, Journey, VirtualClock, incoming, workflow
from studio.kernel.ports import EVENTS_MAX
from studio.store.rebuild import compare
from tests.engine.support import entries, journey

CUT = f'wait_for("tick") looked at the newest {EVENTS_MAX:,} events only'


@workflow(trigger="go")
async def asks(journey: Journey) -> dict[str, Any]:
    found = await journey.wait_for("tick", match={"n": {"odd": True}} | dict(journey.trigger.data))
    assert found.result is not None
    return {"count": len(found), "first": found.result[0]["at"], "newest": found.result[-1]["at"]}


def ticks(count: int) -> list[Any]:
    return [
        incoming("tick", "ada", {"at": at, "n": {"odd": at % 2 == 1}, "which": "old" if at == 0 else "new"})
        for at in range(count)
    ]


async def engine_with(path: Path, count: int) -> Engine:
    engine = Engine(asks, store=path, clock=VirtualClock(), durability="normal")
    await engine.start()
    await engine.ingest_many(ticks(count))
    return engine


@pytest.mark.long
@pytest.mark.parametrize(
    ("count", "met", "first", "cut"),
    [
        (EVENTS_MAX, EVENTS_MAX // 2, 1, False),
        # The oldest is not looked at, whether or not it would have met the match.
        (EVENTS_MAX + 1, EVENTS_MAX // 2, 1, True),
        (EVENTS_MAX + 2, EVENTS_MAX // 2, 3, True),
    ],
)
async def test_a_match_is_held_against_the_newest_only(
    tmp_path: Path, count: int, met: int, first: int, cut: bool
) -> None:
    engine = await engine_with(tmp_path / "studio.db", count)
    await engine.ingest("go", "ada")
    (ended,) = entries(engine.path, "journey.completed")
    # The result holds what was counted: no more, no other.
    newest = count - 1 if count % 2 == 0 else count - 2
    assert ended.data == {"result": {"count": met, "first": first, "newest": newest}}
    warned = [entry.message for entry in entries(engine.path, "log")]
    assert warned == ([CUT] if cut else [])
    await engine.stop()
    assert compare(tmp_path / "studio.db") == []


async def test_a_wait_that_finds_nothing_among_the_newest_says_that_it_did_not_look_further(
    tmp_path: Path,
) -> None:
    engine = await engine_with(tmp_path / "studio.db", EVENTS_MAX + 1)
    await engine.ingest("go", "ada", {"which": "old"})
    assert journey(engine.path, "asks/ada").status == "waiting"
    assert [entry.message for entry in entries(engine.path, "log")] == [CUT]
    await engine.ingest("tick", "ada", {"at": 7, "n": {"odd": True}, "which": "old"})
    (ended,) = entries(engine.path, "journey.completed")
    assert ended.data == {"result": {"count": 1, "first": 7, "newest": 7}}
    assert len(entries(engine.path, "log")) == 1
    await engine.stop()
