"""What counts later, from rows of the history."""

from __future__ import annotations

from studio.kernel.marks import is_mark, mark_of
from studio.language.kinds import Kind

ROW = (7, 1_000, Kind.SPLIT, 1, 3, 1, 12, 0, None, 5, None, 20, None, '{"arm":"a"}', None)


def test_a_mark_has_the_moment_at_which_it_came_about_and_the_workflow_of_its_journey() -> None:
    found = mark_of(ROW, {3: 9}.get)
    assert tuple(found) == (7, 1_020, 12, 3, 9, '{"arm":"a"}')
    assert found.facts == {"arm": "a"}


def test_what_was_cut_off_has_no_journey() -> None:
    found = mark_of((*ROW[:4], None, *ROW[5:13], None, None), {3: 9}.get)
    assert (found.journey, found.workflow, found.facts) == (None, None, {})


def test_what_a_journey_did_counts_later_only_by_some_kinds() -> None:
    assert is_mark(Kind.SPLIT)
    assert is_mark(Kind.MESSAGE_STARTED)
    assert not is_mark(Kind.MOVED)
    assert not is_mark(Kind.WORKFLOW_LOADED)
