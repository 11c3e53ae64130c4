"""How the studio begins: with nothing, with a broken file, only looking, beside another one."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from textual.widgets import Input

from studio import Engine, VirtualClock
from studio.cli import commands
from studio.design import scaffold
from studio.errors import StudioError, WorkflowError
from studio.source.loader import load
from studio.store.views import Views
from studio.tui.app import StudioApp
from studio.tui.keys import new_journey
from studio.tui.session.welcome import is_first_start, welcome_path, write_welcome
from tests.tui.test_studio import WORKFLOWS, until

SIZE = (120, 36)


async def test_the_first_workflow_is_one_key_and_its_first_event_another(tmp_path: Path) -> None:
    flows = tmp_path / "workflows"
    app = StudioApp(str(flows), str(tmp_path / "studio.db"))
    async with app.run_test(size=SIZE) as pilot:
        shown = await until(pilot, "No journeys here yet.")
        assert "workflows/welcome.py" in shown
        assert "✗" not in shown, "an empty folder is no mistake"
        await pilot.press("enter")
        await until(pilot, "⏎ sends this example")
        assert (flows / "welcome.py").read_text(encoding="utf-8") == scaffold.source("welcome", "welcome")
        await until(pilot, "signup")
        await pilot.press("enter")
        await until(pilot, "sent · started welcome")
        await until(pilot, "mail to user1@example.com: welcome")
        await until(pilot, "◷ wait activated")


@pytest.mark.parametrize("left", ["pane", "maximised"])
async def test_the_key_that_is_named_writes_it_whichever_pane_was_left_the_last_time(
    tmp_path: Path, left: str
) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text(f'[remembered]\n{left} = "timeline"\n', encoding="utf-8")
    app = StudioApp(str(tmp_path / "workflows"), str(tmp_path / "studio.db"), settings=settings)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, "No journeys here yet.")
        await pilot.press("enter")
        await until(pilot, "⏎ sends this example")


async def test_files_without_a_workflow_are_told_and_so_is_a_folder_that_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    flows = tmp_path / "workflows"
    (flows / "emails").mkdir(parents=True)
    for path in (flows / "words.py", flows / "emails" / "welcome.py"):
        path.write_text("X = 1\n")
    app = StudioApp(str(flows), str(tmp_path / "studio.db"))
    async with app.run_test(size=SIZE) as pilot:
        shown = await until(pilot, "there is no workflow in words.py")
        assert "No journeys here yet." not in shown, "it is no first start"
        (told,) = [each.message for each in app._notifications]
        assert told.startswith("workflows/emails is passed over")


async def test_the_first_workflow_loads_and_runs(tmp_path: Path) -> None:
    path = write_welcome(str(tmp_path / "flows"))
    loaded = load(path.parent)
    assert loaded.problems == []
    async with Engine(path, clock=VirtualClock()) as engine:
        for user in ("ada", "bob"):
            await engine.ingest("signup", user={"id": user, "email": f"{user}@example.com"})
        await engine.ingest("activated", user="ada")
        await engine.forward("4d")
        await engine.run_until_idle()
        with Views(engine.path) as views:
            rows = {row.user: row for row in views.journeys()}
            assert [rows[user].status for user in ("ada", "bob")] == ["completed", "completed"]
            said = [entry.message for entry in views.logs()]
            assert said.count("mail to bob@example.com: still there?") == 1
            assert "mail to ada@example.com: still there?" not in said


def test_a_file_that_is_there_is_never_written_over(tmp_path: Path) -> None:
    path = write_welcome(str(tmp_path))
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(StudioError, match="it already exists"):
        write_welcome(str(tmp_path))
    assert path.read_text(encoding="utf-8") == "mine"


def test_where_the_first_workflow_goes() -> None:
    assert welcome_path("workflows") == Path("workflows/welcome.py")
    assert welcome_path("flows/mine.py") == Path("flows/mine.py")


def test_a_file_that_does_not_load_is_no_first_start(tmp_path: Path) -> None:
    assert is_first_start({}, load(tmp_path / "none").problems)
    assert is_first_start({}, load(tmp_path).problems)
    (tmp_path / "broken.py").write_text("import nothing_of_this_name\n", encoding="utf-8")
    assert not is_first_start({}, load(tmp_path).problems)
    assert not is_first_start({}, [WorkflowError("it is no Python file", path=str(tmp_path / "broken.py"))])


async def test_a_file_that_does_not_load_is_one_line_with_its_place(tmp_path: Path) -> None:
    flows = tmp_path / "flows"
    flows.mkdir()
    (flows / "one.py").write_text("async def x(:\n", encoding="utf-8")
    (flows / "two.py").write_text("\n\nimport nothing_of_this_name\n", encoding="utf-8")
    app = StudioApp(str(flows), str(tmp_path / "studio.db"))
    async with app.run_test(size=(160, 36)) as pilot:
        shown = await until(pilot, "one.py:1: SyntaxError")
        (line,) = [line for line in shown.splitlines() if "SyntaxError" in line]
        assert line.startswith(" ✗ ")
        assert line.rstrip().endswith("+1 more  E shows all")
        assert "two.py" not in shown
        assert "No journeys here yet." not in shown


# -- only looking ------------------------------------------------------------------------------------


async def test_readonly_looks_without_an_engine_and_changes_nothing(tmp_path: Path) -> None:
    store = tmp_path / "studio.db"
    async with Engine(WORKFLOWS, store=store) as engine:
        await engine.ingest("app/email.submitted", user="ann", data={"email": "ann@x.io"})
    before = dump(store)
    app = StudioApp(WORKFLOWS, str(store), mode="read")
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, "READ ONLY")
        await until(pilot, "▸ann")
        # Refused where it is tried, before anything is typed.
        await pilot.press("i")
        await until(pilot, "READ ONLY: cannot send events")
        # Its deadline is over, and nobody serves it.
        await pilot.pause(1.2)
    assert dump(store) == before


def dump(store: Path) -> list[str]:
    """All that a store holds."""
    con = sqlite3.connect(store)
    try:
        return list(con.iterdump())
    finally:
        con.close()


async def test_readonly_makes_no_store(tmp_path: Path) -> None:
    app = StudioApp(WORKFLOWS, str(tmp_path / "none.db"), mode="read")
    async with app.run_test(size=SIZE) as pilot:
        for _ in range(100):
            if app.failure is not None:
                break
            await pilot.pause(0.02)
    assert "there is no store here" in str(app.failure)
    assert list(tmp_path.iterdir()) == []


async def test_readonly_looks_on_while_another_one_runs(tmp_path: Path) -> None:
    store = tmp_path / "studio.db"
    async with Engine(WORKFLOWS, store=store) as engine:
        app = StudioApp(WORKFLOWS, str(store), mode="read")
        async with app.run_test(size=SIZE) as pilot:
            await until(pilot, "READ ONLY")
            await engine.ingest("app/email.submitted", user="zoe", data={"email": "zoe@x.io"})
            await until(pilot, "zoe")


def test_the_command_takes_readonly() -> None:
    told = CliRunner().invoke(commands, ["studio", "--help"]).output
    assert "--readonly" in told


@pytest.mark.parametrize("options", [[], ["--readonly"]])
def test_a_bad_store_is_told_as_every_command_tells_it(tmp_path: Path, options: list[str]) -> None:
    store = tmp_path / "studio.db"
    store.write_text("this is not a database, but a text that is long enough " * 20, encoding="utf-8")
    pexpect = pytest.importorskip("pexpect")
    environment = {**os.environ, "TERM": "xterm-256color", "XDG_CONFIG_HOME": str(tmp_path)}
    command = ["-m", "studio.cli", *options, "--workflows", WORKFLOWS, "--store", str(store)]
    child = pexpect.spawn(sys.executable, command, env=environment, timeout=60, dimensions=(36, 120))
    child.expect(pexpect.EOF)
    child.wait()
    shown = child.before.decode()
    users = subprocess.run(
        [sys.executable, "-m", "studio.cli", "users", "--store", str(store)], capture_output=True, text=True
    )
    assert users.stderr.strip() in shown.replace("\r\n", "\n")
    assert child.exitstatus == users.returncode == 2


async def test_settings_of_the_user_are_asked_for_by_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from studio.tui import app as module

    seen: list[object] = []

    class Left(StudioApp):
        def run(self, *args: object, **kwargs: object) -> None:
            seen.append(self.session.memory._path)

    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr(module, "StudioApp", Left)
    await asyncio.to_thread(module.run_studio, WORKFLOWS, str(tmp_path / "studio.db"))
    assert seen == [tmp_path / "journey-studio" / "settings.toml"]


@pytest.mark.long
async def test_a_new_journey_is_written_from_the_commands_and_shown(tmp_path: Path) -> None:
    flows = write_welcome(str(tmp_path / "flows")).parent
    app = StudioApp(str(flows), str(tmp_path / "studio.db"))
    async with app.run_test(size=(140, 40)) as pilot:
        await until(pilot, "⏎ sends this example")
        await pilot.press("escape", "colon", *"winb", "enter")
        await until(pilot, "name of the new journey, like winback")
        # Refused where it is asked for: a name that is taken, one that makes no function, none.
        for name, why in (
            ("welcome", "the workflow 'welcome' already exists"),
            ("../x", "is not a valid function name"),
            ("[b]", "'[b]' is not a valid function name"),
            ("", "'' is not a valid function name"),
        ):
            app.screen.query_one(Input).value = name
            await pilot.press("enter")
            await until(pilot, why)
        assert sorted(path.name for path in flows.glob("*.py")) == ["welcome.py"]
        app.screen.query_one(Input).value = "come_back"
        await pilot.press("enter")
        await until(pilot, "come_back.py and")
        await until(pilot, "1 Map · come_back")
        assert app.designer is not None
        assert (flows / "come_back.py").read_text() == scaffold.source("winback", "come_back")
        # In the designer the same, which goes on there.
        new_journey.ask_name(app, "digest")
        await until(pilot, "name of the new journey, like digest")
        await pilot.press(*"week", "enter")
        await until(pilot, "1 Map · week")
        await pilot.press("d")
        new_journey.ask_name(app, "trial")
        await until(pilot, "like trial")
        await pilot.press("escape")
        assert app.screen is app.live


async def test_a_new_journey_waits_for_a_yes_where_reloads_do(tmp_path: Path) -> None:
    flows = write_welcome(str(tmp_path / "flows")).parent
    app = StudioApp(str(flows), str(tmp_path / "studio.db"), reload="ask")
    async with app.run_test(size=(140, 40)) as pilot:
        await until(pilot, "⏎ sends this example")
        await pilot.press("escape")
        new_journey.ask_name(app, "cart")
        await until(pilot, "like cart")
        await pilot.press(*"basket", "enter")
        await until(pilot, "r reload")
        assert app.designer is None
        await pilot.press("r", "y")
        await until(pilot, "basket reloaded")
        assert app.session.client is not None
        assert "basket" in app.session.client.workflows


async def test_where_nothing_can_be_written_no_journey_is_offered(tmp_path: Path) -> None:
    file = write_welcome(str(tmp_path / "welcome.py"))
    app = StudioApp(str(file), str(tmp_path / "studio.db"))
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, "⏎ sends this example")
        assert new_journey.commands(app) == []
