"""`v` in the live screen and in the designer, and the designer's edits, on the real engine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from textual.pilot import Pilot

from studio.language.incoming import incoming
from studio.store.inbox import send
from studio.tui.app import StudioApp
from studio.tui.screens.inspect import InspectScreen
from tests.engine.reloading import write
from tests.engine.support import entries
from tests.tui.fakes import screen_lines
from tests.tui.test_studio import until

BODY = """
mood = "curious [b]"
journey.log("hello")
paid = await journey.wait_for("paid", timeout="7d")
amount = paid.result[0]["amount"]
await journey.wait_for("sent", timeout="3d")
"""


@asynccontextmanager
async def opened(folder: Path, size: tuple[int, int] = (120, 36)) -> AsyncIterator[Pilot[None]]:
    """A studio in which ada waits for "paid"."""
    workflows, store = folder / "workflows", folder / "studio.db"
    write(workflows, BODY)
    send(store, [incoming("signup", "ada")])
    app = StudioApp(str(workflows), str(store))
    async with app.run_test(size=size) as pilot:
        await until(pilot, "of 7d")
        await until(pilot, "2 ada · welcome")
        yield pilot


def position(pilot: Pilot[None]) -> str:
    """Which of how many entries is shown: "3/4"."""
    screen = pilot.app.screen
    assert isinstance(screen, InspectScreen)
    return str(screen.page.border_subtitle).split(" ", 1)[0]


async def test_v_on_a_wait_shows_the_line_and_the_variables(tmp_path: Path) -> None:
    async with opened(tmp_path) as pilot:
        await pilot.press("3", "v")
        shown = await until(pilot, "now: waits")
        assert "inside welcome/ada" in shown
        assert "at      wait paid" in shown
        assert '   9 paid = await journey.wait_for("paid", timeout="7d")' in shown
        assert "mood  str  'curious [b]'" in shown
        assert "the running version" in shown
        await pilot.press("escape")
        assert pilot.app.screen.id == "live"


async def test_n_and_p_step_through_what_was(tmp_path: Path) -> None:
    async with opened(tmp_path) as pilot:
        await pilot.press("3", "v")
        await until(pilot, "now: waits")
        count = int(position(pilot).split("/")[1])
        assert position(pilot) == f"{count}/{count}"
        await pilot.press("p")
        shown = await until(pilot, "then: says this")
        assert position(pilot) == f"{count - 1}/{count}"
        assert 'journey.log("hello")' in shown
        # At the ends there is nowhere further to go.
        await pilot.press(*"ppppp")
        await until(pilot, "then: its pass begins")
        assert position(pilot) == f"1/{count}"
        await pilot.press(*"nnnnn")
        await until(pilot, "now: waits")
        assert position(pilot) == f"{count}/{count}"
        send(tmp_path / "studio.db", [incoming("paid", "ada", {"amount": 42})])
        while not entries(tmp_path / "studio.db", "wait.matched"):
            await pilot.pause(0.03)
        await pilot.press("n")
        shown = await until(pilot, "at      wait sent")
        assert "amount  int     42" in shown
        assert position(pilot) == f"{count + 2}/{count + 2}"


async def test_v_on_a_user_and_on_an_entry(tmp_path: Path) -> None:
    async with opened(tmp_path) as pilot:
        await pilot.press("1", "v")
        await until(pilot, "now: waits")
        await pilot.press("escape", "4", "end", "k", "j", "v")
        await until(pilot, "says this")
        await pilot.press("escape", "2", "home", "v")
        await until(pilot, "v looks inside a journey: choose a user or a wait")
        await pilot.press("i", "escape")


async def test_a_journey_that_is_gone_is_said(tmp_path: Path) -> None:
    async with opened(tmp_path) as pilot:
        pilot.app.push_screen(InspectScreen("welcome/nobody"))
        shown = await until(pilot, "there is no such journey")
        assert "refused" in shown
        await pilot.press("n", "p", "escape")


async def test_a_change_in_the_designer_moves_who_waits(tmp_path: Path) -> None:
    async with opened(tmp_path, (140, 40)) as pilot:
        await pilot.press("d")
        shown = await until(pilot, "▸ ada 6d")
        assert "4 Here now 1 · paid" in shown
        await pilot.press("c", *"9d", "enter")
        await until(pilot, "1 with a new deadline")
        await until(pilot, "▸ ada 8d")
        text = (tmp_path / "workflows" / "welcome.py").read_text()
        assert 'journey.wait_for("paid", timeout="9d")' in text
        assert "◷ 1" in next(line for line in screen_lines(pilot.app) if "paid  9d" in line)  # type: ignore[arg-type]
        await pilot.press("z")
        await until(pilot, "▸ ada 6d")
        assert len(entries(tmp_path / "studio.db", "journey.moved")) == 2


async def test_v_in_the_designer_looks_inside_who_waits_at_the_node(tmp_path: Path) -> None:
    async with opened(tmp_path, (140, 40)) as pilot:
        await pilot.press("d")
        await until(pilot, "▸ ada 6d")
        await pilot.press("v")
        shown = await until(pilot, "now: waits")
        assert "inside welcome/ada" in shown
        await pilot.press("escape", "4", "v")
        await until(pilot, "now: waits")
        await pilot.press("escape", "1", "end", "v")
        await until(pilot, "nothing waits at this node")
