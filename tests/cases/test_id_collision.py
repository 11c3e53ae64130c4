"""Users and keys whose names hold the marks of a journey's id are kept apart in all that is made of it."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from studio import Engine, VirtualClock
from studio.errors import JourneyError
from studio.events.event_files import read
from studio.store.database import open_database
from studio.store.schema import ESCAPED_IDS
from studio.store.views import Views
from tests.engine.support import logs

CASE = Path(__file__).parent / "id-collision"


async def played(store: Path) -> None:
    with (CASE / "events.jsonl").open("rb") as lines:
        events = list(read(lines, 0))
    async with Engine(CASE / "workflows", store=store, clock=VirtualClock()) as engine:
        await engine.ingest_many(events)
        await engine.run_until_idle()


def said(store: Path, field: str, *users: str) -> list[str]:
    """What the journeys of some users have said of themselves."""
    return [
        found[1]
        for user in users
        for line in logs(store, user)
        if (found := re.search(rf"{field}=(\S+)", line))
    ]


async def test_no_two_journeys_share_an_id_a_key_or_a_chance(tmp_path: Path) -> None:
    store = tmp_path / "s.db"
    await played(store)
    for field in ("id", "uuid", "random", "key"):
        carts = said(store, field, "org/1", "org")
        assert len(set(carts)) == 2, field
    for field in ("id", "uuid"):
        pings = said(store, field, "ada", "ada~2")
        assert len(set(pings)) == 3, field
    with Views(store) as views:
        shown = [row.id for row in views.journeys()]
    assert len(set(shown)) == len(shown) == 5
    assert set(shown) == set(said(store, "id", "org/1", "org", "ada", "ada~2"))


async def test_an_act_ends_the_journey_that_is_meant_and_no_other(tmp_path: Path) -> None:
    store = tmp_path / "s.db"
    await played(store)
    async with Engine(CASE / "workflows", store=store, clock=VirtualClock(0)) as engine:
        with pytest.raises(JourneyError, match="the id of 2 journeys") as refused:
            # As ids were written before, it may mean either.
            await engine.cancel("cart/org/1/c")
        for id in ("cart//org~/1/c", "cart//org/1~/c"):
            assert id in str(refused.value)
        (mine,) = said(store, "id", "org/1")
        await engine.cancel(mine)
    with Views(store) as views:
        status = {row.user: row.status for row in views.journeys(workflow="cart")}
    assert status == {"org/1": "cancelled", "org": "waiting"}


async def test_a_number_and_a_text_that_reads_alike_are_told_apart(tmp_path: Path) -> None:
    store = tmp_path / "s.db"
    async with Engine(CASE / "workflows", store=store, clock=VirtualClock()) as engine:
        for value in (7, "7", "07", "c"):
            await engine.ingest("cart/created", "u", {"cart_id": value})
        await engine.run_until_idle()
        for field in ("uuid", "random", "key"):
            assert len(set(said(store, field, "u"))) == 4, field
        with pytest.raises(JourneyError, match="the id of 2 journeys"):
            await engine.cancel("cart/u/7")
        await engine.cancel('cart//u/"7"')
        await engine.cancel("cart/u/07")
    with Views(store) as views:
        assert [row.status for row in views.journeys()] == ["waiting", "cancelled", "cancelled", "waiting"]


def test_where_no_part_holds_a_mark_all_is_as_before(tmp_path: Path) -> None:
    store = tmp_path / "s.db"
    con = open_database(store)
    con.execute("UPDATE meta SET value = '629c4814712e3eca' WHERE key = 'salt'")
    assert con.execute("SELECT value FROM meta WHERE key = ?", (ESCAPED_IDS,)).fetchone() == ("[1]",)
    con.close()

    async def play() -> None:
        async with Engine(CASE / "workflows", store=store, clock=VirtualClock()) as engine:
            await engine.ingest("cart/created", "plain", {"cart_id": "c"})
            for _ in range(2):
                await engine.ingest("ping", "ada")
            await engine.run_until_idle()

    asyncio.run(play())
    # What version 0.1.0 has drawn in a store of this salt.
    assert logs(store, "plain") == [
        "id=cart/plain/c uuid=e51a1f2a-1f0f-4e5a-92a0-fde3fd434c23 random=0.535922"
        " key=5a209dd7f54c617eaf510173e6362700"
    ]
    assert logs(store, "ada") == [
        "id=ping/ada uuid=4f4656d4-6088-481e-8018-fa313d969d37",
        "id=ping/ada~2 uuid=44216f5b-cbc4-4e2a-9862-1e3712b62819",
    ]
