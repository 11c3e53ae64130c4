"""People who finished are taken on from the palette, after it was said how many would stand where."""

from __future__ import annotations

from pathlib import Path

from studio.language.incoming import incoming
from studio.store.inbox import send
from studio.tui.app import StudioApp
from studio.tui.keys import finished
from tests.engine.reloading import write
from tests.engine.support import entries
from tests.tui.test_studio import until

SHORT = 'await journey.wait_for("paid", timeout="7d")\nreturn 1'
LONG = 'await journey.wait_for("paid", timeout="7d")\nawait journey.sleep("3d")\nreturn 2'


async def test_who_completed_goes_on_after_a_yes(tmp_path: Path) -> None:
    folder, store = tmp_path / "workflows", tmp_path / "studio.db"
    write(folder, SHORT)
    send(store, [incoming(name, user) for user in ("ada", "bob") for name in ("signup", "paid")])
    app = StudioApp(str(folder), str(store))
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, "completed")
        (command,) = finished.commands(app)
        assert command.title == "Take on who completed welcome"
        command.call()
        await until(pilot, "nobody who completed welcome would go on: 2 would only end again")
        write(folder, LONG)
        await until(pilot, "2 have completed and would go on, at :8")
        command = finished.commands(app)[0]
        command.call()
        shown = await until(pilot, "Have 2 journeys of welcome go on?")
        assert "2 would go on at welcome.py:8, sleep" in shown
        await pilot.press("enter")
        await pilot.pause(0.1)
        assert not entries(store, "journey.reopened")
        command.call()
        await until(pilot, "Have 2 journeys of welcome go on?")
        await pilot.press("y")
        await until(pilot, "2 journeys of welcome asked to go on")
        await until(pilot, "of 3d")
        assert [entry.user for entry in entries(store, "journey.reopened")] == ["ada", "bob"]
