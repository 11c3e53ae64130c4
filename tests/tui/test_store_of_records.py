"""Records of a store, written into another one, are read back as they were."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from studio import Engine, Journey, VirtualClock, incoming, workflow
from studio.store.records import Entry, UserRow
from studio.store.view_funnel import PlaceCounts
from studio.store.view_users import UserSearch
from studio.store.views import Views
from tests.tui.fakes import DAY, SECOND, START, entry, user, wait
from tests.tui.store_of_records import MADE_UP, ListedViews, RecordsReader, StoreFile, StoreRecords


@workflow(trigger="signup", name="onboarding")
async def onboarding(journey: Journey) -> Any:
    journey.log("welcome", level="warning")
    paid = await journey.wait_for("paid", match={"user": journey.user.id}, timeout="1d")
    if journey.user.id == "fails":
        raise KeyError("email")
    if not paid:
        await journey.sleep("3d")
    return {"paid": bool(paid)}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Users in several states, as an engine leaves them."""
    path = tmp_path_factory.mktemp("fakes") / "s.db"
    clock = VirtualClock(START)
    with Engine(onboarding, store=path, clock=clock) as engine:
        for user in ("ada", "bob", "cleo", "fails", "user1", "user2"):
            engine.submit([incoming("signup", user, {"email": f"{user}@x.io"})]).result(20)
        for user in ("bob", "fails", "other"):
            engine.submit([incoming("paid", user, {"user": user})]).result(20)
    return path


@pytest.fixture(scope="module")
def again(store: Path) -> Iterator[Path]:
    """Another store, made of the records that leave the first one."""
    records = StoreRecords()
    with Views(store) as views:
        records.rows_users = views.recent_users(limit=1_000)
        records.rows_waits = views.waits(limit=1_000)
        records.rows_entries = views.entries(limit=1_000)
    file = StoreFile(records)
    file.refresh()
    yield file.path
    file.remove()


def seqs(entries: list[Entry]) -> list[int]:
    return [entry.seq for entry in entries]


def ids(rows: list[UserRow]) -> list[str]:
    return [row.id for row in rows]


