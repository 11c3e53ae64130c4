"""`:` goes to any workflow, user or wait by name; `o` in the designer lists the workflows."""

from __future__ import annotations

import pytest
from textual.command import CommandPalette
from textual.widgets import Input

from studio.tui.screens.workflows import WorkflowsScreen
from studio.tui.widgets.map_pane import MapPane
from studio.tui.widgets.timeline import TimelinePane
from tests.tui.conftest import Studio, open_studio
from tests.tui.fakes import designer_world, user, world
from tests.tui.store_of_records import StoreRecords


async def choose(studio: Studio, text: str) -> None:
    """Type into the commands, and take what stands first."""
    await studio.press("colon")
    palette = studio.app.screen
    assert isinstance(palette, CommandPalette)
    palette.query_one(Input).value = text
    await studio.settle()
    for _ in range(100):
        if palette.query("OptionList").first().option_count:  # type: ignore[attr-defined]
            break
        await studio.pilot.pause(0.05)
    await studio.press("enter")
    await studio.settle()


@pytest.mark.parametrize("text", ["User: lena", "lena.fis"])
async def test_a_user_is_gone_to_by_name(studio: Studio, text: str) -> None:
    await choose(studio, text)
    assert studio.screen == "LiveScreen"
    assert studio.find(TimelinePane).user == "lena.fischer"
    assert studio.focus == "entries"


async def test_a_wait_is_gone_to_by_the_name_of_its_event(studio: Studio) -> None:
    await choose(studio, "email.verified")
    pane = studio.find(TimelinePane)
    assert pane.user == "user1"
    assert pane.entries.cursor == 16


async def test_a_user_whom_no_list_shows_is_found() -> None:
    records = world()
    records.rows_users += [user(f"many{n}") for n in range(500)] + [user("zz.hidden")]
    async with open_studio(records) as studio:
        await choose(studio, "hidden")
        assert studio.find(TimelinePane).user == "zz.hidden"


async def test_a_workflow_is_gone_to_by_name(studio: Studio) -> None:
    await choose(studio, "workflow cart")
    designer = studio.app.designer
    assert designer is not None
    assert designer._wanted == "cart"


@pytest.mark.long
async def test_from_the_designer_a_user_is_gone_to_and_another_workflow_shown() -> None:
    async with open_studio(designer_world()) as studio:
        await studio.press("d")
        await choose(studio, "workflow cart")
        assert studio.screen == "DesignerScreen"
        assert "1 Map · cart" in studio.text
        await choose(studio, "user1")
        assert studio.screen == "LiveScreen"
        assert studio.find(TimelinePane).user == "user1"


async def test_a_name_that_looks_like_markup_is_shown_as_it_is() -> None:
    records = world()
    records.rows_users.append(user("[b]zed[/b]"))
    async with open_studio(records) as studio:
        await studio.press("colon", *"zed")
        for _ in range(100):
            if "[b]zed[/b]" in studio.text:
                break
            await studio.pilot.pause(0.05)
        assert "User: [b]zed[/b]" in studio.text


async def test_enter_takes_what_was_typed_for_though_it_is_not_found_yet(studio: Studio) -> None:
    for key in ["colon", *"zoe lena"]:
        await studio.pilot.press({" ": "space"}.get(key, key))
    palette = studio.app.screen
    assert isinstance(palette, CommandPalette)
    field = palette.query_one(Input)
    field.value = "lena.fis"
    # By the way that the key goes: behind the change of the text, before anything is found for it.
    await field.action_submit()
    for _ in range(600):
        if studio.screen == "LiveScreen" and studio.find(TimelinePane).user == "lena.fischer":
            break
        await studio.pilot.pause(0.05)
    assert studio.find(TimelinePane).user == "lena.fischer"


async def test_what_cannot_be_read_is_said(studio: Studio) -> None:
    studio.app.session.reader = None
    await studio.press("colon", *"onboard")
    await studio.settle()
    assert "Workflow: onboarding" in studio.text


async def test_o_lists_the_workflows_and_shows_the_one_that_is_chosen() -> None:
    async with open_studio(designer_world(), size=(120, 36)) as studio:
        await studio.press("d")
        designer = studio.app.designer
        assert designer is not None
        names = sorted(studio.app.fake_engine.named)
        at = names.index(designer._wanted or "")
        await studio.press("o")
        assert isinstance(studio.app.screen, WorkflowsScreen)
        for name in names:
            assert name in studio.text
        await studio.press("enter")
        assert designer._wanted == names[(at + 1) % len(names)], "the next one: two keys go round"
        await studio.press("o", "escape")
        assert designer._wanted == names[(at + 1) % len(names)]
        await studio.press("o", *["k"] * len(names), "enter")
        assert designer._wanted == names[0]


async def test_with_one_workflow_o_says_so() -> None:
    async with open_studio(StoreRecords()) as studio:
        studio.app.fake_engine.named = dict(list(studio.app.fake_engine.named.items())[:1])
        await studio.press("escape", "d", "o")
        assert studio.screen == "DesignerScreen"
        assert "there is no other workflow" in studio.text
        assert studio.app.designer is not None
        assert studio.app.designer.query_one(MapPane).more == 0
