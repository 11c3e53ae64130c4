"""What journeys wait for, a row for each, however many things that is."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio import Engine, Journey, VirtualClock, workflow
from studio.store.records import WaitRow
from studio.store.status import status
from studio.store.views import Views
from tests.tui.fakes import DAY, HOUR, START


def rows(path: Path) -> list[WaitRow]:
    with Views(path) as views:
        found, following = views.waiting()
        assert following is None
        assert len(found) == views.totals().waiting
        return found


@workflow(trigger="any")
async def either(journey: Journey) -> None:
    await journey.wait_any(journey.wait_for("cart/paid"), journey.wait_for("cart/emptied"), timeout="1h")


@workflow(trigger="all")
async def both(journey: Journey) -> None:
    await journey.wait_all(journey.wait_for("a", timeout="2h"), journey.sleep("1d"))


@workflow(trigger="nested")
async def nested(journey: Journey) -> None:
    inner = journey.wait_all(journey.wait_for("a"), journey.wait_for("b", timeout="3h"))
    await journey.wait_any(inner, journey.wait_for("stop"))


@workflow(trigger="plain")
async def plain(journey: Journey) -> None:
    await journey.wait_for("x", match={"group": "g", "members": ["any#0"]})


FLOWS = [either, both, nested, plain]


@workflow(trigger="go", name="stands")
async def stands(journey: Journey) -> None:
    await journey.wait_for("x", timeout=journey.trigger["timeout"])


@workflow(trigger="go", name="runs")
async def runs(journey: Journey) -> None:
    await journey.wait_for("y", timeout="9d")
    await journey.wait_for("z")


async def test_deadlines_that_stand_by_are_behind_those_that_run_with_their_own_time(tmp_path: Path) -> None:
    store = tmp_path / "s.db"
    async with Engine([stands, runs], store=store, clock=VirtualClock(START)) as engine:
        for n in (3, 1, 2):
            await engine.ingest("go", f"u{n}", {"timeout": f"{n}h"})
        await engine.ingest("y", "u2")
        await engine.pause_workflow("stands")
        await engine.forward("1d")
        expected = [
            *[("runs", "u3", START + 9 * DAY, False), ("runs", "u1", START + 9 * DAY, False)],
            *[("stands", f"u{n}", START + n * HOUR, True) for n in (1, 2, 3)],
            ("runs", "u2", None, False),
        ]
        with Views(store) as views:

            def told(found: list[WaitRow]) -> list[tuple[str, str, int | None, bool]]:
                return [(row.workflow, row.user, row.due_at, row.stands_by) for row in found]

            assert told(views.waits()) == expected
            for size in (1, 2, 4):
                pages: list[WaitRow] = []
                while page := views.waits(limit=size, after=pages[-1].place if pages else None):
                    pages += page
                assert told(pages) == expected, f"by {size}"
                back: list[WaitRow] = []
                before: tuple[int | None, int] | None = None
                while True:
                    found, before = views.waiting(limit=size, after=before, last=True)
                    back += found
                    if before is None:
                        break
                assert told(back[::-1]) == expected, f"from the end by {size}"
            assert told(views.waits(user="u1")) == [expected[1], expected[2]]
            assert told(views.waits(workflow="stands")) == expected[2:5]
            (row,) = views.journeys(user="u1", workflow="stands")
            assert row.due_at == START + HOUR
            assert views.overdue(START + 2 * DAY) == {}
            found_due, _ = views.deadlines("stands")
            assert found_due == []
        assert status(store).next_due == START + 9 * DAY


async def test_a_group_is_one_wait_with_its_branches(tmp_path: Path) -> None:
    store = tmp_path / "s.db"
    async with Engine(FLOWS, store=store, clock=VirtualClock(START)) as engine:
        for name in ("any", "all", "nested", "plain"):
            await engine.ingest(name, user=name)
        found = rows(store)
        said = [
            (row.user, row.key[:4], sorted(part.name or part.kind for part in row.parts)) for row in found
        ]
        assert said == [
            ("any", "any#", ["cart/emptied", "cart/paid"]),
            ("all", "all#", ["a", "sleep"]),
            ("nested", "any#", ["a", "b", "stop"]),
            ("plain", "wait", []),
        ]
        assert [row.due_at and row.due_at - START for row in found] == [HOUR, 2 * HOUR, 3 * HOUR, None]
        assert [row.nearest.name for row in found] == ["wait_any", "a", "b", "x"]
        # An answer to one of two that are both wanted leaves the other.
        await engine.ingest("a", user="all")
        (row,) = [row for row in rows(store) if row.user == "all"]
        assert [part.kind for part in row.parts] == ["sleep"]
        assert row.due_at == START + DAY
        assert row.seq == found[1].seq, "the same wait"
        await engine.ingest("cart/paid", user="any")
        assert [row.user for row in rows(store)] == ["nested", "all", "plain"]
        with Views(store) as views:
            assert views.open_among(found) == {row.seq for row in found[1:]}


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
async def test_pages_give_each_wait_once(tmp_path: Path, limit: int) -> None:
    store = tmp_path / "s.db"
    async with Engine(FLOWS, store=store, clock=VirtualClock(START)) as engine:
        for n in range(5):
            for name in ("any", "all", "nested", "plain"):
                await engine.ingest(name, user=f"{name}{n}")
        with Views(store) as views:
            whole, _ = views.waiting(limit=1_000)
            paged: list[WaitRow] = []
            after = None
            while True:
                page, after = views.waiting(limit=limit, after=after)
                paged += page
                if after is None:
                    break
            assert paged == whole
            assert len(whole) == 20 == views.totals().waiting


async def test_the_end_of_a_wait_is_found_among_many(tmp_path: Path) -> None:
    """Also when the user has had much else since, and another wait for the same came in a later pass."""

    @workflow(trigger="go")
    async def short(journey: Journey) -> None:
        await journey.wait_for("x", timeout="1h")

    @workflow(trigger="noise", key="n", again=True)
    async def noise(journey: Journey) -> dict[str, bool]:
        await journey.wait_for("never", timeout="1s")
        return {"ok": True}

    store = tmp_path / "s.db"
    async with Engine([short, noise, either], store=store, clock=VirtualClock(START)) as engine:
        await engine.ingest("go", user="u")
        await engine.ingest("any", user="u")
        shown = {row.workflow: row for row in rows(store)}
        for n in range(60):
            await engine.ingest("noise", user="u", data={"n": n})
        await engine.forward("2h")
        with Views(store) as views:
            ends = {name: views.ending(row) for name, row in shown.items()}
        assert {name: end and (end.kind, end.at - START) for name, end in ends.items()} == {
            "short": ("wait.timeout", HOUR),
            "either": ("wait.timeout", HOUR),
        }
        await engine.ingest("go", user="u")
        (again,) = [row for row in rows(store) if row.workflow == "short"]
        with Views(store) as views:
            assert views.ending(again) is None
        await engine.ingest("x", user="u")
        with Views(store) as views:
            ended = views.ending(again)
            assert ended is not None
            assert ended.kind == "wait.matched"
