"""Refused events on the screen: counted, looked at, mended and sent, forgotten."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from textual.pilot import Pilot
from textual.widgets import TextArea

from studio.store.refused import Refusal
from studio.store.refusing import keep_refused
from studio.store.views import Views
from studio.tui.app import StudioApp
from studio.tui.screens.refused_control import MOST_EDITED
from tests.tui.test_studio import until

WORKFLOW = """
from studio import Journey, workflow


@workflow(trigger="Login")
async def welcome(journey: Journey):
    return True
"""
BAD = {"type": "track", "event": "Log\tin", "userId": "ada", "messageId": "m1", "properties": {"plan": "pro"}}


def refused(path: Path) -> list[int]:
    with Views(path) as views:
        return [row.number for row in views.refused()]


@asynccontextmanager
async def studio(
    folder: Path, size: tuple[int, int] = (120, 36), *more: str, read_only: bool = False
) -> AsyncIterator[tuple[Pilot[None], Path]]:
    (folder / "welcome.py").write_text(WORKFLOW)
    store = folder / "s.db"
    keep_refused(
        store,
        [
            Refusal(body, "body: batch[3]: the field event has the control character U+0009", "ada", "Login")
            for body in (json.dumps(BAD), *more)
        ],
    )
    app = StudioApp(str(folder / "welcome.py"), str(store), mode="read" if read_only else "run")
    async with app.run_test(size=size) as pilot:
        await until(pilot, "sends this example" if not read_only else "READ ONLY")
        await pilot.press("escape")
        yield pilot, store


async def test_one_is_mended_and_sent(tmp_path: Path) -> None:
    async with studio(tmp_path, (120, 36), '{"x": NaN}') as (pilot, store):
        await until(pilot, "! 2 refused")
        await pilot.press("B")
        await until(pilot, "Refused events 2")
        await until(pilot, "batch[3]: the field event has the control character U+0009")
        await pilot.press("enter")
        await until(pilot, "the field event has the control character")
        area = pilot.app.screen.query_one(TextArea)
        assert json.loads(area.text) == BAD
        await pilot.press("ctrl+s")
        assert refused(store) == [1, 2], "what is still wrong is not sent"
        area.text = area.text.replace("\\t", "")
        await until(pilot, "^s sends it")
        await pilot.press("ctrl+s")
        await until(pilot, "Refused events 1")
        await pilot.press("escape")
        await until(pilot, "sent Login for ada")
        await until(pilot, "! 1 refused")
        await until(pilot, "welcome completed")
        assert refused(store) == [2]


async def test_one_is_forgotten_after_a_question(tmp_path: Path) -> None:
    async with studio(tmp_path, (80, 24)) as (pilot, store):
        await until(pilot, "! 1")
        for answer, left in (("enter", [1]), ("y", [])):
            await pilot.press("B")
            await until(pilot, "Refused events 1")
            await pilot.press("x")
            await until(pilot, "Delete the refused event 1?")
            await pilot.press(answer)
            if left:
                await until(pilot, "Refused events 1")
                await pilot.press("escape")
            assert refused(store) == left or not left
        await until(pilot, "no event was refused")
        assert refused(store) == []


async def test_one_that_is_too_large_is_told(tmp_path: Path) -> None:
    async with studio(tmp_path, (120, 36), json.dumps({"x": "y" * MOST_EDITED})) as (pilot, _):
        await pilot.press("B")
        await until(pilot, "Refused events 2")
        await pilot.press("down", "enter")
        await until(pilot, "too large to be edited here. journey-studio refused 2")


async def test_a_studio_that_only_looks_shows_them(tmp_path: Path) -> None:
    async with studio(tmp_path, read_only=True) as (pilot, store):
        await pilot.press("B")
        await until(pilot, "Refused events 1")
        await pilot.press("enter")
        await until(pilot, "READ ONLY")
        assert refused(store) == [1]
