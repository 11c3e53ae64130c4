"""What a moment of the past is called."""

from __future__ import annotations

from studio.store.past_views import Moment
from studio.wording.past import as_of, gone
from studio.wording.times import day_clock
from tests.store.build import START


def test_a_moment_is_named_by_its_time_and_its_entry() -> None:
    assert as_of(Moment(1234, START, None, 1234)) == f"as of {day_clock(START)} · entry 1,234"
    assert as_of(Moment(0, START, None, 0)) == "before the first entry"


def test_what_is_gone_is_said() -> None:
    assert gone(Moment(10, START, None, 10)) == gone(Moment(10, START, None, None)) == []
    assert gone(Moment(10, START, 12, 9)) == [
        "entry 12 is gone, this is the one before",
        "1 entry up to then gone (pruned, erased, rewound or undone)",
    ]
    assert gone(Moment(2000, START, None, 500))[0].startswith("1,500 entries up to then gone")
