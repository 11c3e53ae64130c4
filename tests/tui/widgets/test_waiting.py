"""The list of what is waited for: what is over goes, and a group of waits is one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from studio import Engine, Journey, VirtualClock, workflow
from studio.engine.local import LocalEngine
from studio.store.records import WaitRow
from studio.tui.app import StudioApp
from studio.tui.widgets.waiting import WaitingList, wait_words
from tests.tui.conftest import Studio
from tests.tui.fakes import START, entry, wait
from tests.tui.test_studio import until

KEY = "wait:app/x#0"


def many(count: int) -> list[WaitRow]:
    return [wait(200 + n, f"u{n}", "app/x", 9_000 + n, key=KEY) for n in range(count)]


async def test_only_the_row_under_the_cursor_may_be_over(studio: Studio) -> None:
    waiting, records = studio.find(WaitingList), studio.app.records
    records.rows_waits = many(30)
    await studio.changed()
    await studio.press("3", "g", "j", "j", "j")
    records.rows_entries = [
        entry(300 + n, 9_000, "wait.timeout", "app/x", key=KEY, user=f"u{n}", journey=f"onboarding/u{n}")
        for n in range(8)
    ]
    records.rows_waits = records.rows_waits[8:]
    await studio.changed()
    assert [row.user for row in waiting.rows] == ["u3", *[f"u{n}" for n in range(8, 30)]]
    assert waiting.is_gone(203)
    assert "3 Waiting 22" in studio.text
    assert "┃ u3" in studio.text
    assert "timed out" in studio.text
    assert "⊘" not in "\n".join(line[80:] for line in studio.lines)
    await studio.press("enter")
    assert studio.outcome == "this wait has ended"
    await studio.press("j")
    assert [row.user for row in waiting.rows] == [f"u{n}" for n in range(8, 30)]
    assert waiting.row is not None
    assert waiting.row.user == "u8"
    assert not waiting.is_gone(waiting.cursor)


async def test_what_goes_above_does_not_move_the_row_under_the_cursor(studio: Studio) -> None:
    waiting, records = studio.find(WaitingList), studio.app.records
    records.rows_waits = many(60)
    await studio.changed()
    await studio.press("3", "g", *["j"] * 20)
    (before,) = [at for at, line in enumerate(studio.lines) if "◷ u20" in line]
    records.rows_waits = records.rows_waits[6:]
    await studio.changed()
    assert waiting.row is not None
    assert waiting.row.user == "u20"
    assert [at for at, line in enumerate(studio.lines) if "◷ u20" in line] == [before]


async def test_what_is_not_among_the_nearest_any_more_is_not_over(studio: Studio) -> None:
    waiting, records = studio.find(WaitingList), studio.app.records
    records.rows_waits = many(200)
    await studio.changed()
    await studio.press("3", "g")
    records.rows_waits = [*[wait(900 + n, f"new{n}", "app/x", 8_500) for n in range(5)], *records.rows_waits]
    await studio.changed()
    assert len(waiting.rows) == 200
    assert waiting.rows[-1].user == "u199"
    assert waiting.arrivals == 5
    assert "over" not in studio.text


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("wait.matched", "answered"),
        ("wait.timeout", "timed out"),
        ("wait.closed", "no longer waiting"),
        ("step.failed", "failed"),
        (None, "no longer waiting"),
    ],
)
async def test_how_it_ended_is_said(studio: Studio, kind: str | None, words: str) -> None:
    records = studio.app.records
    first, *others = many(3)
    if kind == "step.failed":
        first = wait(200, "u0", "charge", 9_000, kind="step", key="step:charge#0")
    records.rows_waits = [first, *others]
    await studio.changed()
    await studio.press("3", "g")
    if kind is not None:
        records.rows_entries = [entry(300, 9_000, kind, first.name, key=first.key, user="u0")]
    records.rows_waits = others
    await studio.changed()
    assert words in studio.text


# -- groups --------------------------------------------------------------------------------------


def group(key: str, *names: str) -> WaitRow:
    parts = tuple(wait(70 + n, "mia", name, None, journey="cart/mia") for n, name in enumerate(names))
    return replace(
        wait(80, "mia", "wait_any", 60_000, kind="group", key=key, journey="cart/mia"), parts=parts
    )


def test_a_wait_for_a_time_is_called_by_it() -> None:
    morning = "Thu 1 Jan 09:00 Europe/Berlin"
    row = replace(wait(80, "mia", None, 60_000, kind="sleep", key="sleep#0"), local=morning)
    assert wait_words(row) == f"until {morning}"
    assert wait_words(replace(row, local=None)) == "sleep"


def test_a_group_is_called_by_its_branches() -> None:
    either = group("any#0", "cart/checked_out", "cart/emptied")
    assert wait_words(either) == "cart/checked_out or cart/emptied"
    assert wait_words(replace(either, key="all#0")) == "cart/checked_out and cart/emptied"
    assert wait_words(either, 32) == "cart/checked_out or cart/emptied"
    assert wait_words(either, 20) == "…ked_out or …emptied"
    assert wait_words(either, 15) == "…checked_out +1"
    assert wait_words(group("any#0", "a/b", "app/*, web/*", "c"), 8) == "a/b +2"
    assert "\x1b" not in wait_words(group("any#0", "a\x1b[31m", "\u202eb"))


async def test_a_group_is_one_row_and_its_branches_can_each_be_answered(tmp_path: Path) -> None:
    @workflow(trigger="cart/created")
    async def cart(journey: Journey) -> dict[str, bool]:
        bought, _ = await journey.wait_any(
            journey.wait_for("cart/bought", match={"n": 1}), journey.wait_for("cart/emptied"), timeout="1h"
        )
        return {"bought": bool(bought)}

    async with Engine(cart, store=tmp_path / "s.db", clock=VirtualClock(START)) as engine:
        await engine.ingest("cart/created", user="mia")
        await engine.ingest("cart/created", user="tom")
        app = StudioApp(client=LocalEngine(engine))
        async with app.run_test(size=(160, 40)) as pilot:
            shown = await until(pilot, "…/bought or …emptied")
            assert "3 Waiting 2" in shown
            assert "◷ 2 waiting" in shown
            assert "any of several" not in shown
            await pilot.press("3", "enter")
            await until(pilot, "✓ answers mia ⏎ · a: others")
            await until(pilot, '{"n": 1}')
            await pilot.press("escape", "a")
            await until(pilot, "2 answer cart/emptied")
            await pilot.press("2")
            await until(pilot, "event cart/emptied")
            await pilot.press("enter")
            await until(pilot, "answered cart's wait")
            await until(pilot, "3 Waiting 1")
            # Time ends the whole group, also by hand.
            await pilot.press("3", "g", "X")
            await until(pilot, "┃ tom         …/bought or …emptied timed out")
            await until(pilot, "◷ 0 waiting")
