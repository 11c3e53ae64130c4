"""The derived tables follow from the history."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studio import Engine, Journey, VirtualClock, workflow
from studio.errors import JourneyError, StoreError
from studio.language.kinds import Kind, Status
from studio.store.connect import connect_reader
from studio.store.rebuild import SHOWN, compare, rebuild
from studio.store.views import Views
from tests.store.build import START, Builder, many, small


def change(path: Path, *statements: str) -> None:
    con = sqlite3.connect(path)
    with con:
        for statement in statements:
            con.execute(statement)
    con.close()


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return small(tmp_path / "studio.db")


def test_a_store_agrees_with_its_history(store: Path, tmp_path: Path) -> None:
    assert compare(store) == []
    assert compare(Builder(tmp_path / "empty.db").done()) == []
    assert compare(many(tmp_path / "many.db", (f"u{i}" for i in range(2_500)), events=2)) == []


def test_a_deadline_that_stands_by_is_no_difference(store: Path) -> None:
    change(store, "UPDATE waits SET due = -due")
    assert compare(store) == []
    change(store, "UPDATE waits SET due = due - 1")
    assert len(compare(store)) == 2


def test_what_is_rebuilt_equals_what_is_stored(store: Path) -> None:
    con = connect_reader(store)
    derived = rebuild(con)
    assert derived.journeys == con.execute("SELECT * FROM journeys ORDER BY id").fetchall()
    assert derived.waits == con.execute("SELECT * FROM waits ORDER BY journey, id").fetchall()
    assert derived.profiles == con.execute("SELECT * FROM profiles").fetchall()
    assert derived.totals == con.execute("SELECT * FROM totals ORDER BY workflow, kind").fetchall()
    assert derived.places == con.execute("SELECT * FROM places ORDER BY 1, 2, 3, 4").fetchall() != []
    con.close()


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        (
            "UPDATE journeys SET status = 3 WHERE id = 1",
            "journeys: welcome/ada: status is completed and must be waiting",
        ),
        (
            "UPDATE journeys SET note = NULL",
            "journeys: welcome/ada: note is nothing and must be 'second day'",
        ),
        ("DELETE FROM journeys WHERE id = 2", "journeys: cart/bob~/x~~2/c1 is missing"),
        (
            "INSERT INTO journeys VALUES (9, 1, 1, '', 9, 1, 1, 1, 1, 1, 0, NULL)",
            "journeys: signup/ada~9 is there, and the history knows nothing of it",
        ),
        (
            "UPDATE waits SET due = due + 1 WHERE kind = 20",
            f"due is {START + 3_604_001} and must be {START + 3_604_000}",
        ),
        ("DELETE FROM waits WHERE kind = 10", "waits: the wait that entry 9 opened is missing"),
        ("DELETE FROM profiles", "profiles: the profile of ada as of entry 1 is missing"),
        (
            "UPDATE totals SET n = 7 WHERE workflow = 0 AND kind = 1001",
            "totals: the number of users: n is 7 and must be 2",
        ),
        (
            "UPDATE totals SET n = 7 WHERE workflow > 0 AND kind = 2004",
            "totals: the number of journeys that are failed in cart: n is 7 and must be 1",
        ),
        (
            "UPDATE places SET n = 7 WHERE kind = 10",
            "places: the number of open waits of kind 10 of paid, left at welcome.py:7 in welcome: n is 7",
        ),
        ("DELETE FROM places", "is missing"),
        ("DELETE FROM users WHERE id = 2", "history speaks of user 2, who is not in users"),
    ],
)
def test_a_difference_is_told(store: Path, statement: str, sentence: str) -> None:
    change(store, statement)
    assert any(sentence in told for told in compare(store)), compare(store)


def test_totals_of_zero_may_be_there_or_not(store: Path) -> None:
    change(store, "INSERT INTO totals VALUES (0, 2003, 0)")
    assert compare(store) == []


def test_very_many_differences_are_cut(tmp_path: Path) -> None:
    path = many(tmp_path / "s.db", (f"u{i}" for i in range(50)))
    change(path, "DELETE FROM waits")
    told = compare(path)
    assert len(told) == 21
    assert told[-1] == "waits: more rows differ"


@pytest.mark.parametrize("wrong", [SHOWN, SHOWN + 1])
def test_more_differences_than_are_told_are_said_to_be_there(tmp_path: Path, wrong: int) -> None:
    path = many(tmp_path / "many.db", (f"user{n}" for n in range(SHOWN + 5)))
    con = sqlite3.connect(path)
    with con:
        con.execute("UPDATE journeys SET note = 'x' WHERE id <= ?", (wrong,))
    con.close()
    told = compare(path)
    assert len([each for each in told if "note is 'x'" in each]) == SHOWN
    assert told[SHOWN:] == (["journeys: more rows differ"] if wrong > SHOWN else [])


def test_passes_in_one_moment_are_counted(tmp_path: Path) -> None:
    b = Builder(tmp_path / "s.db")
    first = b.event("e", "ada")
    journey = b.journey("w", "ada", first)
    sent = b.event("again", "ada", journey=journey, n=0)
    for at, cause, still in (
        (0, sent, 1),
        (0, sent, 2),
        (5, sent, 0),
        (5, first, 0),
        (5, first, 1),
        (5, sent, 2),
    ):
        b.con.execute("UPDATE journeys SET pass = pass + 1 WHERE id = ?", (journey,))
        seq = b.entry(Kind.PASS, at, journey=journey, name="w", cause=cause)
        values = (seq, cause, still, Status.IDLE, journey)
        b.con.execute(
            "UPDATE journeys SET pass_seq = ?, trigger = ?, still = ?, status = ? WHERE id = ?", values
        )
        b.con.execute("SAVEPOINT here")
        derived = rebuild(b.con)
        assert derived.journeys == b.con.execute("SELECT * FROM journeys").fetchall()
        b.con.execute("RELEASE here")
    b.con.close()


def test_profiles_grow_by_the_rules(tmp_path: Path) -> None:
    b = Builder(tmp_path / "s.db")
    b.event("e", "ada", 0, {"email": "first@x"})
    b.event("e", "ada", 1, {"email": "second@x"})
    b.event("identify", "ada", 2, {"id": "other", "email": "third@x", "plan": "pro"})
    b.event("e", "ada", 3, {}, meta={"profile": {"name": "Ada"}})
    b.event("identify", "ada", 4, {"plan": "pro"})
    profiles = [(seq, text) for _, seq, text in rebuild(b.con).profiles]
    assert profiles == [
        (1, '{"email":"first@x"}'),
        (3, '{"email":"third@x","plan":"pro"}'),
        (4, '{"email":"third@x","plan":"pro","name":"Ada"}'),
    ]
    b.con.close()


def test_a_missing_store_is_no_agreement(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no store here"):
        compare(tmp_path / "none.db")


# -- what an engine keeps ------------------------------------------------------------------


@workflow(trigger=["a", "b"])
async def passes(journey: Journey) -> Any:
    journey.note(f"pass {journey.pass_number}")
    b = await journey.wait_for("b", match={"x": 1}, timeout="3s", past=False)
    if b:
        await journey.ingest("sent", {"x": 2}, id=f"{journey.user.id}-{journey.pass_number % 2}")
        return None
    await journey.sleep("2s", id="rest")
    if len(journey.events("c")) > 2:
        return {"ok": True}
    return None


@workflow(trigger="a", key="x", again=True, exit_on="d")
async def keyed(journey: Journey) -> Any:
    async def fails() -> None:
        raise ValueError("no")

    either = await journey.wait_any(
        journey.wait_for(["b", "c*"]),
        journey.sleep("4s"),
        journey.step("look", lambda: 1, once=True),
        timeout="5s",
    )
    if journey.trigger.data.get("x") == 2:
        await journey.step("fail", fails, retries=1)
    await journey.wait_all(journey.wait_for("sent", id="mine"), journey.wait_for("b"), timeout="6s")
    return len(either)


@workflow(trigger="c")
async def spinning(journey: Journey) -> None:
    if len(journey.events("c")) == 2:
        await journey.new_pass()
    await journey.ingest("other", user="zoe")


@workflow(trigger="other")
async def gifts(journey: Journey) -> None:
    await journey.wait_for("never")


EVENTS: st.SearchStrategy[tuple[int, str, Any, dict[str, Any]]] = st.tuples(
    st.integers(0, 5_000),
    st.sampled_from(["a", "b", "c", "d", "identify"]),
    st.sampled_from(["ada", "bob"]),
    st.sampled_from([{}, {"x": 1}, {"x": 2}, {"email": "e@x"}, {"email": "f@x", "x": 1}]),
)
ACTS: st.SearchStrategy[tuple[int, str, Any, dict[str, Any]]] = st.tuples(
    st.just(0), st.sampled_from(["cancel", "resume", "restart"]), st.integers(0, 9), st.just({})
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(EVENTS | ACTS, max_size=14), st.sampled_from([1, 1_000]))
def test_an_engine_keeps_what_the_history_says(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, str, Any, dict[str, Any]]], batch: int
) -> None:
    path = tmp_path_factory.mktemp("engine") / "s.db"

    async def play() -> None:
        clock = VirtualClock()
        async with Engine([passes, keyed, spinning, gifts], store=path, clock=clock, batch=batch) as engine:
            for wait, what, whom, data in steps:
                if isinstance(whom, int):
                    with Views(path) as views:
                        journeys = views.journeys(limit=whom + 1)
                    if journeys:
                        with suppress(JourneyError):
                            await getattr(engine, what)(journeys[-1].id)
                    continue
                await engine.forward(wait / 1000)
                await engine.ingest(what, whom, data)
            assert compare(path) == []
            await engine.forward("30s")

    asyncio.run(play())
    assert compare(path) == []


async def test_an_open_once_step_is_another_than_one_of_its_name(tmp_path: Path) -> None:
    go = threading.Event()

    def mail(which: str) -> str:
        assert go.wait(60)
        return which

    @workflow(trigger="signup")
    async def mails(journey: Journey) -> list[str]:
        once = journey.step("mail", mail, "once", once=True)
        return await journey.wait_all(once, journey.step("mail", mail, "each time"))

    path = tmp_path / "studio.db"
    async with Engine(mails, store=path) as engine:
        await engine.ingest("signup", "ada")
        with connect_reader(path) as con:
            open_steps = con.execute(
                "SELECT count(*) FROM waits WHERE kind = ?", (Kind.STEP_STARTED,)
            ).fetchone()
        con.close()
        assert open_steps == (2,)
        assert compare(path) == []
        go.set()
        await engine.run_until_idle()
    assert compare(path) == []
