"""The unit of work in memory: what it has that is its own; its answers: `test_ports.py`."""

from __future__ import annotations

from studio import Journey, workflow
from studio.kernel.memory import MemoryUnit
from studio.kernel.state import WaitState
from studio.language.kinds import Kind


@workflow(trigger="go", name="errand")
async def errand(journey: Journey) -> None:
    """Only looked up here."""


def unit() -> MemoryUnit:
    return MemoryUnit({"errand": errand}, seed="s", salt="t")


def open_wait(made: MemoryUnit, due: int | None, n: int = 0) -> WaitState:
    user, number = made.user("ada"), made.name_id("errand")
    journey = made.keyed(user, number, "") or made.add_journey(user, errand, number, "", 1, made.seq, 1)
    seq = made.append(0, Kind.SLEEP_OPENED, user.id, journey, n=n)
    return made.open_wait(journey, seq, Kind.SLEEP_OPENED, None, due, ("sleep", "", n), None, 1, None, None)


def test_entries_names_and_users_are_numbered_from_one() -> None:
    made = unit()
    assert (made.seed, made.salt, made.seq) == ("s", "t", 1)
    assert [made.name_id(text) for text in ("b", "a", "b")] == [1, 2, 1]
    assert made.name_text(2) == "a"
    assert [made.user(name).id for name in ("ada", "bob", "ada")] == [1, 2, 1]
    assert made.append(5, Kind.LOG, 1, None, data="x") == 1
    assert made.history == [
        (1, 5, Kind.LOG, 1, None, None, None, None, None, None, None, None, None, "x", None)
    ]


def test_a_line_of_code_is_called_by_the_name_of_its_file() -> None:
    made = unit()
    assert made.name_text(made.place_id(("/home/ada/welcome.py", 12))) == "welcome.py:12"


def test_deadlines_come_in_order_of_their_moment_then_of_their_entry() -> None:
    made = unit()
    late, early, same, never = (open_wait(made, due, n) for n, due in enumerate((30, 10, 10, None)))
    assert made.due_waits(9) == []
    assert made.due_waits(10) == [early, same]
    assert made.due_waits(99) == [early, same, late]
    made.suspend_timer(early)
    made.end_wait(same)
    assert made.due_waits(99) == [late]
    assert never.open


def test_a_wait_that_is_over_is_nobodys() -> None:
    made = unit()
    wait = open_wait(made, 10)
    assert made.wait_at(wait.id) is wait
    newer = open_wait(made, 20)
    made.end_wait(wait)
    # One of the same key that was opened since stays its journey's.
    assert wait.journey.opened == {("sleep", "", 0): newer}
    assert made.waits == {newer.id: newer}
    made.end_wait(newer)
    assert wait.journey.opened == {}
