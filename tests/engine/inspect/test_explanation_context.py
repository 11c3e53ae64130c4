"""Where a journey stood at a moment, told from its entries before it."""

from __future__ import annotations

from typing import Any

import pytest

from studio.engine.inspect.explanation_context import fields, match_of, stand_of, wanted
from studio.store.records import Entry

SEQ = iter(range(1, 10_000))


def entry(kind: str, key: str | None = None, *, name: str | None = None, data: Any = None) -> Entry:
    return Entry(
        seq=next(SEQ), at=0, kind=kind, user="ada", workflow="w", journey="w/ada", pass_number=1, name=name,
        key=key, line=None, message=None, data=data, level=None, cause=None, code=None, late_ms=0, id=None,
    )  # fmt: skip


BEGAN = entry("journey.started")
OPENED = entry("wait.opened", "wait:paid#0", name="paid")
SLEPT = (entry("sleep.opened", "sleep#0"), entry("sleep.done", "sleep#0"))


@pytest.mark.parametrize(
    ("entries", "standing", "open"),
    [
        ([BEGAN], "idle", []),
        ([BEGAN, OPENED], "waiting", ["wait:paid#0"]),
        ([BEGAN, OPENED, entry("wait.matched", "wait:paid#0")], "idle", []),
        # A pass begins anew what it waits for.
        ([BEGAN, OPENED, entry("journey.pass")], "idle", []),
        ([BEGAN, entry("step.started", "step:pay#0"), entry("journey.failed")], "failed", []),
        ([BEGAN, OPENED, entry("journey.restarted")], "cancelled", []),
        ([BEGAN, entry("journey.completed"), entry("journey.restarted")], "completed", []),
        ([BEGAN, entry("journey.exited")], "exited", []),
        ([BEGAN, OPENED, entry("event", name="other")], "waiting", ["wait:paid#0"]),
        ([BEGAN, OPENED, *SLEPT], "waiting", ["wait:paid#0"]),
    ],
)  # fmt: skip
def test_a_journey_stands_where_its_newest_entries_left_it(
    entries: list[Entry], standing: str, open: list[str]
) -> None:
    stand = stand_of(entries)
    assert (stand.journey, stand.workflow, stand.standing, list(stand.open)) == ("w/ada", "w", standing, open)
    assert stand.last is entries[-1]


def test_waits_that_are_over_are_kept_with_what_ended_them() -> None:
    matched = entry("wait.matched", "wait:paid#0")
    stand = stand_of([BEGAN, OPENED, matched, *SLEPT])
    assert stand.over == [(OPENED, matched)]


def test_which_events_may_end_a_wait() -> None:
    either = entry(
        "wait.opened", "wait:app/*, login#0", name="app/*, login", data={"events": ["app/*", "login"]}
    )
    names = wanted(either)
    assert names is not None
    assert [names.meets(name) for name in ("app/x", "login", "logout")] == [True, True, False]
    simple = wanted(OPENED)
    assert simple is not None
    assert simple.meets("paid")
    for none in (entry("wait.opened", "any#0", name="wait_any"), entry("sleep.opened", "sleep#0"), BEGAN):
        assert wanted(none) is None


def test_what_came_with_an_entry_that_is_no_object_is_nothing() -> None:
    assert match_of(entry("wait.opened", data={"match": {"n": 1}})) == {"n": 1}
    for data in (None, "odd", [1], {"match": 7}):
        assert match_of(entry("wait.opened", data=data)) is None
    assert fields(entry("event", data="odd")) == {}
