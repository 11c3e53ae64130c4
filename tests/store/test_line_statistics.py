"""What happened at each line is counted, a batch of entries at a time."""

from __future__ import annotations

from typing import Any

from studio.language.kinds import Kind
from studio.store.line_statistics import OPENING, counted, rows


def entry(
    kind: int, place: int | None, *, name: int | None = None, journey: int | None = 7, code: int | None = 1
) -> Any:
    return (1, 0, kind, 1, journey, 1, name, 0, place, None, code, None, None, None, None)


def test_entries_are_counted_by_workflow_place_name_and_kind() -> None:
    history = [
        entry(Kind.WAIT_MATCHED, 5, name=3),
        entry(Kind.WAIT_MATCHED, 5, name=3),
        entry(Kind.WAIT_TIMEOUT, 5, name=3),
        entry(Kind.LOG, 6),
        entry(Kind.PASS, None),
        entry(Kind.EVENT, None, journey=None, code=None),
    ]
    found = counted(history, {1: 20}, lambda journey: 0)
    assert found == {
        (20, 5, 3, Kind.WAIT_MATCHED): 2,
        (20, 5, 3, Kind.WAIT_TIMEOUT): 1,
        (20, 6, 0, Kind.LOG): 1,
    }


def test_what_opens_is_counted_otherwise() -> None:
    assert counted([entry(kind, 5) for kind in OPENING], {1: 20}, lambda journey: 0) == {}


def test_an_entry_of_code_that_is_not_loaded_is_its_journeys_workflows() -> None:
    history = [
        entry(Kind.CANCELLED, 5, code=None),
        entry(Kind.LOG, 5, code=None, journey=None),
        entry(Kind.LOG, 5),
    ]
    assert counted(history, {1: 20}, {7: 30}.__getitem__) == {
        (30, 5, 0, Kind.CANCELLED): 1,
        (20, 5, 0, Kind.LOG): 1,
    }


def test_what_comes_to_nothing_is_not_written() -> None:
    assert rows([((20, 5, 3, 11), 2), ((20, 6, 0, 41), 0), ((20, 7, 0, 41), -1)]) == [
        (20, 5, 3, 11, 2),
        (20, 7, 0, 41, -1),
    ]
