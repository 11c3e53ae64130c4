"""Waits, outcomes and journeys as the rules hold them: what ends a wait, where an outcome leads."""

from __future__ import annotations

import pytest

from studio import Journey, workflow
from studio.kernel.state import JourneyState, Record, UserState, WaitState, fitting
from studio.language.definition import Workflow
from studio.language.event import Event
from studio.language.kinds import Kind, Status


def event(seq: int, name: str = "paid", text: str | None = None) -> Event:
    """An event of the history."""
    return Event(name, "ann", 0, text, None, seq)


def wait(data: str | None = None, cause: int | None = 4, name: int | None = 1) -> WaitState:
    """A wait that the entry 7 opened."""
    row = (1, 1, 1, "", 1, Status.WAITING, 1, 2, 1, 1, 0, None)
    journey = JourneyState(UserState(1, "ann", False), None, None, row, False)
    return WaitState(
        7, journey, Kind.WAIT_OPENED, name, None, ("wait", "paid", 0), data, cause, 1, None, True
    )


@pytest.mark.parametrize(
    ("data", "cause", "after"),
    [
        (None, 4, 4),
        (None, None, 7),
        # The journey had sent an event before it waited: it has seen it.
        ('{"after":6}', 4, 6),
        ('{"timeout":1000}', 4, 4),
    ],
)
def test_only_what_comes_after_it_was_opened_ends_a_wait(
    data: str | None, cause: int | None, after: int
) -> None:
    opened = wait(data, cause)
    assert opened.after == after
    assert [opened.meets(event(seq)) for seq in (after - 1, after, after + 1)] == [False, False, True]


def test_a_field_of_a_match_may_be_named_as_what_a_wait_is_opened_with() -> None:
    opened = wait('{"match":{"after":9,"events":1,"group":"g"}}')
    assert opened.after == 4
    assert opened.meets(event(5, text='{"after":9,"events":1,"group":"g"}'))
    assert not opened.meets(event(5, text='{"after":8,"events":1,"group":"g"}'))


def test_a_wait_for_several_names_is_ended_by_each() -> None:
    opened = wait('{"events":["paid","le*"],"match":{"n":1}}', name=0)
    assert opened.meets(event(8, "left", '{"n":1}'))
    assert opened.meets(event(9, "paid", '{"n":1}'))
    assert not opened.meets(event(9, "else", '{"n":1}'))
    assert not opened.meets(event(9, "paid", '{"n":2}'))


# -- outcomes ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "cause", "data", "bound"),
    [
        # What the cause brought leaves the journey at the cause, what came by itself at its own entry.
        (Kind.WAIT_MATCHED, 5, None, 5),
        (Kind.WAIT_TIMEOUT, None, None, 9),
        # An event that the journey sent is its own position.
        (Kind.EVENT, 5, None, 9),
        (Kind.WAIT_MATCHED, 5, '{"count":2,"bound":7}', 7),
        (Kind.STEP_DONE, None, '{"result":{"bound":3}}', 9),
    ],
)
def test_an_outcome_leaves_the_journey_at_a_position(
    kind: int, cause: int | None, data: str | None, bound: int
) -> None:
    assert Record(kind, 9, 0, cause, None, data).bound == bound


# -- journeys ----------------------------------------------------------------------------------


@workflow(trigger="go", key="order.id", name="keyed")
async def keyed(journey: Journey) -> None:
    """Only looked up here."""


def journey(key: str = "", user: str = "ann", n: int = 1, of: Workflow | None = keyed) -> JourneyState:
    row = (1, 1, 1, key, n, Status.WAITING, 1, 2, 1, 1, 0, None)
    return JourneyState(UserState(1, user, False), of, None, row, False)


def test_an_event_that_carries_the_key_field_concerns_the_journey_of_its_value_alone() -> None:
    mine = journey('"x"')
    assert mine.concerns({"order": {"id": "x"}})
    assert not mine.concerns({"order": {"id": "y"}})
    assert not mine.concerns({"order.id": None})
    # One without the field concerns all of them.
    assert mine.concerns({"other": 1})
    assert journey().concerns({"order": {"id": "y"}})
    assert journey('"x"', of=None).concerns({"order": {"id": "y"}})


def test_an_id_names_workflow_user_key_and_number() -> None:
    assert journey().text_id("keyed") == "keyed/ann"
    assert journey('"x"', n=2).text_id("keyed") == "keyed/ann/x~2"
    # Where ids are not told apart by what is shown, chances are.
    assert journey("1").exact_id("keyed") != journey('"1"').exact_id("keyed")
    assert journey(user="a/b").text_id("keyed") != journey('"b"', user="a").text_id("keyed")


def test_data_fit_that_meet_the_match_and_concern_the_journey() -> None:
    fits = fitting({"n": 1}, journey('"x"'))
    assert fits('{"n":1}')
    assert fits('{"n":1,"order":{"id":"x"}}')
    assert not fits('{"n":1,"order":{"id":"y"}}')
    assert not fits('{"n":2}')
    assert fitting(None, None)('{"anything":0}')


def test_a_wait_of_a_keyed_journey_is_ended_by_events_that_concern_it_alone() -> None:
    opened = wait()
    opened.journey = journey('"x"')
    assert opened.meets(event(8, text='{"order":{"id":"x"}}'))
    assert opened.meets(event(8))
    assert not opened.meets(event(8, text='{"order":{"id":"y"}}'))


@pytest.mark.parametrize(("name", "plain"), [("ann", True), ("org/1", False), ("ann~2", False)])
def test_a_user_stands_in_an_id_as_it_is_where_it_holds_no_mark(name: str, plain: bool) -> None:
    assert UserState(1, name, False).plain is plain
