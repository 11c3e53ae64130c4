"""Save as test: what happened to a user, written from the live screen, and played again."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio import Engine, VirtualClock
from studio.engine.local import LocalEngine
from studio.testing.checked_play import play_and_check
from studio.tui.app import StudioApp
from studio.tui.picture import START
from studio.tui.screens.record_control import proposed
from tests.cli.shell import project
from tests.tui.test_studio import until


async def test_what_happened_is_saved_and_plays_as_a_test(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project(tmp_path))
    workflows = tmp_path / "workflows"
    async with Engine(workflows, store=tmp_path / "s.db", clock=VirtualClock(START)) as engine:
        await engine.ingest("signup", user={"id": "ada", "email": "ada@example.com"})
        await engine.forward("1d")
        await engine.ingest("activated", user="ada")
        app = StudioApp(client=LocalEngine(engine))
        async with app.run_test(size=(120, 36)) as pilot:
            await until(pilot, "hello ada@example.com")
            for said in ("wrote tests/journeys/ada.jsonl", "ada.jsonl: the file already exists"):
                await pilot.press("escape", "K")
                await until(pilot, "The event file:")
                if "already" in said:
                    await pilot.press("ctrl+u", *"tests/journeys/ada.jsonl")
                await pilot.press("enter")
                await until(pilot, said)
            assert proposed("ada", tmp_path) == "tests/journeys/ada-2.jsonl"
    monkeypatch.undo()
    file = tmp_path / "tests" / "journeys" / "ada.jsonl"
    assert '"expect": "completed"' in file.read_text()
    done = await play_and_check(file.read_text().splitlines(), workflows)
    assert (done.mismatch, done.expectations) == (None, 4)


def test_a_name_is_proposed_that_a_file_can_have(tmp_path: Path) -> None:
    assert proposed("../a b/c", tmp_path) == "tests/journeys/a-b-c.jsonl"
    assert proposed("///", tmp_path) == "tests/journeys/user.jsonl"
