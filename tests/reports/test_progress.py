"""Where journeys got to: first visits of nodes, from the history that an engine wrote."""

from __future__ import annotations

import asyncio
from pathlib import Path

from studio import Engine, Journey, StepFailed, channel, goal, workflow
from studio.clocks.clock import VirtualClock
from studio.reports.reading import FunnelReader
from studio.store.views import Views
from tests.reports.journeys import START_MS, declared, nodes, play, read


def send(text: str = "") -> bool:
    return True


def refuse() -> None:
    raise ValueError("no")


@workflow(trigger="signup", exit_on="unsubscribed")
async def welcome(journey: Journey) -> bool:
    await journey.step("greet", send)
    if not await journey.wait_for("opened", timeout="3d"):
        await journey.step("remind", send)
        await journey.wait_for("opened", timeout="3d")
    return True


def test_each_journey_is_counted_once_at_each_node_by_what_became_of_its_first_visit(tmp_path: Path) -> None:
    store = tmp_path / "s.db"
    sent = [
        *(("0s", user, "signup") for user in ("ada", "bob", "cy", "dee", "eve")),
        ("1h", "ada", "opened"),
        ("1d", "bob", "unsubscribed"),
        ("4d", "cy", "opened"),
        ("5d", "dee", "unsubscribed"),
    ]
    play(store, welcome, sent, until="5d")
    found = read(store, "welcome")
    counts = nodes(found)
    assert (found.entered, dict(found.ended), found.waiting) == (5, {"completed": 2, "exited": 2}, 1)
    first, second = counts["wait:opened#0"], counts["wait:opened#1"]
    assert (first.entered, first.matched, first.missed, dict(first.left)) == (5, 1, 3, {"exited": 1})
    assert (second.entered, second.matched, dict(second.left), second.inside) == (3, 1, {"exited": 1}, 1)
    assert (counts["step:greet#0"].entered, counts["step:greet#0"].moved_on) == (5, 5)
    assert [node.key for node in found.nodes] == [
        *("start", "step:greet#0", "wait:opened#0", "step:remind#0", "wait:opened#1"),
    ]
    assert first.line is not None
    assert first.line.startswith("test_progress.py:")


@workflow(trigger="begin")
async def ticks(journey: Journey) -> bool:
    for _ in range(3):
        await journey.wait_for("tick")
    return True


def test_a_loop_is_one_node_whose_visits_count_each_time_round(tmp_path: Path) -> None:
    store = tmp_path / "s.db"
    play(store, ticks, [("0s", "ada", "begin"), *((f"{n}h", "ada", "tick") for n in (1, 2, 3))])
    node = nodes(read(store, "ticks"))["wait:tick#0"]
    assert (node.entered, node.moved_on, node.visits) == (1, 1, 3)


@workflow(trigger="begin")
async def parted(journey: Journey) -> bool:
    await journey.wait_any(journey.wait_for("tour"), journey.wait_for("login", timeout="2d"))
    return True


def test_a_group_is_a_node_with_its_members_behind_it(tmp_path: Path) -> None:
    store = tmp_path / "s.db"
    play(store, parted, [("0s", "ada", "begin"), ("0s", "bob", "begin"), ("1h", "ada", "tour")], until="1d")
    found = read(store, "parted")
    assert [(node.key, node.group) for node in found.nodes] == [
        *(("start", None), ("any#0", None)),
        *(("wait:tour#0", "any#0"), ("wait:login#0", "any#0")),
    ]
    login = nodes(found)["wait:login#0"]
    assert (login.entered, login.closed, login.inside) == (2, 1, 1)


@workflow(trigger="begin")
async def failing(journey: Journey) -> bool:
    await journey.wait_for("go", timeout="1d")
    try:
        await journey.step("try", refuse)
    except StepFailed:
        await journey.step("try again", refuse)
    return True


def test_a_failure_that_the_code_caught_goes_on_and_one_that_it_did_not_leaves(tmp_path: Path) -> None:
    store = tmp_path / "s.db"
    play(store, failing, [("0s", "ada", "begin"), ("1h", "ada", "go")])
    counts = nodes(read(store, "failing"))
    assert (counts["step:try#0"].missed, dict(counts["step:try#0"].left)) == (1, {})
    assert dict(counts["step:try again#0"].left) == {"failed": 1}


@workflow(trigger="begin")
async def again(journey: Journey) -> None:
    await journey.wait_for("go", timeout="1d")


