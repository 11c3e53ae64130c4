"""Workflow files that are edited under the open studio: what it says, and the yes that it asks for."""

from __future__ import annotations

from pathlib import Path

from studio.language.incoming import incoming
from studio.store.inbox import send
from studio.tui.app import StudioApp
from tests.engine.reloading import write
from tests.engine.support import entries
from tests.tui.test_studio import until

PAID = 'await journey.wait_for("paid", timeout="7d")\nreturn 1'


async def test_a_save_is_told_in_the_log_and_moves_the_countdown(tmp_path: Path) -> None:
    folder, store = tmp_path / "workflows", tmp_path / "studio.db"
    write(folder, PAID)
    send(store, [incoming("signup", "ada")])
    app = StudioApp(str(folder), str(store))
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, "of 7d")
        write(folder, PAID.replace("7d", "9d"))
        await until(pilot, "⟳ welcome reloaded 1 waiting: 1 with a new deadline")
        await until(pilot, "reloaded welcome  1 waiting: 1 with a new deadline")
        await until(pilot, "of 9d")
        await pilot.press("r")
        await until(pilot, "nothing to reload: the workflow files have not changed")
        write(folder, PAID, "trial")
        await until(pilot, "studio.db · trial welcome")


async def test_a_file_that_does_not_load_is_told_until_it_is_mended(tmp_path: Path) -> None:
    folder = tmp_path / "workflows"
    write(folder, PAID)
    app = StudioApp(str(folder), str(tmp_path / "studio.db"))
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, "⏎ sends this example")
        (folder / "welcome.py").write_text("async def welcome(:\n")
        shown = await until(pilot, "welcome.py:1: SyntaxError")
        assert "studio.db · welcome" in shown
        write(folder, PAID)
        await pilot.pause(0.2)
        for _ in range(100):
            if not app.live or "SyntaxError" not in shown.split("\n")[2]:
                break
            await pilot.pause(0.05)
            shown = await until(pilot, "Journey Studio")
        assert "SyntaxError" not in shown.split("\n")[2]


async def test_with_ask_r_shows_what_would_happen_and_only_a_yes_reloads(tmp_path: Path) -> None:
    folder, store = tmp_path / "workflows", tmp_path / "studio.db"
    write(folder, PAID)
    send(store, [incoming("signup", "ada")])
    app = StudioApp(str(folder), str(store), reload="ask")
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, "of 7d")
        write(folder, PAID.replace("7d", "9d"))
        await until(pilot, "1 with a new deadline · r reload workflows")
        await pilot.press("r")
        shown = await until(pilot, "Reload welcome? 1 waiting: 1 with a new deadline")
        assert "welcome/ada  new deadline  welcome.py:7" in shown
        await pilot.press("enter")
        await pilot.pause(0.1)
        assert not entries(store, "journey.moved")
        await pilot.press("r")
        await until(pilot, "Reload welcome?")
        await pilot.press("y")
        await until(pilot, "of 9d")
        assert len(entries(store, "journey.moved")) == 1
