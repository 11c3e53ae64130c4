"""Any interleaving of events, deadlines and restarts gives the very history of the run without restarts."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from studio import Engine, Journey, StepFailed, VirtualClock, incoming, workflow
from studio.clocks.clock import to_ms
from studio.engine.engine import Engine as EngineClass
from studio.kernel import decision_applier
from studio.language.commands import Command
from studio.language.definition import Workflow
from studio.language.waited import Waited
from tests.engine.support import Row, history, sound

MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
"""Where a store is made thousands of times: in memory, where there is such a place."""

NAMES = ("a", "b", "c")
USERS = ("ada", "bob")
START = 1_000_000

# -- small workflows, made from a list of orders -------------------------------------------

Order = tuple[Any, ...]


def describe(value: Any) -> Any:
    """What came of an order, as a line of a log."""
    if isinstance(value, Waited):
        return ["timeout"] if value.timed_out else [(event.name, event["n"]) for event in value]
    return [describe(one) for one in value] if isinstance(value, list) else value


def command(journey: Journey, order: Order) -> Command[Any]:
    what = order[0]
    if what == "wait":
        _, name, match, timeout, past = order
        return journey.wait_for(
            name,
            None if match is None else {"n": match},
            None if timeout is None else f"{timeout}s",
            past=past,
        )
    if what == "sleep":
        return journey.sleep(f"{order[1]}s", order[1])
    if what == "step":
        return journey.step(f"step{order[1]}", work, order[1], retries=order[2], pause="3s")
    if what == "send":
        return journey.ingest(order[1], {"n": order[2], "sent": True}, user=order[3])
    if what == "any":
        timeout = None if order[2] is None else f"{order[2]}s"
        return journey.wait_any(*[command(journey, one) for one in order[1]], timeout=timeout)
    assert what == "all"
    return journey.wait_all(*[command(journey, one) for one in order[1]])


def work(number: int) -> int:
    """A step; every third fails."""
    if number % 3 == 2:
        raise ValueError(f"no {number}")
    return number * 10


def make(name: str, orders: Sequence[Order], end: str, trigger: Any, **more: Any) -> Workflow:
    @workflow(name=name, trigger=trigger, **more)
    async def made(journey: Journey) -> Any:
        journey.log(
            f"pass {journey.pass_number} at {to_ms(journey.now()) // 1000} for {journey.trigger.name}"
        )
        try:
            for order in orders:
                try:
                    value = describe(await command(journey, order))
                except StepFailed as error:
                    value = str(error)
                journey.log(f"{order[0]} {value} at {to_ms(journey.now()) // 1000} {journey.random():.4f}")
            if end == "again" and journey.pass_number < 4:
                await journey.new_pass()
        finally:
            # Runs at each leaving as well, and must leave no trace there.
            journey.log("leaving")
            await journey.ingest("left", {"n": journey.pass_number})
        if end == "raise":
            raise ValueError("the end")
        return {"user": dict(journey.user)} if end == "result" else None

    return made


seconds = st.integers(0, 30)
waits = st.tuples(
    st.just("wait"),
    st.sampled_from([*NAMES, "*", ["a", "b"]]),
    st.none() | st.integers(0, 2),
    st.none() | seconds,
    st.sampled_from([True, True, False, "ever"]),
)
sleeps = st.tuples(st.just("sleep"), seconds)
steps = st.tuples(st.just("step"), st.integers(0, 5), st.integers(0, 1))
sends = st.tuples(st.just("send"), st.sampled_from(NAMES), st.integers(0, 2), st.sampled_from(USERS))
single = st.one_of(waits, waits, sleeps, steps)
groups = st.tuples(st.just("any"), st.lists(single, min_size=1, max_size=3), st.none() | seconds) | st.tuples(
    st.just("all"), st.lists(single, min_size=1, max_size=3)
)
orders = st.lists(st.one_of(waits, waits, sleeps, steps, sends, groups), min_size=1, max_size=4)
ends = st.sampled_from(["result", "none", "again", "raise"])
options = st.sampled_from(
    [{}, {}, {"again": True}, {"key": "n"}, {"key": "n", "again": True}, {"exit_on": "c"}]
)
workflows = st.lists(
    st.tuples(orders, ends, st.sampled_from(["a", ["a", "b"], "*"]), options), min_size=1, max_size=2
)


@dataclass
class Move:
    """What comes next: some events at once, and then some time."""

    events: list[tuple[str, str, int]] = field(default_factory=list)
    seconds: float = 0


moves = st.lists(
    st.builds(
        Move,
        st.lists(
            st.tuples(
                st.sampled_from(["a", *NAMES, *NAMES, "identify"]), st.sampled_from(USERS), st.integers(0, 2)
            ),
            min_size=1,
            max_size=4,
        ),
        seconds,
    ),
    min_size=2,
    max_size=6,
)


async def run(
    path: Path, made: list[Workflow], script: list[Move], restarts: set[int], batch: int, start: int = 0
) -> None:
    """Play a script, with a new engine and a new clock after some of its moves."""
    engine: EngineClass | None = None
    number = start
    for place, move in enumerate(script):
        if engine is None:
            engine = Engine(made, store=path, clock=VirtualClock(START), batch=batch, durability="normal")
            await engine.start()
        given = []
        for name, user, n in move.events:
            number += 1
            data = {"n": n, "email": f"{user}{number}@b.c"} if n else {"n": n}
            given.append(incoming(name, user, data, f"id{number}"))
        await engine.ingest_many(given)
        await engine.forward(move.seconds)
        if place in restarts:
            await engine.stop()
            engine = None
    if engine is not None:
        await engine.stop()


@pytest.fixture(autouse=True, scope="module")
def soon_a_runaway() -> Iterator[None]:
    """Workflows made by chance often wake each other without end; here that ends early, in all ways alike."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decision_applier, "MAX_FAN_OUT", 50)
        patch.setattr(decision_applier, "MAX_CAUSATION_DEPTH", 50)
        yield


