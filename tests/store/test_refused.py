"""Events that are kept aside: how many, whose they are, and what becomes of them with the store."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from pathlib import Path

import pytest

from studio import Engine, StudioClock
from studio.errors import StoreError
from studio.language.incoming import incoming
from studio.store import refused as module
from studio.store.doctor import examine
from studio.store.erase import erase
from studio.store.inbox import send
from studio.store.prune import count_prunable, prune
from studio.store.rebuild import compare
from studio.store.records import Entry
from studio.store.refused import LeftAside, Refusal, concerns, readable
from studio.store.refusing import drop_refused, keep_refused, send_again
from studio.store.snapshots import fork_store, snapshots
from studio.store.status import status
from studio.store.transfer import export, take_in
from studio.store.views import Views
from tests.store.build import START, Builder
from tests.store.lived import DAY, lived
from tests.store.lives import guest, welcome


def refusal(text: str, user: str | None = "ada", reason: str = "it is wrong") -> Refusal:
    return Refusal(json.dumps({"userId": user, "text": text}), reason, user, "Login")


def bodies(path: Path) -> list[str]:
    """What is kept, the oldest first."""
    with Views(path) as views:
        return [views.refused_event(row.number)[1] for row in views.refused()]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return Builder(tmp_path / "studio.db").done()


def test_a_refused_event_is_kept_as_it_was_sent(store: Path) -> None:
    (number,) = keep_refused(store, [Refusal('{"a": "\\ud83d"}', "why\x1b[31m", "ada\t\ud83d ", "\x00")])
    with Views(store) as views:
        (row,) = views.refused()
        assert views.refused_event(number) == (row, '{"a": "\\ud83d"}')
        assert (row.user, row.event, row.reason, row.size) == ("ada", None, "why\x1b[31m", 15)
        with pytest.raises(StoreError, match=r"no refused event has the number 9\. Name one that is there"):
            views.refused_event(9)
    assert status(store).refused == LeftAside(1, 0)
    assert [(each.check, each.verdict) for each in examine(store) if each.check == "refused"] == [
        ("refused", "warn")
    ]
    assert compare(store) == []


def test_the_same_one_sent_again_stands_once(store: Path) -> None:
    first = keep_refused(store, [refusal("a"), refusal("b")])
    assert keep_refused(store, [refusal("b"), refusal("c"), refusal("c")]) == [2, 3, 3]
    assert first == [1, 2]
    later = [Refusal(json.dumps({"x": 1, "sentAt": at}), "it is wrong") for at in ("10:00", "10:01")]
    assert keep_refused(store, later) == [4, 4], "RudderStack's client says in each call when it sent it"
    assert drop_refused(store, 4) == 1
    assert len(bodies(store)) == 3


def test_no_more_are_kept_than_there_is_room_for(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_ROWS", 5)
    keep_refused(store, [refusal(str(number)) for number in range(4)])
    keep_refused(store, [refusal(str(number)) for number in range(4, 8)])
    assert [json.loads(body)["text"] for body in bodies(store)] == ["3", "4", "5", "6", "7"]
    monkeypatch.setattr(module, "MOST_BYTES", 120)
    keep_refused(store, [refusal("x" * 30)])
    assert [json.loads(body)["text"] for body in bodies(store)] == ["6", "7", "x" * 30]
    assert status(store).refused == LeftAside(3, 6)
    # However large it is, the newest is there to be looked at.
    keep_refused(store, [refusal("y" * 1_000)])
    assert [len(body) > 1_000 for body in bodies(store)] == [True]
    assert keep_refused(store, [refusal("z")]) == [11], "a number is given once"


def test_one_that_is_sent_again_is_in_the_inbox_and_no_longer_here(store: Path) -> None:
    numbers = keep_refused(store, [refusal("a"), refusal("b")])
    send_again(store, numbers[0], [incoming("Login", "ada"), incoming("Logout", "ada")])
    with Views(store) as views:
        assert views.left_waiting().events == 2
        assert [row.number for row in views.refused()] == numbers[1:]
    with pytest.raises(StoreError, match="no refused event has the number 1"):
        send_again(store, numbers[0], [incoming("Login", "ada")])
    with pytest.raises(StoreError, match="no refused event has the number 1"):
        drop_refused(store, numbers[0])
    with Views(store) as views:
        assert views.left_waiting().events == 2
    assert drop_refused(store, numbers[1]) == 1
    assert drop_refused(store, None) == 0


def test_one_that_cannot_be_put_into_the_inbox_stays(store: Path) -> None:
    (number,) = keep_refused(store, [refusal("a")])
    con = sqlite3.connect(store)
    con.execute("CREATE TRIGGER full BEFORE INSERT ON inbox BEGIN SELECT RAISE(ABORT, 'full'); END")
    con.close()
    with pytest.raises(StoreError, match="full"):
        send_again(store, number, [incoming("Login", "ada")])
    assert len(bodies(store)) == 1


@pytest.mark.parametrize(
    ("user", "subject", "body", "theirs"),
    [
        ("ada", "ada", "{}", True),
        ("ada", "bob", '{"userId": "bob", "friend": "ada"}', False),
        ("ada", None, '{"userId": "", "traits": {"id": "ada\\t"}}', True),
        ("42", None, '{"user": {"id": 42}}', True),
        ("ada", None, '{"note": "of ada"}', False),
        ("ada", None, '{"note": "of ada@example.com"}', True),
        ("ada", None, '{"cut off": "ada"', True),
        ("zoë", None, '{"cut off": "zo\\u00eb"', True),
        ("ada", None, '{"cut off": "ada@example.com', True),
        ("ada", None, '{"cut off": "adam"', False),
        ("ada", None, "[" * 50_000 + '"ada"', True),
    ],
)
def test_whose_a_refused_event_is(user: str, subject: str | None, body: str, theirs: bool) -> None:
    assert concerns(user, ["ada@example.com"], subject, body) is theirs


@pytest.mark.parametrize(
    ("text", "said"),
    [("a\tb ", "ab"), (7, "7"), (1.5, "1.5"), (True, None), (None, None), ([], None), (" \x00", None)],
)
def test_a_user_is_told_as_one_speaks_of_them(text: object, said: str | None) -> None:
    assert readable(text) == said


def test_erase_reaches_them_and_those_of_snapshots(tmp_path: Path) -> None:
    store = lived(tmp_path / "studio.db", inbox=False)
    keep_refused(store, [refusal("a", "Zelda-Quux"), refusal("b", "Bob-Bob"), refusal("c", None)])
    keep_refused(store, [Refusal('{"userId": "", "mail": "zelda.quux@example.com"}', "it is empty")])

    async def rewind() -> None:
        async with Engine([welcome, guest], store=store, clock=StudioClock()) as engine:
            await engine.rewind(3)

    asyncio.run(rewind())
    assert len(bodies(store)) == 4, "a rewind leaves them"
    (snapshot,) = snapshots(store)
    assert len(bodies(snapshot.path)) == 4
    told = erase(store, "Zelda-Quux")
    assert (told.refused, told.snapshots) == (2, 1)
    for path in (store, snapshot.path):
        assert [json.loads(body)["text"] for body in bodies(path)] == ["b", "c"]
        assert b"uux" not in path.read_bytes()
        assert compare(path) == []


def test_a_user_of_whom_nothing_could_be_taken_can_be_erased(store: Path) -> None:
    keep_refused(store, [refusal("a", "ada")])
    assert erase(store, "ada").refused == 1
    assert bodies(store) == []
    with pytest.raises(StoreError, match="there is no user 'ada'"):
        erase(store, "ada")


def test_prune_takes_old_ones_away(store: Path) -> None:
    keep_refused(store, [refusal("old"), refusal("new")])
    con = sqlite3.connect(store)
    with con:
        con.execute("UPDATE refused SET at = at - ? WHERE id = 1", (100 * DAY,))
    con.close()
    assert count_prunable(store, 90 * DAY).refused == 1
    assert [json.loads(body)["text"] for body in bodies(store)] == ["old", "new"]
    assert prune(store, 90 * DAY).refused == 1
    assert [json.loads(body)["text"] for body in bodies(store)] == ["new"]
    assert not count_prunable(store, 90 * DAY).anything


def test_they_go_with_an_export_and_stay_out_of_a_fork(tmp_path: Path) -> None:
    store = lived(tmp_path / "studio.db", inbox=False)
    keep_refused(store, [refusal("a", "Zelda-Quux"), refusal("b", "nobody-yet")])
    lines = [json.dumps(line).encode() for line in export(store)]
    told = take_in(tmp_path / "other.db", lines, "file")
    assert told.refused == 2
    assert bodies(tmp_path / "other.db") == bodies(store)
    with Views(store) as ours, Views(tmp_path / "other.db") as theirs:
        assert theirs.refused() == ours.refused()
    (own,) = [line["refused"] for line in export(store, "nobody-yet") if "refused" in line]
    assert json.loads(own["body"])["text"] == "b"
    assert [line["refused"]["user"] for line in export(store, "Zelda-Quux") if "refused" in line] == [
        "Zelda-Quux"
    ]
    with pytest.raises(StoreError, match="there is no user 'nobody'"):
        list(export(store, "nobody"))
    fork_store(store, None, tmp_path / "fork.db", START)
    assert bodies(tmp_path / "fork.db") == []


def test_an_export_of_refused_events_alone_makes_a_store(store: Path, tmp_path: Path) -> None:
    keep_refused(store, [refusal("a")])
    lines = [json.dumps(line).encode() for line in export(store)]
    take_in(tmp_path / "other.db", lines, "file")
    assert len(bodies(tmp_path / "other.db")) == 1
    for wrong in (7, {"at": 1}, {"at": 1, "body": 7, "reason": "x", "user": None, "event": None}):
        more = [lines[0], json.dumps({"refused": wrong}).encode()]
        with pytest.raises(StoreError, match="file:2: the line is not part of an export"):
            take_in(tmp_path / "third.db", more, "file")
    assert not (tmp_path / "third.db").exists()


def test_a_store_of_an_older_version_has_none(store: Path, tmp_path: Path) -> None:
    con = sqlite3.connect(store)
    with con:
        con.execute("DROP TABLE refused")
        con.execute("DELETE FROM _sqlite_migrations WHERE name = 'm004_keep_refused_events'")
    con.close()
    with Views(store) as views:
        assert (views.refused(), views.left_aside()) == ([], LeftAside(0, 0))
        with pytest.raises(StoreError, match="no refused event has the number 1"):
            views.refused_event(1)
    assert count_prunable(store, DAY).refused == 0
    assert not any("refused" in line for line in export(store))
    fork_store(store, None, tmp_path / "fork.db", START)
    assert keep_refused(store, [refusal("a")]) == [1], "the first to write brings it up to date"


def test_a_running_engine_takes_what_is_sent_again(tmp_path: Path) -> None:
    store = tmp_path / "studio.db"

    async def live() -> list[Entry]:
        async with Engine(welcome, store=store):
            (number,) = keep_refused(store, [refusal("a")])
            send_again(store, number, [incoming("signup", {"id": "ada", "email": "ada@example.com"})])
            send(store, [incoming("last", "ada")])
            with Views(store) as views:
                while not any(entry.name == "last" for entry in views.timeline("ada")):
                    await asyncio.sleep(0.01)
                return views.timeline("ada")

    assert "journey.started" in [entry.kind for entry in asyncio.run(live())]