def test_a_journey_between_two_passes_is_idle_and_its_later_passes_are_visits(tmp_path: Path) -> None:
    store = tmp_path / "s.db"
    play(
        store,
        again,
        [("0s", "ada", "begin"), ("1h", "ada", "go"), ("2h", "ada", "begin"), ("3h", "bob", "begin")],
        "4h",
    )
    found = read(store, "again")
    node = nodes(found)["wait:go#0"]
    assert (found.entered, found.idle, found.waiting) == (2, 1, 1)
    assert (node.entered, node.matched, node.inside, node.visits) == (2, 1, 1, 3)


def test_acts_of_the_operator_count_as_what_they_are(tmp_path: Path) -> None:
    store = tmp_path / "s.db"

    async def act() -> None:
        async with Engine(welcome, store=store, clock=VirtualClock(START_MS)) as engine:
            for user in ("ada", "bob"):
                await engine.ingest("signup", user)
            await engine.run_until_idle()
            await engine.cancel("welcome/ada")
            await engine.restart("welcome/bob")

    asyncio.run(act())
    found = read(store, "welcome")
    wait = nodes(found)["wait:opened#0"]
    assert (found.entered, dict(found.ended), found.waiting) == (3, {"cancelled": 2}, 1)
    assert (wait.entered, dict(wait.left), wait.inside) == (3, {"cancelled": 2}, 1)


email = channel("test email", quiet_hours="22:00-08:00", cap=["1 per day"], over="hold 2d")


@workflow(trigger="signup", holdout=50, goal=goal("paid", within="10d"))
async def courted(journey: Journey) -> bool:
    if await journey.wait_for("early", timeout="1h"):
        await journey.sleep("2h")
    await journey.message(email, "hello", send)
    await journey.sleep("3h")
    await journey.message(email, "again", send)
    return True


def test_messages_are_nodes_and_what_held_them_is_counted(tmp_path: Path) -> None:
    store = tmp_path / "s.db"
    users = [f"user{n}" for n in range(12)]
    play(
        store,
        courted,
        [*(("0s", user, "signup") for user in users), ("1d", "user3", "paid"), ("1d", "user4", "paid")],
    )
    found = read(store, "courted", declared(courted))
    counts = nodes(found)
    withheld = sum(n for what, n in found.held.items() if what.startswith("withheld, test email: holdout"))
    assert 0 < withheld < 24
    hello = counts["message:hello#0"]
    assert (hello.entered, hello.matched + hello.missed, hello.visits) == (12, 12, 12)
    assert hello.matched + counts["message:again#0"].matched == sum(found.sent_at.values()) == 24 - withheld
    assert any(what.startswith("deferred, test email: cap 1 per day") for what in found.held)
    assert (found.outcome, found.reached, found.finished, found.finished_reached) == ("paid", 2, 12, 2)
    assert not any(node.family == "step" for node in found.nodes)


news = channel("test news")
LIMA = {"timezone": "America/Lima"}


@workflow(trigger="signup", timezone="Europe/Berlin", key="n")
async def told(journey: Journey) -> bool:
    await journey.message(news, "hello", send)
    return True


def test_messages_are_told_by_the_hour_of_the_users_own_clock(tmp_path: Path) -> None:
    store = tmp_path / "s.db"
    # 09:00 UTC of a Monday. ada has no zone, bob is in Lima, and no place has the name that eve gives.
    berlin, lima, tokyo = (0, 10), (0, 4), (0, 18)

    async def act() -> None:
        async with Engine(told, store=store, clock=VirtualClock(START_MS)) as engine:
            with Views(store) as views:
                reader = FunnelReader(views, "told")
                reader.declared(told)
                for user, zone in (("ada", {}), ("bob", LIMA), ("eve", {"timezone": "Europe/Berlon"})):
                    await engine.ingest("signup", {"id": user, **zone}, {"n": 1})
                await engine.run_until_idle()
                assert reader.read()
                assert reader.funnel(START_MS, None).sent_at == {berlin: 2, lima: 1}
                # bob moves; what he got before stays where he was.
                await engine.ingest("identify", "bob", {"timezone": "Asia/Tokyo"})
                await engine.ingest("signup", "bob", {"n": 2})
                await engine.run_until_idle()
                assert reader.read()
                assert reader.funnel(START_MS, None).sent_at == {berlin: 2, lima: 1, tokyo: 1}

    asyncio.run(act())
    # Whoever reads all at once counts the same.
    assert read(store, "told", declared(told)).sent_at == {berlin: 2, lima: 1, tokyo: 1}


def test_one_key_at_two_lines_is_two_nodes(tmp_path: Path) -> None:
    store = tmp_path / "s.db"
    play(store, courted, [("0s", "ada", "signup"), ("0s", "bob", "signup"), ("10m", "bob", "early")])
    sleeps = [node for node in read(store, "courted").nodes if node.family == "sleep"]
    assert [(node.entered, node.visits) for node in sleeps] == [(1, 1), (2, 2)]
