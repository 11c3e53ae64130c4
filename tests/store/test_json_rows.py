"""Lines that are made of rows are those that are made of their entries."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from studio import Engine, Journey, VirtualClock, workflow
from studio.language.incoming import incoming
from studio.language.kinds import Kind
from studio.store import json_rows
from studio.store.entries import entry
from studio.store.json_rows import LONGEST_DATA, JsonRows
from studio.store.schema import ESCAPED_IDS
from studio.store.views import Views
from studio.text.printable import json_line
from tests.store.build import START, Builder
from tests.store.lived import lived

USERS = ("ada", "a/b", "a~b", 'say "hi"', "back\\slash", "ä", "\u2028", "x y", "\ue0f0", "名前")
DATA: tuple[dict[str, object], ...] = (
    {},
    {"n": 1},
    {"n": 2},
    {"text": "\ue0f0\ue0f1"},
    {"seq": '"\ue0f1"'},
    {"long": "x" * 300},
)


@workflow(trigger="go", name="plain", again=True)
async def plain(journey: Journey) -> dict[str, object]:
    waited = await journey.wait_for("paid", timeout="1d")
    journey.log(f"paid {len(waited)}")
    journey.log("\x1b[31m", level="warning")
    if journey.trigger.data.get("n") == 2:
        raise ValueError("two")
    return {"paid": bool(waited)}


@workflow(trigger="go", name="keyed", key="n", again=True)
async def keyed(journey: Journey) -> str:
    await journey.sleep("2h", id="a nap")
    await journey.ingest("slept", user="ada")
    return "done"


@workflow(trigger="go", name="odd  Näme")
async def odd(journey: Journey) -> str:
    return journey.id


def both(path: Path, limit: int) -> tuple[list[str], list[str], int, int]:
    """All lines, made of rows and of entries; how many failed, as said and as it is."""
    made, lines, failed, after = JsonRows(), list[str](), 0, 0
    with Views(path) as views:
        while (page := views.json_page(made, after=after, limit=limit)) is not None:
            lines += page.lines
            failed += page.failed
            after = page.last
        entries = views.entries(limit=1_000_000)
    really = sum(e.kind == "journey.failed" for e in entries)
    return lines, [json_line(e.as_json()) for e in entries], failed, really


@pytest.mark.parametrize("limit", [7, 100_000])
@pytest.mark.parametrize("shapes", [json_rows.MOST_SHAPES, 2])
async def test_a_line_says_what_its_entry_says(
    tmp_path: Path, limit: int, shapes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_rows, "MOST_SHAPES", shapes)
    path = tmp_path / "s.db"
    async with Engine([plain, keyed, odd], store=path, clock=VirtualClock()) as engine:
        for number, user in enumerate(name for name in USERS if name != "\u2028"):
            for data in DATA:
                await engine.ingest_many([incoming("go", user, data), incoming("paid", user, data)])
            await engine.ingest("paid", {"id": user, "plan": "pro"}, id=f"id {number}", sent_at=5)
        await engine.forward("2d")
    lines, wanted, failed, really = both(path, limit)
    assert lines == wanted
    assert failed == really > 0
    assert len(lines) > 300


def test_a_store_of_people_who_lived_through_journeys_reads_the_same(tmp_path: Path) -> None:
    lines, wanted, _, _ = both(lived(tmp_path / "s.db"), 100)
    assert lines == wanted


def test_nothing_is_said_of_a_store_with_nothing_in_it(tmp_path: Path) -> None:
    with Views(Builder(tmp_path / "s.db").done()) as views:
        assert views.json_page(JsonRows()) is None


@pytest.mark.parametrize("size", [-1, 0, 1], ids=["just short enough", "as long", "too long"])
def test_data_of_the_longest_that_are_shared_read_the_same(tmp_path: Path, size: int) -> None:
    b = Builder(tmp_path / "s.db")
    for user in ("ada", "bob"):
        b.entry(Kind.EVENT, -1, user=user, name="go", text=f'{{"n":"{"x" * (LONGEST_DATA - 8 + size)}"}}')
    lines, wanted, _, _ = both(b.done(), 100)
    assert lines == wanted


def test_what_a_journey_sends_to_another_user_is_of_that_user_and_of_that_journey(tmp_path: Path) -> None:
    b = Builder(tmp_path / "s.db")
    for user in ("ada", "bob", "crm"):
        journey = b.journey("welcome", user, b.event("go", user))
        b.entry(Kind.EVENT, 10, user="crm", journey=journey, name="welcomed")
    lines, wanted, _, _ = both(b.done(), 100)
    assert lines == wanted
    told = [json.loads(line) for line in lines]
    sent = [(each["user"], each["journey"]) for each in told if each.get("name") == "welcomed"]
    assert sent == [("crm", "welcome/ada"), ("crm", "welcome/bob"), ("crm", "welcome/crm")]


def test_journeys_from_before_ids_were_escaped_and_newer_ones_have_their_own_ids(tmp_path: Path) -> None:
    b = Builder(tmp_path / "s.db")
    b.con.execute("INSERT OR REPLACE INTO meta VALUES (?, '[3]')", (ESCAPED_IDS,))
    for user in ("ada", "a/b", "bob", "c/d"):
        b.wait(b.journey("mail/day~1", user, b.event("go", user)), "paid")
    lines, wanted, _, _ = both(b.done(), 100)
    assert lines == wanted
    ids = [json.loads(line)["journey"] for line in lines if '"wait.opened"' in line]
    assert ids == [f"mail/day~1/{user}" for user in ("ada", "a/b", "bob", "c~/d")]


@pytest.mark.parametrize("user", [*USERS, "\x1b[31m", "\x7f", "a\tb", "\u202e", "\x9b", "~", "/"])
def test_a_name_that_is_written_otherwise_than_it_is_goes_by_its_entry(tmp_path: Path, user: str) -> None:
    b = Builder(tmp_path / "s.db")
    # What is learned of one who has a plain name is not taken for others.
    for name in ("mia", user, "bob"):
        b.wait(b.journey("welcome", name, b.event("go", name)), "paid")
    lines, wanted, _, _ = both(b.done(), 100)
    assert lines == wanted
    assert [json.loads(line)["user"] for line in lines[3:6]] == [user] * 3


def test_the_first_moment_is_written_whatever_it_is(tmp_path: Path) -> None:
    b = Builder(tmp_path / "s.db")
    for at in (-1, 0):
        b.event("go", "ada", at - START)
    lines, wanted, _, _ = both(b.done(), 100)
    assert lines == wanted
    assert json.loads(lines[0])["time"] == "1969-12-31T23:59:59.999Z"


def test_most_lines_are_made_without_their_entries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    b = Builder(tmp_path / "s.db")
    for number in range(50):
        b.wait(b.journey("welcome", f"user{number}", b.event("go", f"user{number}")), "paid")
    made = 0

    def counted(row: tuple[object, ...]) -> object:
        nonlocal made
        made += 1
        return entry(row)

    monkeypatch.setattr("studio.store.json_rows.entry", counted)
    with Views(b.done()) as views:
        page = views.json_page(JsonRows())
    assert page is not None
    assert len(page.lines) == 150
    # An event, a beginning and a wait.
    assert made == 3
