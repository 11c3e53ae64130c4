"""Data of entries with other numbers: only what is a number of an entry changes."""

from __future__ import annotations

from typing import Any

import pytest

from studio.kernel.entry_numbers import renumbered
from studio.language.kinds import Kind


@pytest.mark.parametrize(
    ("kind", "facts", "then"),
    [
        (Kind.WAIT_MATCHED, {"count": 2, "first": 3, "bound": 9}, {"count": 2, "first": 103, "bound": 109}),
        (Kind.WAIT_OPENED, {"match": {"after": 3}, "after": 4}, {"match": {"after": 3}, "after": 104}),
        (Kind.STARTED, {"trigger": 1, "n": 2}, {"trigger": 101, "n": 2}),
        (Kind.PASS, {"bound": 8}, {"bound": 108}),
        (Kind.EVENT_DUPLICATE, {"id": "x", "bound": 8}, {"id": "x", "bound": 108}),
        (Kind.MOVED, {"waits": {"4": {"due": 5}}}, {"waits": {"104": {"due": 5}}}),
        (Kind.MOVED, {"code": "x"}, {"code": "x"}),
        (Kind.EVENT, {"first": 3}, {"first": 3}),
        (Kind.STEP_DONE, {"result": 1, "bound": 8}, {"result": 1, "bound": 8}),
        (Kind.COMPLETED, {"after": 8}, {"after": 8}),
    ],
)
def test_numbers_of_entries_change_and_what_is_somebodys_own_stays(
    kind: int, facts: dict[str, Any], then: dict[str, Any]
) -> None:
    assert renumbered(facts, kind, lambda seq: seq + 100) == then
