"""Which events the result of a wait holds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.kernel.results import Resolved, Results
from studio.language.event import Event
from studio.language.names import names


def event(seq: int, name: str = "paid", text: str | None = None) -> Event:
    """An event of the history."""
    return Event(name, "ann", 0, text, None, seq)


@pytest.mark.parametrize(("seq", "is_in"), [(3, False), (4, False), (5, True), (9, True), (10, False)])
def test_a_result_holds_what_came_after_its_beginning_up_to_its_end(seq: int, is_in: bool) -> None:
    resolved = Resolved(names("paid"), None, 4, 9)
    assert resolved.holds(event(seq)) is is_in
    assert Results([resolved]).hold(event(seq)) is is_in


def test_a_result_holds_only_events_of_its_name_and_match() -> None:
    assert not Resolved(names("paid"), None, 0, 9).holds(event(5, "left"))
    by_match = Resolved(names("paid"), {"n": 1}, 0, 9)
    assert by_match.holds(event(5, text='{"n":1}'))
    assert not by_match.holds(event(5, text='{"n":2}'))
    assert Results([Resolved(names(["paid", "le*"]), None, 0, 9)]).hold(event(5, "left"))


SPANS = st.builds(
    lambda which, match, after, length: Resolved(names(which), match, after, after + length),
    st.sampled_from(["paid", "left", "*"]),
    st.sampled_from([None, {"n": 1}]),
    st.integers(0, 12),
    st.integers(0, 6),
)


@given(st.lists(SPANS, max_size=8), st.sampled_from(["paid", "left", "else"]), st.integers(1, 18))
def test_the_results_of_a_pass_hold_what_one_of_them_holds(
    resolved: list[Resolved], name: str, seq: int
) -> None:
    for text in (None, '{"n":1}'):
        one = event(seq, name, text)
        assert Results(resolved).hold(one) is any(each.holds(one) for each in resolved)


def spans(*bounds: tuple[int, int], match: dict[str, int] | None = None) -> list[Resolved]:
    return [Resolved(names("paid"), match, after, bound) for after, bound in bounds]


def held(resolved: list[Resolved], text: str | None = None) -> list[int]:
    found = Results(resolved)
    return [seq for seq in range(1, 13) if found.hold(event(seq, text=text))]


def test_windows_of_one_wait_are_found_whatever_their_order() -> None:
    # As a loop makes them.
    assert held(spans((0, 2), (2, 2), (2, 5), (7, 9))) == [1, 2, 3, 4, 5, 8, 9]
    # Several that end at once, and one that begins before the one above it.
    assert held(spans((2, 6), (4, 6))) == [3, 4, 5, 6]
    assert held(spans((8, 9), (0, 2))) == [1, 2, 9]
    assert held(spans((4, 9), (2, 10))) == [3, 4, 5, 6, 7, 8, 9, 10]
    assert held(spans((2, 10), (4, 6))) == [3, 4, 5, 6, 7, 8, 9, 10]


def test_waits_of_another_match_have_windows_of_their_own() -> None:
    both = [*spans((0, 3)), *spans((0, 9), match={"n": 1})]
    assert held(both) == [1, 2, 3]
    assert held(both, '{"n":1}') == [1, 2, 3, 4, 5, 6, 7, 8, 9]
    other = [*spans((0, 3), match={"n": 2}), *spans((5, 9), match={"n": 1})]
    assert held(other, '{"n":2}') == [1, 2, 3]
    assert held(other, '{"n":1}') == [6, 7, 8, 9]
    same = [*spans((0, 9), match={"n": 2}), *spans((0, 9), match={"n": 1})]
    assert held(same, '{"n":1}') == held(same, '{"n":2}') == [1, 2, 3, 4, 5, 6, 7, 8, 9]
