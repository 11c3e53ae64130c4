"""A workflow is paused and unpaused from the palette and from what needs a person, each after a yes."""

from __future__ import annotations

from pathlib import Path

from studio.language.incoming import incoming
from studio.store.inbox import send
from studio.store.views import Views
from studio.tui.app import StudioApp
from studio.tui.keys import pausing
from tests.engine.reloading import write
from tests.engine.support import entries
from tests.tui.test_studio import until

WAITS = 'await journey.wait_for("paid", timeout="7d")\nreturn 1'


def paused(store: Path) -> list[str]:
    with Views(store) as views:
        return views.paused_workflows()


async def test_a_workflow_stands_still_after_a_yes_and_goes_on_from_what_needs_a_person(
    tmp_path: Path,
) -> None:
    folder, store = tmp_path / "workflows", tmp_path / "studio.db"
    write(folder, WAITS)
    send(store, [incoming("signup", user) for user in ("ada", "bob")])
    app = StudioApp(str(folder), str(store))
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, "paid")
        (command,) = pausing.commands(app)
        assert command.title == "Pause or unpause welcome"
        command.call()
        shown = await until(pilot, "Pause welcome? 2 journeys of it stand still.")
        assert "deadlines stand by and are not lost" in shown
        await pilot.press("enter")
        await pilot.pause(0.1)
        assert paused(store) == []
        command.call()
        await until(pilot, "Pause welcome? 2 journeys")
        await pilot.press("y")
        await until(pilot, "paused welcome: 2 journeys of it stand still")
        assert paused(store) == ["welcome"]
        await until(pilot, "welcome paused")
        await pilot.press("N")
        await until(pilot, "welcome is paused since")
        await pilot.press("r")
        shown = await until(pilot, "Unpause welcome? 2 journeys would go on, 0 of them late.")
        assert "later than" not in shown
        await pilot.press("y")
        # The question was asked over the list of what needs a person, which comes again.
        await until(pilot, "Nothing needs you")
        await pilot.press("escape")
        assert paused(store) == []
    assert [e.kind for e in entries(store, "workflow.paused", "workflow.unpaused")] == [
        "workflow.paused",
        "workflow.unpaused",
    ]


async def test_who_is_too_late_leaves_by_a_key_of_the_question(tmp_path: Path) -> None:
    folder, store = tmp_path / "workflows", tmp_path / "studio.db"
    write(folder, WAITS)
    send(store, [incoming("signup", user) for user in ("ada", "bob")])
    app = StudioApp(str(folder), str(store))
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, "paid")
        assert app.session.client is not None
        client = app.session.client
        await client.pause_workflow("welcome")
        await client.time.jump(client.clock.now() + 10 * 86_400_000)
        (command,) = pausing.commands(app)
        command.call()
        shown = await until(pilot, "Unpause welcome? 2 journeys would go on, 2 of them late.")
        assert "t those later than 2d leave (2)" in " ".join(shown.split())
        assert "those later than 7d" not in shown
        await pilot.press("t")
        await until(pilot, "unpaused welcome: 2 leave as too late")
        assert [e.user for e in entries(store, "journey.exited")] == ["ada", "bob"]


async def test_where_it_cannot_be_done_it_is_not_offered(tmp_path: Path) -> None:
    folder, store = tmp_path / "workflows", tmp_path / "studio.db"
    write(folder, WAITS)
    send(store, [incoming("signup", "ada")])
    app = StudioApp(str(folder), str(store))
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, "paid")
        assert len(pausing.commands(app)) == 1
        assert app.session.client is not None
        app.session.client.read_only = True
        assert pausing.commands(app) == []
