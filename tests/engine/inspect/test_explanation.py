"""An explanation says whether anything came of an entry, and what would have."""

from __future__ import annotations

from studio.engine.inspect.explanation import Finding, Proposal, Why
from tests.tui.fakes import entry

FIRST, SECOND, ANSWER = (Proposal(name, "ada", {}) for name in ("first", "second", "answer"))


def why(*findings: Finding, answer: Proposal | None = None) -> Why:
    return Why(entry(1, 0, "event"), "ada go", findings, answer)


def test_something_came_of_it_when_it_woke_a_journey_or_one_failed_on_it() -> None:
    assert not why(Finding("near", "x"), Finding("over", "y")).woke
    assert not why().open
    for kind in ("woke", "failed"):
        assert why(Finding("near", "x"), Finding(kind, "y")).woke


def test_the_nearest_event_that_would_have_done_it_comes_before_what_would() -> None:
    near = (Finding("near", "x"), Finding("near", "y", proposal=FIRST), Finding("near", "z", proposal=SECOND))
    assert why(*near, answer=ANSWER).proposal is FIRST
    assert why(Finding("near", "x"), answer=ANSWER).proposal is ANSWER
    assert why().proposal is None


def test_a_proposal_is_the_same_whichever_wait_was_asked_about() -> None:
    assert Proposal("go", "ada", {}, wait=7) == Proposal("go", "ada", {})
