"""One journey, entry by entry: the rows that follow from it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from studio.language.kinds import Kind, Status
from studio.store.derived_journey import DerivedJourney
from studio.store.schema import TOTAL_STATUS, TOTAL_WAITS

SHOP, PAID, LINE = 3, 5, 70


class Told:
    """A journey that began at entry 2, by event 1, and what is taken after it."""

    def __init__(self, started: str | None = None) -> None:
        self.journey = DerivedJourney(1)
        self._seq = 1
        self.take(Kind.STARTED, name=SHOP, cause=1, data=started)

    def take(
        self,
        kind: int,
        at: int = 0,
        name: int | None = None,
        *,
        n: int = 0,
        place: int | None = None,
        cause: int | None = None,
        data: str | None = None,
        pass_number: int = 1,
        by: tuple[int | None, int | None] = (None, None),
    ) -> None:
        self._seq += 1
        self.journey.take(self._seq, at, kind, 9, pass_number, name, n, place, cause, data, *by)

    def rows(self) -> dict[str, list[Any]]:
        found: dict[str, list[Any]] = {"journeys": [], "waits": []}
        self.counts: Counter[tuple[int, int]] = Counter()

        def count(workflow: int, kind: int, by: int = 1) -> None:
            self.counts[workflow, kind] += by

        for table, row in self.journey.rows(count):
            found[table].append(row)
        return found


def test_a_journey_begins_as_its_first_entry_says() -> None:
    told = Told('{"key":"c1","n":2,"trigger":7}')
    assert told.rows() == {
        "journeys": [(1, 9, SHOP, '"c1"', 2, Status.IDLE, 1, 2, 7, 7, 0, None)],
        "waits": [],
    }
    assert told.counts[SHOP, Kind.STARTED] == told.counts[SHOP, TOTAL_STATUS + Status.IDLE] == 1


def test_what_is_open_has_a_row_and_is_counted_where_it_waits() -> None:
    told = Told()
    told.take(Kind.WAIT_OPENED, 10, PAID, place=LINE, data='{"timeout":50}')
    (journey,), (wait,) = told.rows().values()
    assert (journey[5], wait) == (Status.WAITING, (3, 1, 9, Kind.WAIT_OPENED, PAID, 60))
    assert told.counts[SHOP, TOTAL_WAITS] == 1
    places: Counter[Any] = Counter()
    told.journey.count_places(places)
    assert places == {(SHOP, LINE, PAID, Kind.WAIT_OPENED): 1}
    told.take(Kind.WAIT_MATCHED, 20, PAID, place=LINE, cause=4)
    assert told.rows()["waits"] == []
    places.clear()
    told.journey.count_places(places)
    assert places == {(SHOP, LINE, PAID, Kind.WAIT_MATCHED): 1}


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (Kind.COMPLETED, Status.COMPLETED),
        (Kind.FAILED, Status.FAILED),
        (Kind.EXITED, Status.EXITED),
        (Kind.CANCELLED, Status.CANCELLED),
        (Kind.RESTARTED, Status.CANCELLED),
    ],
)
def test_an_end_is_its_status(kind: int, status: int) -> None:
    told = Told()
    told.take(kind, 5)
    assert told.rows()["journeys"][0][5] == status
    told.take(Kind.RESUMED, 6)
    assert told.journey.status == Status.WAITING


def test_a_restart_leaves_what_has_ended_as_it_is() -> None:
    told = Told()
    told.take(Kind.COMPLETED, 5)
    told.take(Kind.RESTARTED, 6)
    assert told.journey.status == Status.COMPLETED


def test_passes_without_time_moving_add_up_until_it_moves_or_something_comes_from_outside() -> None:
    told = Told()
    counts = []
    for at, cause, by in (
        (0, 5, (Kind.EVENT, 1)),
        (0, 6, (Kind.EVENT, 1)),
        (0, 7, (Kind.EVENT, None)),
        (0, 7, (Kind.EVENT, None)),
        (1, 8, (Kind.EVENT, 1)),
        (1, 9, (Kind.MOVED, None)),
    ):
        told.take(Kind.PASS, at, cause=cause, by=by)
        counts.append(told.journey.runaway_count)
    assert counts == [1, 2, 0, 1, 0, 0]


def test_a_note_is_the_last_one_and_a_line_of_the_log_is_none() -> None:
    told = Told()
    told.take(Kind.NOTE, data="half way")
    told.take(Kind.NOTE, data="nearly there")
    told.take(Kind.LOG, data=None, place=LINE)
    assert told.rows()["journeys"][0][-1] == "nearly there"


def test_a_reload_gives_an_open_wait_another_length_from_when_it_was_opened() -> None:
    told = Told()
    told.take(Kind.WAIT_OPENED, 10, PAID, data='{"timeout":50}')
    told.take(Kind.MOVED, 20, data='{"waits":{"3":{"timeout":100}}}')
    assert told.rows()["waits"][0][-1] == 110


def test_a_line_of_the_log_may_say_anything_and_an_event_means_nothing_here() -> None:
    told = Told()
    told.take(Kind.LOG_ERROR, data="no json")
    told.take(Kind.EVENT, name=PAID, data='{"waits":{"3":{"timeout":1}}}')
    assert told.rows()["journeys"][0][5] == Status.IDLE


def test_a_sleep_and_a_step_end_each_by_itself() -> None:
    told = Told()
    told.take(Kind.SLEEP_OPENED, 10, data='{"duration":50}')
    told.take(Kind.STEP_STARTED, 10)
    assert [row[3] for row in told.rows()["waits"]] == [Kind.SLEEP_OPENED, Kind.STEP_STARTED]
    told.take(Kind.STEP_DONE, 20, data='{"result":1}')
    assert [row[3] for row in told.rows()["waits"]] == [Kind.SLEEP_OPENED]
    told.take(Kind.SLEEP_DONE, 60)
    assert told.rows()["waits"] == []


def test_what_has_an_id_of_its_own_is_ended_by_that() -> None:
    told = Told()
    for id in ("mine", "yours"):
        told.take(Kind.WAIT_OPENED, name=PAID, n=-1, data=f'{{"id":"{id}"}}')
    told.take(Kind.WAIT_OPENED, name=PAID + 1)
    told.take(Kind.WAIT_MATCHED, name=PAID, n=-1, data='{"id":"mine"}')
    assert [row[0] for row in told.rows()["waits"]] == [4, 5]
    told.take(Kind.WAIT_MATCHED, name=PAID)
    assert [row[0] for row in told.rows()["waits"]] == [4, 5]
    told.take(Kind.WAIT_MATCHED, name=PAID + 1)
    assert [row[0] for row in told.rows()["waits"]] == [4]
