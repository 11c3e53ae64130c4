"""What other processes hand in: it is kept, stamped, taken once, and answered."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from pathlib import Path

import pytest
from filelock import FileLock

from studio import Engine, Journey, VirtualClock, WallClock, incoming, workflow
from studio.errors import JourneyError, StoreError
from studio.store.database import open_database
from studio.store.inbox import answer, answer_to, ask, decode, encode, engine_of, lock_path, send
from tests.engine.support import child, entries, journey, sound, until


@workflow(trigger="signup")
async def welcome(journey: Journey) -> bool:
    paid = await journey.wait_for("paid", timeout="1h")
    return bool(paid)


@workflow(trigger="break")
async def broken(journey: Journey) -> None:
    raise ValueError("no")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "studio.db"


def test_an_event_reads_back_as_it_was_written() -> None:
    event = incoming(
        "app/login", {"id": "ada", "email": "a@b.c"}, {"n": [1, "名前"]}, "evt-1", sent_at=5, extra={"x": 1}
    )
    assert decode(encode(event)) == event
    assert decode(encode(incoming("a", "b"))) == incoming("a", "b")


def test_events_sent_without_an_engine_wait_for_one(path: Path) -> None:
    assert send(path, [incoming("signup", "ada"), incoming("paid", "ada")]) == 2
    assert engine_of(path) is None
    with Engine(welcome, store=path) as engine:
        engine._running.idle().result(10)
    assert journey(path, "welcome/ada").status == "completed"
    assert [entry.name for entry in entries(path, "event")] == ["signup", "paid"]
    sound(path)


def test_nothing_to_send_is_nothing(path: Path) -> None:
    assert send(path, []) == 0


async def test_an_event_of_another_process_wakes_an_idle_engine_at_once(path: Path) -> None:
    code = (
        "import sys\nfrom studio import incoming\nfrom studio.store.inbox import send\n"
        "print('ready', flush=True)\n"
        "for line in sys.stdin:\n"
        "    send(sys.argv[1], [incoming(line.strip(), 'ada')]); print('sent', flush=True)\n"
    )
    changed = threading.Event()
    async with Engine(welcome, store=path) as engine:
        engine.on_change(changed.set)
        other = child(code, str(path))
        assert other.stdin is not None
        assert other.stdout is not None
        try:
            assert other.stdout.readline() == "ready\n"
            for name in ("signup", "login", "paid"):
                changed.clear()
                other.stdin.write(name + "\n")
                other.stdin.flush()
                assert other.stdout.readline() == "sent\n"
                # The bench measures how soon.
                assert changed.wait(60)
            await until(lambda: journey(path, "welcome/ada").status == "completed")
        finally:
            other.kill()
            other.communicate()
    sound(path)


def test_an_event_with_an_id_counts_once_however_it_came(path: Path) -> None:
    send(path, [incoming("paid", "ada", {"n": 1}, "evt-1")])
    with Engine(welcome, store=path) as engine:
        engine._running.idle().result(10)
        (again,) = engine.submit([incoming("paid", "ada", {"n": 2}, "evt-1")]).result(10)
        assert again.duplicate
        assert again["n"] == 1
        send(path, [incoming("paid", "ada", {"n": 3}, "evt-1")])
        engine._running.idle().result(10)
    assert [entry.data for entry in entries(path, "event")] == [{"n": 1}]
    sound(path)


@workflow(trigger="slow")
async def slow(journey: Journey) -> int:
    journey.log("driving")
    time.sleep(0.3)
    return 1


async def test_an_event_that_comes_while_the_engine_is_busy_is_noticed_after_it(path: Path) -> None:
    async with Engine([welcome, slow], store=path) as engine:
        await engine.ingest("signup", "ada")
        busy = engine.submit([incoming("slow", "bob")])
        time.sleep(0.1)
        send(path, [incoming("paid", "ada")])
        busy.result(10)
        await until(lambda: journey(path, "welcome/ada").status == "completed")


def test_many_processes_may_send_at_once_and_each_event_counts_once(path: Path) -> None:
    code = (
        "import sys\nfrom studio import incoming\nfrom studio.store.inbox import send\n"
        "for n in range(50):\n"
        "    send(sys.argv[1], [incoming('tick', sys.argv[2], {'n': n}, f'{sys.argv[2]}/{n}')], timeout=20)\n"
    )
    with Engine(welcome, store=path) as engine:
        senders = [child(code, str(path), name) for name in ("ada", "bob", "cyd")]
        for sender in senders:
            sender.communicate(timeout=60)
            assert sender.returncode == 0
        engine._running.idle().result(10)
    for name in ("ada", "bob", "cyd"):
        assert [e.data["n"] for e in entries(path, "event", user=name)] == list(range(50))
    con = sqlite3.connect(path)
    assert con.execute("SELECT count(*) FROM inbox").fetchone() == (0,)
    con.close()
    sound(path)


def test_a_writer_that_holds_the_lock_for_long_is_told_of(path: Path) -> None:
    open_database(path).close()
    con = sqlite3.connect(path, isolation_level=None)
    con.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="another program holds the store's write lock for long"):
        send(path, [incoming("a", "ada")], timeout=0.1)
    con.execute("COMMIT")
    con.close()
    assert send(path, [incoming("a", "ada")]) == 1


def test_the_lock_is_waited_for_as_long_as_was_said(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []

    def traced(path: Path) -> sqlite3.Connection:
        con = open_database(path)
        con.set_trace_callback(said.append)
        return con

    monkeypatch.setattr("studio.store.inbox.open_database", traced)
    send(path, [incoming("a", "ada")], timeout=2.0)
    assert said[:2] == ["PRAGMA busy_timeout = 2000", "BEGIN IMMEDIATE"]
    assert said[-1] == "COMMIT"


def test_an_engine_that_has_not_said_who_it_is_runs_all_the_same(path: Path) -> None:
    open_database(path).close()
    lock_path(path).touch()
    assert engine_of(path) is None
    with FileLock(lock_path(path)):
        assert engine_of(path) == (0, 0)


def test_an_engine_goes_on_when_another_program_lets_go_of_the_lock(path: Path) -> None:
    with Engine(welcome, store=path) as engine:
        con = sqlite3.connect(path, isolation_level=None)
        con.execute("BEGIN IMMEDIATE")
        future = engine.submit([incoming("signup", "ada")])
        time.sleep(0.3)
        assert not future.done()
        con.execute("COMMIT")
        con.close()
        future.result(10)
    sound(path)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("event", "no json"),
        ("event", "[]"),
        ("event", "{}"),
        ("event", '{"name": "", "user": "ada", "data": "{}"}'),
        ("event", '{"name": "a", "user": 7, "data": "{}"}'),
        ("event", '{"name": "a", "user": "ada", "data": "no json"}'),
        ("event", '{"name": "a", "user": "ada", "data": "[1]"}'),
        ("event", '{"name": "a", "user": "ada", "data": {"x": 1}}'),
        ("event", '{"name": "signup", "user": "ada", "data": "{}", "sent_at": "x"}'),
        ("cancel", "no json"),
        ("cancel", "[]"),
        ("cancel", '{"journey": 7}'),
        ("dance", "{}"),
        ("", ""),
    ],
)
def test_whatever_lies_in_the_inbox_the_engine_goes_on(path: Path, kind: str, body: str) -> None:
    con = open_database(path)
    con.execute(
        "INSERT INTO inbox (at, kind, body) VALUES (?, ?, ?)", (time.time_ns() // 1_000_000, kind, body)
    )
    con.close()
    with Engine(welcome, store=path) as engine:
        engine.submit([incoming("signup", "bob")]).result(5)
        engine.submit([incoming("paid", "bob")]).result(5)
        assert engine.status().state == "running"
        # What nobody can read is answered and taken away, not tried for ever.
        end = time.monotonic() + 5
        while time.monotonic() < end:
            con = sqlite3.connect(path)
            (left,) = con.execute("SELECT count(*) FROM inbox").fetchone()
            con.close()
            if not left:
                break
            time.sleep(0.01)
        assert left == 0
    assert journey(path, "welcome/bob").status == "completed"
    sound(path)


def test_an_event_stamped_before_what_has_happened_comes_after_it(path: Path) -> None:
    """A clock was set back, or the sender's is behind the engine's: time in a store never goes back."""
    clock = WallClock()
    with Engine(welcome, store=path, clock=clock) as engine:
        engine.submit([incoming("signup", "ada")]).result(10)
        # As after the wall clock was set back by two hours: the engine's time is ahead of it.
        clock.move(clock.now() + 2 * 3_600_000)
        engine.submit([incoming("tick", "bob")]).result(10)
        end = time.monotonic() + 5
        while journey(path, "welcome/ada").status != "completed" and time.monotonic() < end:
            time.sleep(0.01)
        send(path, [incoming("paid", "ada")])
        engine._running.idle().result(10)
    found = [(e.kind, e.at) for e in entries(path, user="ada")]
    assert [kind for kind, _ in found][-1] == "event"
    assert [at for _, at in found] == sorted(at for _, at in found)


# -- acts ----------------------------------------------------------------------------------


def test_a_running_engine_answers_what_another_process_asks(path: Path) -> None:
    with Engine([welcome, broken], store=path) as engine:
        engine.submit([incoming("signup", "ada"), incoming("break", "bob")]).result(10)
        assert ask(path, "cancel", {"journey": "welcome/ada"}) == {"ok": True}
        assert journey(path, "welcome/ada").status == "cancelled"
        assert ask(path, "restart", {"journey": "welcome/ada"}) == {"ok": True}
        assert journey(path, "welcome/ada~2").status == "waiting"
        assert ask(path, "resume", {"journey": "broken/bob"}) == {"ok": True}
    sound(path)


@pytest.mark.parametrize(
    ("command", "id", "words"),
    [
        (
            "cancel",
            "welcome/nobody",
            "welcome/nobody: there is no such journey. Name one that is there.",
        ),
        ("cancel", "", "there is no such journey"),
        ("cancel", "nothing/ada", "nothing/ada: there is no such journey"),
        ("resume", "welcome/ada", "welcome/ada: it is waiting, and only a failed journey can be resumed"),
        ("dance", "welcome/ada", "this engine does not know 'dance'"),
    ],
)
def test_a_refused_act_comes_back_in_the_engines_words(path: Path, command: str, id: str, words: str) -> None:
    with Engine(welcome, store=path) as engine:
        engine.submit([incoming("signup", "ada")]).result(10)
        with pytest.raises(JourneyError, match=words):
            ask(path, command, {"journey": id})
        assert journey(path, "welcome/ada").status == "waiting"


def test_a_journey_that_is_asked_for_in_vain_makes_no_user(path: Path) -> None:
    with Engine(welcome, store=path) as engine:
        engine.submit([incoming("signup", "ada")]).result(10)
        with pytest.raises(JourneyError):
            ask(path, "cancel", {"journey": "welcome/mallory"})
    con = sqlite3.connect(path)
    assert con.execute("SELECT name FROM users").fetchall() == [("ada",)]
    con.close()


def test_without_an_engine_nobody_answers(path: Path) -> None:
    open_database(path).close()
    with pytest.raises(StoreError, match=r"no engine runs\. Start one"):
        ask(path, "cancel", {"journey": "welcome/ada"})
    con = sqlite3.connect(path)
    # An engine that starts tomorrow is not to do it.
    assert con.execute("SELECT count(*) FROM inbox").fetchone() == (0,)
    con.close()


def test_an_engine_that_does_not_answer_is_told(path: Path) -> None:
    open_database(path).close()
    with (
        FileLock(lock_path(path)),
        pytest.raises(StoreError, match=r"the engine did not answer within 0\.2 s"),
    ):
        ask(path, "cancel", {"journey": "welcome/ada"}, timeout=0.2)


def test_answers_are_kept_a_minute(path: Path) -> None:
    with Engine(welcome, store=path) as engine:
        engine.submit([incoming("signup", "ada")]).result(10)
        con = sqlite3.connect(path)
        con.execute("INSERT INTO answers VALUES (999999, ?, '{}')", (time.time_ns() // 1_000_000 - 61_000,))
        con.commit()
        ask(path, "cancel", {"journey": "welcome/ada"})
        ((number, body),) = con.execute("SELECT id, body FROM answers").fetchall()
        con.close()
    assert number != 999999
    assert json.loads(body) == {"ok": True}


# -- in virtual time -----------------------------------------------------------------------


async def test_events_for_a_virtual_clock_are_stamped_with_its_time(path: Path) -> None:
    clock = VirtualClock()
    async with Engine(welcome, store=path, clock=clock) as engine:
        await engine.ingest("signup", "ada")
        await engine.forward("30m")
        send(path, [incoming("paid", "ada")])
        await engine.run_until_idle()
        await engine.forward("2h")
    (_, paid) = entries(path, "event")
    assert paid.at == clock.now() - 2 * 3_600_000
    assert journey(path, "welcome/ada").status == "completed"
    sound(path)


def test_the_newest_answer_to_a_request_is_found_by_its_number(path: Path) -> None:
    con = open_database(path)
    assert answer_to(path, 7) is None
    answer(con, 7, {"jump": 7})
    assert answer_to(path, 7) == {"ok": True, "jump": 7}
    answer(con, 7, {"ended": "there"})
    assert answer_to(path, 7) == {"ok": True, "ended": "there"}
    con.execute("UPDATE answers SET body = ?", (json.dumps({"error": "it broke"}),))
    con.close()
    with pytest.raises(JourneyError, match="it broke"):
        answer_to(path, 7)
    path.write_bytes(b"no store")
    with pytest.raises(StoreError):
        answer_to(path, 7)


def test_to_look_for_an_engine_leaves_nothing_behind(path: Path) -> None:
    assert engine_of(path) is None
    open_database(path).close()
    assert engine_of(path) is None
    assert not lock_path(path).exists()
    # A lock beside no store is nobody's.
    path.unlink()
    lock_path(path).touch()
    with FileLock(lock_path(path)):
        assert engine_of(path) is None
    assert not path.exists()