def salted(path: Path) -> None:
    """A store whose random numbers are those of every other such store."""
    from studio.store.database import open_database

    con = open_database(path)
    con.execute("UPDATE meta SET value = 'salt' WHERE key = 'salt'")
    con.close()


async def histories(
    specs: list[tuple[list[Order], str, Any, dict[str, Any]]],
    script: list[Move],
    ways: list[tuple[set[int], int]],
) -> list[list[Row]]:
    made = [make(f"w{i}", *spec[:3], **spec[3]) for i, spec in enumerate(specs)]
    found = []
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        for number, (restarts, batch) in enumerate(ways):
            path = Path(folder) / f"{number}.db"
            salted(path)
            await run(path, made, script, restarts, batch)
            sound(path)
            found.append(history(path))
    return found


@pytest.mark.long
@pytest.mark.xdist_group("restarts")
@settings(
    max_examples=40,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(workflows, moves, st.data())
async def test_any_interleaving_with_restarts_gives_the_very_history_of_the_run_without(
    specs: list[tuple[list[Order], str, Any, dict[str, Any]]], script: list[Move], data: st.DataObject
) -> None:
    places = list(range(len(script)))
    restarts = data.draw(st.sets(st.sampled_from(places)), label="restarts")
    plain, restarted, all_restarted, one_by_one = await histories(
        specs, script, [(set(), 1000), (restarts, 1000), (set(places), 1000), (set(), 1)]
    )
    event(f"{min(len(plain) // 20 * 20, 200)}+ entries")
    assert restarted == plain
    assert all_restarted == plain
    assert one_by_one == plain


@pytest.mark.long
@pytest.mark.xdist_group("restarts")
@settings(
    max_examples=20,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(workflows, moves, st.integers(1, 6))
async def test_one_jump_gives_the_history_of_many_small_ones(
    specs: list[tuple[list[Order], str, Any, dict[str, Any]]], script: list[Move], parts: int
) -> None:
    small = []
    for move in script:
        small.append(Move(move.events, move.seconds % parts))
        small += [Move([], move.seconds // parts) for _ in range(parts)]
    (whole,) = await histories(specs, script, [(set(), 1000)])
    (divided,) = await histories(specs, small, [(set(), 1000)])
    assert whole == divided


@pytest.mark.long
@pytest.mark.xdist_group("restarts")
@settings(max_examples=40, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(workflows, moves)
async def test_events_played_are_events_sent_when_their_time_came(
    specs: list[tuple[list[Order], str, Any, dict[str, Any]]], script: list[Move]
) -> None:
    """`play` hands in everything at once; the history is that of handing it in bit by bit.

    No event comes at the moment of a deadline: of one moment, `play` serves all events
    first, and a clock that has been moved there has served the deadline.
    """
    script = [Move(move.events, move.seconds + 0.001) for move in script]
    (sent,) = await histories(specs, script, [(set(), 1000)])
    made = [make(f"w{i}", *spec[:3], **spec[3]) for i, spec in enumerate(specs)]
    at, number, events = START, 0, []
    for move in script:
        for name, user, n in move.events:
            number += 1
            data = {"n": n, "email": f"{user}{number}@b.c"} if n else {"n": n}
            events.append(incoming(name, user, data, f"id{number}", at=at))
        at += round(move.seconds * 1000)
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        path = Path(folder) / "played.db"
        salted(path)
        async with Engine(made, store=path, clock=VirtualClock(START), durability="normal") as engine:
            await engine.play(events, until=at)
        played = history(path)
    assert played == sent
