"""What passes have recorded, read from the store and from the batch itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.kernel.state import JourneyState
from studio.language.commands import key_text
from studio.language.kinds import Kind
from studio.store.sqlite import Store
from tests.engine.work.parts import Parts
from tests.store.build import START, Builder


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    b = Builder(tmp_path / "s.db")
    ada = b.journey("buy", "ada", b.event("go", "ada"))
    paid = b.wait(ada, "paid", 0, 5_000)  # 3
    b.log(ada, "waiting", 1)  # 4
    b.match(ada, paid, b.event("paid", "ada", 10), 10)  # 5, 6
    b.wait(ada, "", 10, 1_000, kind=Kind.SLEEP_OPENED)  # 7
    b.entry(Kind.STEP_DONE, 11, journey=ada, name="once", n=0, data={"once": True, "result": 1})  # 8
    store = Store(b.done())
    yield Parts(store)
    store.abandon()


def ada(parts: Parts) -> JourneyState:
    found = parts.journeys.journey_by_id(1)
    assert found is not None
    return found


def test_a_pass_has_its_outcomes_and_what_is_open(parts: Parts) -> None:
    journey = ada(parts)
    parts.waits.wait_at(7)
    parts.passes.load_passes([journey])
    assert {key_text(key): record.kind for key, record in journey.outcomes.items()} == {
        "wait:paid#0": Kind.WAIT_MATCHED,
        "once:once#0": Kind.STEP_DONE,
    }
    assert [key_text(key) for key in journey.opened] == ["sleep#0"]
    assert journey.start == (START, 1, 0)
    # Once is enough.
    journey.outcomes.clear()
    parts.passes.load_passes([journey])
    assert journey.outcomes == {}


def test_a_pass_is_as_it_was_at_an_entry(parts: Parts) -> None:
    journey = ada(parts)
    then = parts.passes.load_pass_until(journey, 4)
    assert ([key_text(key) for key in then.open], journey.outcomes) == (["wait:paid#0"], {})
    assert list(then.dues.values()) == [START + 5_000]


def test_what_was_said_and_how_it_failed_is_also_of_this_batch(parts: Parts) -> None:
    journey, passes = ada(parts), parts.passes
    assert passes.said(journey, 0) == ["waiting"]
    assert passes.newest_failure(journey) is None
    first = parts.store.next_seq
    for seq, kind, text in ((first, Kind.LOG, "again"), (first + 1, Kind.FAILED, '{"step":"x"}')):
        parts.changes.history.append(
            (seq, 0, kind, 1, 1, 1, None, None, None, None, None, None, None, text, None)
        )
    assert passes.said(journey, 0) == ["waiting", "again"]
    assert passes.said(journey, first + 1) == ["waiting"]
    assert passes.newest_failure(journey) == '{"step":"x"}'


def test_results_of_steps_are_found_by_their_name(parts: Parts) -> None:
    ((seq, at, kind, _, data, n),) = parts.passes.once_results(ada(parts), parts.names.name_id("once"))
    assert (seq, at, kind, n) == (8, START + 11, Kind.STEP_DONE, 0)
    assert data == '{"once":true,"result":1}'
