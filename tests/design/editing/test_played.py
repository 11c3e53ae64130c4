"""An edited workflow, loaded and played: it does what the edit said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from studio import Engine, VirtualClock
from studio.design.editing import change, files, insert, remove
from studio.design.editing.edit import Edit
from studio.design.editing.templates import NewReminder, NewStep, NewWait
from studio.design.editing.undo import Edits
from studio.design.outline.flow_reader import read_source
from studio.store.views import Views
from tests.design.editing.support import source

START = 1_767_225_600_000
DAY = 86_400_000

BODY = """
paid = await journey.wait_for("billing/paid", timeout="11d")
if not paid:
    return {"paid": False}

return {"paid": True}
"""


async def played(path: Path) -> list[tuple[str, str | None, int]]:
    """Kind, name and day of all that a journey does in the month after it began, oldest first."""
    async with Engine(path, store=":memory:", clock=VirtualClock(START)) as engine:
        await engine.ingest("go", user="ada")
        await engine.forward("30d")
        await engine.run_until_idle()
        with Views(engine.path) as views:
            found = views.entries(user="ada", limit=1000)
    return [(each.kind, each.name, (each.at - START) // DAY) for each in found]


class Writer:
    """A file that is edited by its map."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.edits = Edits()

    def write(self, act: Callable[..., Edit], kind: str, *arguments: Any) -> None:
        """Act on the first node of a kind."""
        file = files.read(str(self.path))
        nodes = read_source(file.source, "flow", file.path).walk()
        node = next(each for each in nodes if each.kind == kind)
        self.edits.apply(file, act(file.source, node, *arguments))


@pytest.fixture
def writer(tmp_path: Path) -> Writer:
    path = tmp_path / "flow.py"
    path.write_text(source(BODY))
    return Writer(path)


async def test_a_changed_timeout_is_waited_for(writer: Writer) -> None:
    assert ("wait.timeout", "billing/paid", 11) in await played(writer.path)
    writer.write(change, "wait", "timeout", "3d")
    assert ("wait.timeout", "billing/paid", 3) in await played(writer.path)
    writer.edits.undo(str(writer.path))
    assert ("wait.timeout", "billing/paid", 11) in await played(writer.path)


async def test_an_inserted_reminder_is_sent_at_its_time(writer: Writer) -> None:
    before = await played(writer.path)
    assert not any(name == "reminder/pay" for _, name, _ in before)
    writer.write(insert, "return", "before", NewReminder("reminder/pay", {"days": 11}))
    after = await played(writer.path)
    assert ("event", "reminder/pay", 11) in after
    assert [each for each in after if each[1] != "reminder/pay"] == before


async def test_an_inserted_wait_and_step_are_played(writer: Writer) -> None:
    writer.write(insert, "wait", "after", NewStep("thank you", 2))
    writer.write(insert, "wait", "after", NewWait("app/login", "2d"))
    writer.write(change, "wait", "event", "app/login")
    after = await played(writer.path)
    # Nobody comes: the first timeout ends the pass as before.
    assert ("wait.timeout", "app/login", 11) in after
    writer.write(remove, "wait")
    after = await played(writer.path)
    assert ("wait.timeout", "app/login", 2) in after
    assert ("step.done", "thank you", 2) in after
