"""Erase, prune, export and import of a store whose users are carried on elsewhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from studio import Engine, VirtualClock
from studio.kernel.turn import Turn
from studio.sink.receipts import ERASED
from studio.sink.sink import Sink
from studio.store.erase import erase
from studio.store.foreign import count_refused
from studio.store.prune import prune
from studio.store.rebuild import compare
from studio.store.sqlite import Store
from studio.store.transfer import export, take_in
from studio.store.views import Views
from tests.kernel.partitions import START, event, partition, turn, welcome
from tests.sink.test_sink import LIFE, came, kinds, life

DAY = 86_400_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sink.db"


def received(user: str = "ada") -> Turn:
    """What came to `crm` of the event that the user's journey sent."""
    sent = event("welcomed", "7d", user="crm")._replace(origin=(user, 7))
    return turn(partition("crm"), sent).turn


def users(path: Path) -> list[str]:
    with Views(path) as views:
        return [row.id for row in views.users()]


@pytest.mark.parametrize("by", ["the owner", "the driver"])
@pytest.mark.parametrize("arrived", [False, True])
def test_an_erased_user_is_gone_and_stays_gone(path: Path, by: str, arrived: bool) -> None:
    turns = life("zoe")
    bad = life("zoe")[3]
    bad.ended = [1]
    with Sink(path, "normal") as sink:
        sink.take([*turns[:3], bad, *life("bob")], START)
        if arrived:
            sink.take([received("zoe")], START)
        if by == "the driver":
            sink.erase("zoe")
            sink.erase("zoe")
    if by == "the owner":
        assert erase(path, "zoe").refused == 1
    assert users(path) == ["bob", "crm"]
    with Sink(path, "normal") as sink:
        told = sink.take([*turns, *life("bob"), received("zoe"), received("bob")], START)
        assert came(told[:4]) == ["refused"] * 4
        assert {each.reason for each in told[:4]} == {ERASED}
        assert came(told[4:9]) == ["known"] * 4 + ["known" if arrived else "taken"]
    assert users(path) == ["bob", "crm"]
    assert kinds(path, "bob") == LIFE
    assert kinds(path, "crm") == ["event", "event"], "what zoe's journey sent stands once"
    assert compare(path) == []
    # No digest has these letters by chance.
    assert b"zoe" not in path.read_bytes()
    store = Store(path)
    assert count_refused(store) == 1, "of the other crm's turn alone: no body of a late turn is kept"
    store.close()


def test_what_others_send_to_an_erased_user_names_nobody(path: Path) -> None:
    with Sink(path, "normal") as sink:
        sink.take([*life("bob"), received("bob")], START)
        sink.erase("crm")
        assert came(sink.take(life("ada"), START)) == ["taken"] * 4
    assert users(path) == ["ada", "bob"]
    assert kinds(path, "ada") == kinds(path, "bob") == LIFE
    assert compare(path) == []


def test_a_new_life_begins_where_the_driver_says(path: Path) -> None:
    one = partition("ada")
    first = turn(one, event("signup")).turn
    old = turn(one, event("other", "1d")).turn
    second = turn(one, event("signup", "2d")).turn
    with Sink(path, "normal") as sink:
        sink.take([first], START)
        sink.erase("ada", begins=old.next)
        (told,) = sink.take([old], START)
        assert (told.came, told.reason) == ("refused", ERASED)
        assert came(sink.take([second], START)) == ["taken"]
        assert came(sink.take([first, second], START)) == ["refused", "known"]
    assert kinds(path, "ada") == ["event"]
    assert compare(path) == []


def test_a_name_that_was_misspelt_is_refused_to_nobody(path: Path) -> None:
    with Sink(path, "normal") as sink:
        sink.take(life("bob"), START)
    with pytest.raises(Exception, match="there is no user 'ada'"):
        erase(path, "ada")
    with Sink(path, "normal") as sink:
        assert came(sink.take(life("ada"), START)) == ["taken"] * 4


def test_pruned_users_go_on_and_their_turns_count_once(path: Path) -> None:
    one = partition("ada")
    turns = [
        turn(one, each).turn
        for each in (event("signup"), event("active", "1d", n=1), event("active", "2d", n=2))
    ]
    with Sink(path, "normal") as sink:
        sink.take(turns, START)
    before = len(kinds(path, "ada"))
    done = prune(path, 30 * DAY)
    assert done.journeys == 1
    assert len(kinds(path, "ada")) == before - done.entries
    late = turn(one, event("active", "3d", n=3)).turn
    with Sink(path, "normal") as sink:
        assert came(sink.take([*turns, late], START)) == ["known"] * 3 + ["taken"]
    assert compare(path) == []


async def test_what_is_exported_goes_on_in_a_store_of_an_engines_own(path: Path, tmp_path: Path) -> None:
    """With what a driver allows and an engine would not: one sender's id at two users."""
    with Sink(path, "normal") as sink:
        for user in ("ada", "bob"):
            sink.take([turn(partition(user), event("signup", user=user, id="same")).turn], START)
    lines = [json.dumps(line).encode() for line in export(path)]
    copy = tmp_path / "own.db"
    assert take_in(copy, lines, "lines").users == 2
    assert compare(copy) == []
    async with Engine(welcome, store=copy, clock=VirtualClock(START)) as engine:
        await engine.forward("8d")
        await engine.ingest("active", "ada", {"n": 5})
        await engine.run_until_idle()
    assert kinds(copy, "ada")[-1] == "journey.completed"
    with pytest.raises(Exception, match="nothing can be imported into this store"):
        take_in(path, lines, "lines")