Asked = Callable[[Any], Any]
QUESTIONS: dict[str, Asked] = {
    "users": lambda v: ids(v.users()),
    "users after": lambda v: ids(v.users(limit=2, after="bob")),
    "users with": lambda v: ids(v.users(contains="user")),
    "users before": lambda v: ids(v.users_before("fails", limit=2)),
    "the last users": lambda v: ids(v.users_before(None, limit=2)),
    "users starting": lambda v: sorted(ids(v.users_starting("user"))),
    "users named": lambda v: sorted(ids(v.users_named(["ada", "nobody"]))),
    "recent": lambda v: ids(v.recent_users(limit=3)),
    "failed": lambda v: v.failed_users(),
    "states": lambda v: {row.id: row.state for row in v.users_by_state()},
    "deadlines": lambda v: {row.id: row.due_at for row in v.users_by_deadline() if row.due_at is not None},
    "found": lambda v: sorted(ids(v.find_users(UserSearch(("user",))).rows)),
    "known users": lambda v: sorted(v.known_users(["ada", "nobody", "user1"])),
    "waits": lambda v: v.waits(),
    "waits of one": lambda v: v.waits(user="ada"),
    "waiting": lambda v: v.waiting(limit=100)[0],
    "due": lambda v: [v.due_until(START + at) for at in (0, DAY - SECOND, DAY + SECOND)],
    "open among": lambda v: v.open_among(v.waits()) == {row.seq for row in v.waits()},
    "timeline": lambda v: seqs(v.timeline("ada")),
    "timeline, its end": lambda v: seqs(v.timeline("ada", limit=2)),
    "timeline from": lambda v: seqs(v.timeline_from("bob", after=v.timeline("bob")[1].seq)),
    "start": lambda v: (v.user_start("ada"), v.user_start("nobody")),
    "entries": lambda v: seqs(v.entries()),
    "entries of one": lambda v: seqs(v.entries(user="bob")),
    "entries of kinds": lambda v: seqs(v.entries(kinds=["wait.opened"], limit=3)),
    "logs": lambda v: seqs(v.logs()),
    "logs of errors": lambda v: seqs(v.logs(level="error")),
    "logs of one": lambda v: seqs(v.logs(user="bob")),
    "logs with": lambda v: seqs(v.logs(contains="welc")),
    "logs from": lambda v: seqs(v.logs_from(v.logs()[2].seq, limit=2)),
    "last": lambda v: v.last_seq(),
    "entry": lambda v: (v.entry(3), v.entry(10_000)),
    "open": lambda v: [v.is_open(row.seq) for row in (*v.waits(), *v.entries(limit=1))],
    "effects": lambda v: seqs(v.effects([v.entries(kinds=["event"])[0].seq])),
    "before": lambda v: [seqs(each) for each in v.before("ada", 10_000)],
    "failure": lambda v: (v.failure("onboarding/fails"), v.failure("onboarding/ada")),
    "event names of one": lambda v: sorted(v.events_of("bob")),
    "newest events": lambda v: seqs(v.newest_events("bob", v.events_of("bob")["paid"])),
    "journeys": lambda v: [(row.id, row.workflow, row.user) for row in v.journeys(user="ada")],
    "failed journeys": lambda v: [row.id for row in v.journeys(status="failed")],
    "journey": lambda v: (v.journey("onboarding/ada").id, v.journey("onboarding/nobody")),
    "has journey": lambda v: (v.has_journey("ada"), v.has_journey("other")),
    "side by side": lambda v: [row.id for row in v.side_by_side("ada").journeys],
    "totals": lambda v: (v.totals().users, v.totals().events, v.totals().failed),
    "nothing aside": lambda v: (v.left_aside(), v.left_waiting(), v.hold(), v.changed()),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_it_is_read_back(question: str, store: Path, again: Path) -> None:
    ask = QUESTIONS[question]
    with Views(store) as first, ListedViews(again) as second:
        assert ask(second) == ask(first)


# -- what records leave open ------------------------------------------------------------------------


@contextmanager
def written(records: StoreRecords) -> Iterator[Views]:
    """The views of a store of these records."""
    file = StoreFile(records)
    file.refresh()
    with ListedViews(file.path) as views:
        yield views
    file.remove()


def test_users_come_as_they_are_listed_whatever_their_entries_say() -> None:
    records = StoreRecords()
    records.rows_users = [user("zed"), user("ada"), user("mia")]
    records.rows_entries = [entry(5, 0, "event", "paid", user="mia", journey=None)]
    records.rows_waits = [wait(6, "guest", "paid", None)]
    with written(records) as views:
        assert ids(views.recent_users()) == ["zed", "ada", "mia", "guest"]
        assert ids(views.find_users(UserSearch()).rows) == ["zed", "ada", "mia", "guest"]


def test_who_is_due_has_a_wait_and_who_has_one_has_no_other() -> None:
    records = StoreRecords()
    records.rows_users = [user("ada", due=SECOND), user("bob", "sleeping", DAY), user("cleo", due=SECOND)]
    records.rows_waits = [wait(7, "cleo", "paid", 2 * DAY)]
    with written(records) as views:
        assert [(row.user, row.kind, row.due_at) for row in views.waits()] == [
            ("ada", "wait", START + SECOND),
            ("bob", "sleep", START + DAY),
            ("cleo", "wait", START + 2 * DAY),
        ]
        assert {row.id: row.state for row in views.recent_users()} == {
            "ada": "waiting",
            "bob": "sleeping",
            "cleo": "waiting",
        }


def test_without_an_open_wait_nobody_waits() -> None:
    records = StoreRecords()
    records.rows_users = [
        user("ada"),
        user("bob", "completed"),
        user("cleo", "completed"),
        user("dan", "none"),
    ]
    records.rows_waits = [wait(7, "bob", "paid", None)]
    records.rows_entries = [entry(8, 0, "journey.exited", user="eve")]
    with written(records) as views:
        states = {row.id: row.state for row in views.recent_users()}
        assert states == {
            "ada": "idle",
            "bob": "waiting",
            "cleo": "completed",
            "dan": "none",
            "eve": "exited",
        }
        totals = views.totals()
        assert (totals.idle, totals.waiting, totals.completed, totals.exited) == (1, 1, 1, 1)
        assert (totals.users, totals.waits) == (5, 1)


def test_a_user_had_the_last_event_unless_others_are_known() -> None:
    records = StoreRecords()
    records.rows_users = [user("ada", last_event="paid"), user("bob"), user("cleo", last_event=None)]
    records.rows_entries = [entry(5, 9, "event", "signup", user="bob", journey=None)]
    with written(records) as views:
        last = [(row.last_event, row.last_at) for row in views.recent_users()]
        assert last == [("paid", START), ("signup", START + 9), (None, None)]
        assert min(row.seq for row in views.timeline("ada")) >= MADE_UP
        assert views.timeline("cleo") == []


def test_more_journeys_are_there_than_are_spoken_of() -> None:
    records = StoreRecords()
    records.rows_users = [user("ada", journeys=3)]
    records.rows_waits = [wait(7, "ada", "paid", None)]
    with written(records) as views:
        found = {row.id: row.status for row in views.journeys(user="ada")}
    assert found == {
        "onboarding/ada": "waiting",
        "onboarding/ada~2": "completed",
        "onboarding/ada~3": "completed",
    }


def test_lines_are_counted_and_who_waits_there_is_told_by_the_waits() -> None:
    records = StoreRecords()
    records.rows_funnel = [
        PlaceCounts("a.py:1", "wait", "paid", now=99, matched=5, timed_out=2, closed=1),
        PlaceCounts("a.py:2", "log", None, said=4),
    ]
    records.rows_waits = [wait(n, f"u{n}", "paid", None, line="a.py:1") for n in (7, 8)]
    with written(records) as views:
        assert views.funnel("onboarding") == [
            PlaceCounts("a.py:1", "wait", "paid", now=2, matched=5, timed_out=2, closed=1),
            PlaceCounts("a.py:2", "log", None, said=4),
        ]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"rows_logs": [entry(5, 1, "event", "paid", journey=None)]}, "two entries have the number 5"),
        ({"rows_timeline": {"bob": [entry(6, 0, "log")]}}, "is in the timeline of 'bob'"),
        ({"rows_waits": [wait(5, "user1", "paid", None)]}, "entry 5 does not open"),
        ({"rows_waits": [wait(6, "ada", "paid", None, journey="nothing")]}, "is no id of a journey"),
        ({"rows_logs": [entry(6, 0, "wait.matched", "paid", key="wait:left#0")]}, "has the name 'paid'"),
    ],
)
def test_records_that_no_rows_can_say_are_refused(change: dict[str, Any], said: str) -> None:
    records = StoreRecords()
    records.rows_entries = [entry(5, 0, "event", "paid", journey=None)]
    vars(records).update(change)
    with pytest.raises(ValueError, match=said):
        StoreFile(records).refresh()


# -- the file -----------------------------------------------------------------------------------------


def test_what_was_changed_is_seen_and_all_else_stays() -> None:
    records = StoreRecords()
    records.rows_users = [user("ada", due=SECOND)]
    file = StoreFile(records)
    file.refresh()
    with ListedViews(file.path) as views:
        (before,) = views.waits()
        file.refresh()
        assert not views.changed()
        records.rows_users.insert(0, user("bob", due=SECOND))
        records.kept["driver"] = "x"
        file.refresh()
        assert views.changed()
        assert [row.seq for row in views.waits(user="ada")] == [before.seq]
        assert views.meta("driver") == "x"
        records.kept.clear()
        file.refresh()
        assert views.meta("driver") is None
    file.remove()


async def test_a_reader_sees_what_records_say_when_it_is_asked_and_leaves_nothing() -> None:
    records = StoreRecords()
    reader = RecordsReader(records)
    assert await reader.ask(lambda views: views.recent_users()) == []
    records.rows_users.append(user("ada"))
    assert await reader.ask(lambda views: ids(views.recent_users())) == ["ada"]
    reader.close()
    assert not list(reader.path.parent.glob(f"{reader.path.name}*"))
