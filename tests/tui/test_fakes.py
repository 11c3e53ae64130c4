"""What stands in for a store in the tests of the screens answers as a store does."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from studio import Engine, Journey, VirtualClock, incoming, workflow
from studio.store.records import Entry, UserRow
from studio.store.view_users import UserSearch
from studio.store.views import Views
from tests.tui.fakes import DAY, SECOND, START, FakeViews

PUBLIC = sorted(name for name, value in vars(FakeViews).items() if callable(value) and name[0] != "_")


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


@pytest.fixture
def both(store: Path) -> Iterator[tuple[Views, FakeViews]]:
    """The store's views, and the fake one with the same rows."""
    fake = FakeViews()
    with Views(store) as views:
        fake.rows_users = views.recent_users(limit=1_000)
        fake.rows_waits = views.waits(limit=1_000)
        fake.rows_entries = views.entries(limit=1_000)
        fake.rows_logs = views.logs(limit=1_000)
        fake.rows_timeline = {row.id: views.timeline(row.id, limit=1_000) for row in fake.rows_users}
        fake.events = views.totals().events
        yield views, fake


@pytest.mark.parametrize("name", PUBLIC)
def test_it_is_asked_as_a_store_is(name: str) -> None:
    real, fake = (inspect.signature(getattr(each, name)) for each in (Views, FakeViews))
    assert fake.return_annotation == real.return_annotation
    for each in fake.parameters.values():
        other = real.parameters[each.name]
        assert (each.kind, each.default, each.annotation) == (other.kind, other.default, other.annotation)


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
def test_it_answers_as_a_store_does(question: str, both: tuple[Views, FakeViews]) -> None:
    views, fake = both
    ask = QUESTIONS[question]
    assert ask(fake) == ask(views)
