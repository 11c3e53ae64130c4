"""What other code means for a journey that waits: looked at by driving it dry, with nothing written."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from studio import Journey, workflow
from studio.engine.reload.openings import Openings
from studio.kernel.dry_run import Difference, dry_run
from studio.language.definition import Workflow
from tests.engine.bench import Bench

Function = Callable[[Journey], Coroutine[Any, Any, Any]]


def code(function: Function) -> Workflow:
    """One version of the workflow "shop"."""
    return workflow(trigger="go", name="shop")(function)


@code
async def first(journey: Journey) -> None:
    await journey.wait_for("a", {"n": 1})
    await journey.wait_for("b", {"n": 1}, timeout="1d")
    await journey.ingest("told")


@code
async def says_more(journey: Journey) -> None:
    await journey.wait_for("a", {"n": 1})
    journey.log("not said, while it is only looked at")
    await journey.wait_for("b", {"n": 1}, timeout="1d")


@code
async def waits_longer(journey: Journey) -> None:
    await journey.wait_for("a", {"n": 1})
    await journey.wait_for("b", {"n": 1}, timeout="2d")


@code
async def wants_another(journey: Journey) -> None:
    await journey.wait_for("a", {"n": 1})
    await journey.wait_for("b", {"n": 2}, timeout="2d")


@code
async def goes_elsewhere(journey: Journey) -> None:
    await journey.wait_for("a", {"n": 1})
    await journey.ingest("early")
    await journey.wait_for("b", {"n": 1}, timeout="1d")


@code
async def ends(journey: Journey) -> str:
    await journey.wait_for("a", {"n": 1})
    return "done"


@code
async def fails(journey: Journey) -> None:
    await journey.wait_for("a", {"n": 1})
    raise KeyError("plan")


@code
async def was_answered_otherwise(journey: Journey) -> None:
    await journey.wait_for("a", {"n": 7})
    await journey.wait_for("b", {"n": 1}, timeout="1d")


def looked_at(path: Path, by: Workflow) -> tuple[Difference, Bench]:
    bench = Bench(path, first)
    bench.event("go", 10)
    bench.event("a", 20, n=1)
    bench.swap(by)
    (state,) = bench.journeys()
    return dry_run(bench.batch, state, Openings(bench.batch.unit, [state])), bench


@pytest.mark.parametrize(
    ("by", "what", "line"),
    [
        (first, "same", None),
        (says_more, "same", None),
        (waits_longer, "deadline", 2),
        (wants_another, "match", 2),
        (goes_elsewhere, "path", 2),
        (ends, "path", 1),
        (fails, "fails", 2),
    ],
)
def test_a_difference_is_named_with_its_line(
    tmp_path: Path, by: Workflow, what: str, line: int | None
) -> None:
    found, bench = looked_at(tmp_path / "a.db", by)
    at = None if line is None else by.function.__code__.co_firstlineno + 1 + line
    assert (found.what, found.line) == (what, "" if at is None else f"test_dry_run.py:{at}")
    assert bench.told() == []
    assert found.recorded == 1


def test_what_fails_is_called_by_its_exception(tmp_path: Path) -> None:
    assert looked_at(tmp_path / "a.db", fails)[0].error == "KeyError"


def test_what_goes_on_is_named_by_its_wait(tmp_path: Path) -> None:
    longer, bench = looked_at(tmp_path / "a.db", waits_longer)
    (wait,) = bench.waits()
    assert longer.changed == {wait.id: (wait, {"timeout": 172_800_000})}
    another, bench = looked_at(tmp_path / "b.db", wants_another)
    assert another.reopened == bench.waits()


def test_an_answer_that_was_recorded_for_another_match_is_noted(tmp_path: Path) -> None:
    found, _ = looked_at(tmp_path / "a.db", was_answered_otherwise)
    assert (found.what, found.other_record is not None) == ("same", True)
    assert looked_at(tmp_path / "b.db", first)[0].other_record is None


def test_who_does_not_ask_for_it_is_not_told_of_another_match(tmp_path: Path) -> None:
    found, bench = looked_at(tmp_path / "a.db", was_answered_otherwise)
    (state,) = bench.journeys()
    alone = dry_run(bench.batch, state)
    assert (alone.what, alone.recorded, alone.other_record) == (found.what, found.recorded, None)


@code
async def sleeps(journey: Journey) -> None:
    await journey.sleep("1h")


@code
async def sleeps_longer(journey: Journey) -> None:
    await journey.sleep("2h")


def test_a_sleep_of_another_length_is_another_deadline(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "a.db", sleeps)
    bench.event("go", 10)
    bench.swap(sleeps_longer)
    (state,), (wait,) = bench.journeys(), bench.waits()
    found = dry_run(bench.batch, state)
    assert (found.what, found.changed) == ("deadline", {wait.id: (wait, {"duration": 7_200_000})})
