"""What a batch of events needs is read in a few statements, however many they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio import Journey, incoming, workflow
from studio.engine.work.prefetch import prefetch
from studio.language.definition import Workflow
from studio.language.incoming import Incoming
from tests.engine.bench import Bench

USERS = 40


@workflow(trigger="go", key="k", name="waits")
async def waits(journey: Journey) -> None:
    await journey.wait_for("paid")


def statements(bench: Bench, events: list[Incoming], *, ahead: bool) -> tuple[int, list[str]]:
    """How many statements a batch of these events takes, and what it appends."""
    seen: list[str] = []
    con = bench.store.connection
    con.set_trace_callback(seen.append)
    if ahead:
        prefetch(bench.batch, events)
    for event in events:
        bench.batch.event(event, 50)
    con.set_trace_callback(None)
    return len(seen), [each[0] for each in bench.told()]


def filled(path: Path) -> Bench:
    bench = Bench(path, waits)
    for number in range(USERS):
        bench.batch.event(incoming("go", f"user{number}", {"k": 1}, id=f"e{number}"), 10)
    bench.write()
    return bench


def test_events_of_many_users_take_few_statements_and_come_to_the_same(tmp_path: Path) -> None:
    events = [incoming("paid", f"user{number}", {"k": 1}, id=f"p{number}") for number in range(USERS)]
    few, ahead = statements(filled(tmp_path / "a.db"), events, ahead=True)
    many, one_by_one = statements(filled(tmp_path / "b.db"), events, ahead=False)
    assert ahead == one_by_one
    assert ahead.count("wait.matched") == USERS
    # What is left is what no event needs before its journey goes on.
    assert few < 2 * USERS < 3 * USERS < many


def test_of_users_who_are_new_nothing_is_read(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "a.db", waits)
    events = [incoming("go", f"new{number}", {"k": 1}) for number in range(USERS)]
    few, told = statements(bench, events, ahead=True)
    assert told.count("journey.started") == USERS
    assert few < 10 < USERS


@workflow(trigger="go", key="k", name="rests")
async def rests(journey: Journey) -> None:
    return None


@pytest.mark.parametrize(("which", "passes", "most"), [(waits, 0, USERS), (rests, USERS, 2 * USERS)])
def test_triggers_of_users_who_have_a_journey_take_few_statements_too(
    tmp_path: Path, which: Workflow, passes: int, most: int
) -> None:
    def bench(path: Path) -> Bench:
        bench = Bench(path, which)
        for number in range(USERS):
            bench.event("go", 10, f"user{number}", k=1)
        bench.write()
        return bench

    events = [incoming("go", f"user{number}", {"k": 1}) for number in range(USERS)]
    few, ahead = statements(bench(tmp_path / "a.db"), events, ahead=True)
    many, one_by_one = statements(bench(tmp_path / "b.db"), events, ahead=False)
    assert ahead == one_by_one
    assert ahead.count("journey.pass") == passes
    assert few < most < many
