"""Rows that leave one history for another take their texts along."""

from __future__ import annotations

from studio.kernel.state import Row
from studio.kernel.text_numbers import TextNumbers, journey_fields, row_in, row_out
from tests.kernel.partitions import event, partition, turn

ROW: Row = (1, 10, 50, 3, 1, 1, 7, 0, 9, None, 7, None, None, "{}", None)


def test_numbers_are_given_as_texts_come() -> None:
    texts = {7: "seven", 9: "nine", 3: "ada"}
    names, users = TextNumbers(texts.__getitem__), TextNumbers(texts.__getitem__)
    told = row_out(ROW, names, users)
    assert (told[6], told[8], told[10], told[3]) == (0, 1, 0, 0)
    assert (names.texts, users.texts) == (["seven", "nine"], ["ada"])
    assert row_in(told, [70, 90], [30]) == (1, 10, 50, 30, 1, 1, 70, 0, 90, None, 70, None, None, "{}", None)


def test_what_has_no_text_stays_empty() -> None:
    row: Row = (1, 10, 1, None, None, None, None, None, None, None, None, None, None, None, None)
    numbers = TextNumbers(lambda _: "")
    assert row_in(row_out(row, numbers, numbers), [], []) == row
    assert numbers.texts == []


def test_a_journey_is_told_by_its_fields() -> None:
    ada = partition()
    turn(ada, event("signup"))
    (journey,) = ada.journeys
    workflow = ada.name_id("welcome")
    assert journey_fields(journey) == [1, workflow, "", 1, 1, 1, 2, 1, 1, 0, None]
