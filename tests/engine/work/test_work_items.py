"""What is handed in together, what is taken again, and who is told what."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

import pytest

from studio import incoming
from studio.engine.work.jump import Jump
from studio.engine.work.work_items import (
    Acknowledgement,
    Advance,
    Entry,
    ExclusiveOperation,
    Item,
    OperatorCommand,
    QueuedEvent,
    fail,
    is_kept,
    left,
)
from studio.errors import StoreFull
from studio.kernel.records import StepResult
from studio.language.event import Event

PAID = incoming("paid", "ada", {})
RESULT = StepResult(None, "1")  # type: ignore[arg-type]


def event(seq: int) -> Event:
    return Event("paid", "ada", 0, None, None, seq)


def test_events_that_were_handed_in_together_are_told_of_together_and_in_their_order() -> None:
    delivery = Acknowledgement(3)
    for index in (1, 0):
        delivery.put(index, event(index))
        assert not delivery.future.done()
    delivery.put(2, event(2))
    assert [each.seq for each in delivery.future.result()] == [0, 1, 2]
    # Told once: what comes later changes nothing.
    delivery.fail(StoreFull("full", fix="Free some space."))
    assert delivery.future.exception() is None


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        (0, "full"),
        (2, "full; of 3 events that were handed in together the first 2 are stored"),
    ],
)
def test_who_handed_in_several_hears_how_many_are_stored(stored: int, said: str) -> None:
    delivery = Acknowledgement(3)
    for index in range(stored):
        delivery.put(index, event(index))
    delivery.fail(StoreFull("full", where="a.db", fix="Free some space."))
    error = delivery.future.exception()
    assert isinstance(error, StoreFull)
    assert (error.what, error.where, error.fix) == (said, "a.db", "Free some space.")


def test_another_fault_is_told_as_it_is() -> None:
    delivery = Acknowledgement(2)
    delivery.put(0, event(0))
    delivery.fail(MemoryError("none left"))
    assert isinstance(delivery.future.exception(), MemoryError)


def run(*_: Any) -> None:
    """An act that does nothing."""


@pytest.mark.parametrize(
    ("item", "kept"),
    [
        (RESULT, True),
        # Nobody waits for it, and it is in no row that would come again.
        (QueuedEvent(PAID, None), True),
        (QueuedEvent(PAID, Acknowledgement(1, patient=True)), True),
        (QueuedEvent(PAID, Acknowledgement(1)), False),
        (QueuedEvent(PAID, None, inbox=7), False),
        (QueuedEvent(PAID, Acknowledgement(1, patient=True), inbox=7), False),
        (OperatorCommand(run), True),
        (OperatorCommand(run, Future()), False),
        (OperatorCommand(run, inbox=7), False),
        (Advance(Future()), False),
        (ExclusiveOperation(run), False),
        (Jump(10), False),
    ],
)
def test_what_nobody_could_hand_in_again_is_kept(item: Item, kept: bool) -> None:
    assert is_kept(item) is kept


def test_what_is_left_goes_back_unless_it_stays_in_the_inbox_or_is_made_anew() -> None:
    entries: list[Entry] = [
        (1, QueuedEvent(PAID, None)),
        (2, QueuedEvent(PAID, None, inbox=7)),
        (3, OperatorCommand(run, inbox=8)),
        (4, OperatorCommand(run)),
        (5, ExclusiveOperation(run, inbox=9)),
        (6, Jump(10)),
        (7, RESULT),
    ]
    assert [at for at, _ in left(entries)] == [1, 4, 7]


def test_who_waits_for_what_came_to_nothing_is_told() -> None:
    error, taken_back = MemoryError("none left"), []
    jump, delivery = Jump(10), Acknowledgement(1)
    waiting: list[Future[Any]] = [Future(), Future(), Future(), jump.future]
    for item in (
        OperatorCommand(run, waiting[0], take_back=lambda: taken_back.append(True)),
        OperatorCommand(run),
        Advance(waiting[1]),
        jump,
        ExclusiveOperation(run, waiting[2]),
        QueuedEvent(PAID, delivery),
        QueuedEvent(PAID, None),
        RESULT,
    ):
        fail(item, error)
    assert [each.exception(timeout=0) for each in waiting] == [error] * 4
    assert delivery.future.exception() is error
    assert taken_back == [True]
