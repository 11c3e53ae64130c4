"""Where room is short: what gives way, what is never cut, and what stays free."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from textual.geometry import Region

from studio.store.approvals import HELD, HeldStep
from studio.store.snapshots import StoreSnapshot
from studio.tui.format.key_names import labels
from studio.tui.keys.actions import groups
from studio.tui.screens.held_steps import HeldStepsScreen
from studio.tui.screens.help import HelpPage
from studio.tui.screens.question import QuestionScreen
from studio.tui.screens.stores import StoresScreen
from studio.tui.widgets.fields import Field
from studio.tui.widgets.waiting import WaitingList
from studio.wording.times import total
from tests.tui.conftest import Studio, open_studio
from tests.tui.fakes import DAY, START, FakeEngine, FakeStudio, hold_steps, user, wait, world
from tests.tui.sizes import LARGE, MIDDLE, SIZES, SMALL
from tests.tui.store_of_records import StoreRecords


def inside(lines: list[str], region: Region) -> list[str]:
    """What stands in a part of the screen, without its border; one cell a character."""
    return [line[region.x + 1 : region.right - 1] for line in lines[region.y + 1 : region.bottom - 1]]


# -- lists -------------------------------------------------------------------------------------------


@SIZES
async def test_the_bar_of_a_wait_gives_way_to_its_figures(size: tuple[int, int]) -> None:
    records = world()
    records.rows_waits = [
        wait(301, "ann", "app/a", 6_000, opened_at=START - 15_800),
        wait(302, "bob", "app/b", 12 * DAY, opened_at=START - 90 * DAY),
        wait(303, "cid", "app/c", 3_723_456, opened_at=START),
    ]
    async with open_studio(records, size) as studio:
        await studio.press("3")
        text = "\n".join(inside(studio.lines, studio.find(WaitingList).region))
        for figures in (r"due of 21\.8s", r"11d 23h of 102d", r"1h 01m of 1h 02m"):
            assert re.search(rf"[━╾─]+ +{figures} *$", text, re.MULTILINE), text
        assert "…" not in text.replace("…/", "").replace("…p/", "")


def test_the_length_of_a_wait_takes_at_most_seven_cells() -> None:
    assert [total(ms) for ms in (250, 6_000, 21_800, 3_723_456, 3 * DAY)] == [
        "250ms",
        "6s",
        "21.8s",
        "1h 02m",
        "3d",
    ]


@pytest.mark.long
@pytest.mark.parametrize(("width", "least"), [(60, 12), (80, 24), (120, 12), (200, 12)])
async def test_a_name_has_what_is_free(width: int, least: int) -> None:
    names = ["lena.fischer", "o.brien+test@example.com", "x" * 60]
    records = world()
    records.rows_users = [user(name, state, due=9 * DAY) for name in names for state in ("waiting",)]
    records.rows_users.append(user("cut", "cancelled"))
    async with open_studio(records, (width, 36)) as studio:
        shown = studio.text
        assert "lena.fischer " in shown
        assert ("x" * (least - 1) + "…") in shown
        assert "⊘ cancelled" in shown


async def test_age_and_workflow_stand_beside_the_name_where_there_is_room() -> None:
    async with open_studio(size=LARGE) as studio:
        row = next(line for line in studio.lines if "lena.fischer" in line)
        assert re.search(r"lena\.fischer onboarding +◷ 13\.5s +8s", row)


@SIZES
async def test_a_held_step_is_said_to_be_held_wherever_it_stands(size: tuple[int, int]) -> None:
    records = held_world()
    async with open_studio(records, size) as studio:
        row = next(line for line in studio.lines if re.match(r".[ ▸]max", line))
        assert "‖ on hold" in row
        assert "▸ step" not in row
        del records.kept[f"{HELD}61"]
        await studio.changed()
        assert "▸ step" in next(line for line in studio.lines if re.match(r".[ ▸]max", line))


def held_world() -> StoreRecords:
    """A step waits for a yes."""
    records = world()
    charge = {"key": "step:charge#0", "workflow": "trial", "line": "trial.py:12"}
    hold_steps(records, wait(61, "max", "charge", None, kind="step", opened_at=START + 6_700, **charge))
    return records


# -- what is said in full ------------------------------------------------------------------------------


async def test_an_empty_list_says_the_whole_sentence() -> None:
    records = StoreRecords()
    async with open_studio(records, MIDDLE) as studio:
        text = inside(studio.lines, studio.live.query_one("#users").region)
        assert " ".join(" ".join(text).split()) == "Nobody here yet. ⏎ in Inject sends the example."


@SIZES
async def test_nothing_of_an_explanation_is_lost(size: tuple[int, int]) -> None:
    records = world()
    match = {f"a rather long field {n}": f"and a rather long value {n}" for n in range(4)}
    records.rows_timeline["user1"] = [
        replace(row, data={"match": match}) if row.kind == "wait.opened" else row
        for row in records.rows_timeline["user1"]
    ]
    async with open_studio(records, size) as studio:
        await studio.press("3", "w")
        page = studio.app.screen.query_one("#why, #why-page")
        said = " ".join(" ".join(inside(studio.lines, page.region)).split())
        for name, value in match.items():
            assert f'{name} = "{value}"' in said
        assert "⏎ fill in" in said


async def test_why_a_snapshot_was_made_is_never_cut() -> None:
    why = "before undo of app/email.verified of lena.fischer@example.com"
    async with open_studio(size=SMALL) as studio:
        kept = [StoreSnapshot(n, Path(f"/x/studio.{n}.db"), 3 << 20, START, why) for n in (2, 1)]
        studio.app.push_screen(
            StoresScreen(studio.app.session.stores.open, studio.app.session.stores.shown, kept)
        )
        await studio.settle()
        assert studio.text.count(why) == 2
        await studio.press("end")
        assert studio.text.count(why) == 2


async def test_which_step_would_run_is_never_cut() -> None:
    steps = [
        HeldStep(
            1,
            START,
            "o.brien+test@example.com",
            "onboarding",
            "onboarding/o",
            "send a reminder",
            "onboarding.py:120",
        ),
        HeldStep(2, START, "max", "trial", "trial/max", "charge", "trial.py:12"),
    ]
    async with open_studio(size=SMALL) as studio:
        studio.app.push_screen(HeldStepsScreen(steps))
        await studio.settle()
        for words in ("o.brien+test@example.com  send a reminder", "onboarding  onboarding.py:120", "charge"):
            assert words in studio.text


@SIZES
async def test_a_field_begins_at_its_beginning_and_says_that_there_is_more(size: tuple[int, int]) -> None:
    async with open_studio(size=size) as studio:
        data = {"email": "user1@example.com", "note": "x" * 200}
        studio.live.query_one("#inject").fill("app/login", "user1", data, "⏎ sends this example")  # type: ignore[attr-defined]
        await studio.press("i")
        field = studio.live.query_one("#data", Field)

        def seen() -> str:
            return studio.lines[field.region.y][field.region.x : field.region.right].rstrip()

        assert seen().startswith('{"email": "user1@')
        assert seen().endswith("…")
        await studio.press("tab", "tab")
        assert seen().startswith("…")
        assert seen().endswith('xxx"}')
        await studio.press("home")
        assert seen().startswith('{"email"')
        assert seen().endswith("…")
        await studio.press("end", "escape")
        assert seen().startswith('{"email"')


# -- help --------------------------------------------------------------------------------------------------


@SIZES
async def test_the_help_has_as_many_columns_as_there_is_room_for_and_loses_nothing(
    size: tuple[int, int],
) -> None:
    async with open_studio(size=size) as studio:
        await studio.press("2")
        wanted = [label for _, found in groups(studio.live) for label in labels(found)]
        await studio.press("question_mark")
        page = studio.app.screen.query_one(HelpPage)
        lines = ["".join(text for text, _ in pieces) for _, pieces in page.rows]
        titles = [line for line in lines if "On this screen" in line]
        assert len(titles) == 1
        assert ("2 user1" in titles[0]) is (size != SMALL)
        for label in wanted:
            assert re.search(rf"{re.escape(label.keys)} +{re.escape(label.words)}", "\n".join(lines))
        seen: set[str] = set()
        for _ in range(8):
            seen |= {line.rstrip() for line in inside(studio.lines, page.region)}
            await studio.press("pagedown")
        assert {line.rstrip() for line in lines} <= seen


async def test_help_and_footer_name_the_same_keys(studio: Studio) -> None:
    async with open_studio(size=LARGE) as wide:
        await wide.press("2")
        assert "+ - speed" in wide.lines[-1]
        assert "[ ] zoom" in wide.lines[-1]
        await wide.press("question_mark")
        assert re.search(r"\+ = - +speed", wide.text)
        assert re.search(r"\[ \] +zoom", wide.text)


# -- questions and pages over the screen -----------------------------------------------------------------


@SIZES
async def test_a_question_leaves_no_half_of_the_form_above_it(size: tuple[int, int]) -> None:
    async with open_studio(size=size) as studio:
        await studio.press("3", "j", "j", "j", "x")
        assert studio.screen == "QuestionScreen"
        box = studio.app.screen.query_one("#question").region
        assert box.y <= studio.live.query_one("#inject").region.y
        assert box.bottom == size[1]
        assert "5 Inject" not in studio.text
        assert "y jump   X end only this one   ⏎ no" in studio.text


async def test_every_question_says_what_its_keys_do(studio: Studio) -> None:
    studio.app.push_screen(QuestionScreen("Return to it?", "return to it", others={"o": "open a copy"}))
    await studio.settle()
    assert "y return to it   o open a copy   ⏎ no" in studio.text
    await studio.press("escape", "greater_than_sign")
    assert "⏎ jump there   esc leave time as it is" in studio.text


@pytest.mark.long
@SIZES
@pytest.mark.parametrize(
    "keys",
    [
        ("question_mark",),
        ("3", "w"),
        ("3", "a"),
        ("3", "enter", "ctrl+o"),
        ("4", "home", "j", "enter"),
        ("s",),
        ("H",),
    ],
    ids=["help", "why", "act", "editor", "entry", "stores", "held"],
)
async def test_header_and_clock_stay_free_below_a_page(size: tuple[int, int], keys: tuple[str, ...]) -> None:
    records = held_world()
    desk = FakeEngine()
    desk.engine = Snapshots()  # type: ignore[attr-defined]
    async with open_studio(size=size, app=FakeStudio(records, desk)) as studio:
        await studio.pilot.press(*keys)
        await studio.pilot.pause(0.2)
        assert "RUNNING" in studio.lines[1]
        assert "4.2s" in studio.lines[1]
        studio.app.move(1_000)
        await studio.pilot.pause(0.1)
        assert "3.2s" in studio.lines[1], "time goes on below it"


class Snapshots:
    """None were made."""

    async def snapshots(self) -> list[StoreSnapshot]:
        return []
