"""Counts of a workflow and of all, and of each line, from what a batch has changed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from studio.engine.work.totals import KIND_BITS, TotalsDelta, place_rows
from studio.language.kinds import Kind

SHOP, CART = 3, 4


def test_what_is_counted_for_a_workflow_counts_for_all() -> None:
    totals = TotalsDelta()
    totals.count(SHOP, Kind.EVENT)
    totals.count(SHOP, Kind.EVENT, 2)
    totals.count(CART, Kind.EVENT)
    totals.count(0, Kind.STARTED)
    assert totals.slots[SHOP << KIND_BITS | Kind.EVENT] == 3
    assert sorted(totals.rows()) == sorted(
        [(SHOP, Kind.EVENT, 3), (CART, Kind.EVENT, 1), (0, Kind.EVENT, 4), (0, Kind.STARTED, 1)]
    )


def test_what_comes_and_goes_in_one_batch_is_no_row() -> None:
    totals = TotalsDelta()
    totals.count(SHOP, Kind.EVENT)
    totals.count(SHOP, Kind.EVENT, -1)
    totals.count(CART, Kind.EVENT)
    totals.count(SHOP, Kind.FAILED)
    totals.count(CART, Kind.FAILED, -1)
    assert sorted(totals.rows()) == sorted(
        [(CART, Kind.EVENT, 1), (0, Kind.EVENT, 1), (SHOP, Kind.FAILED, 1), (CART, Kind.FAILED, -1)]
    )


def wait(place: int | None, kind: int = Kind.WAIT_OPENED, label: int | None = 9) -> Any:
    return SimpleNamespace(journey=SimpleNamespace(workflow_id=SHOP), place=place, label=label, kind=kind)


def test_a_line_has_how_many_wait_there_now_and_what_has_happened_there() -> None:
    entry = (1, 0, Kind.WAIT_MATCHED, 1, 5, 1, 9, 0, 70, None, 2, None, None, None, None)
    found = place_rows(
        [entry],
        {2: SHOP},
        lambda journey: SHOP,
        [wait(70), wait(70), wait(71), wait(None), wait(72, Kind.SLEEP_OPENED, None)],
        [wait(70), wait(71)],
    )
    assert sorted(found) == sorted(
        [
            (SHOP, 70, 9, Kind.WAIT_MATCHED, 1),
            (SHOP, 70, 9, Kind.WAIT_OPENED, 1),
            (SHOP, 72, 0, Kind.SLEEP_OPENED, 1),
        ]
    )
