"""The state of a pass follows from its entries: folded anew, it is what the rules have made of it."""

from __future__ import annotations

from typing import Any

import pytest

from studio import Journey, workflow
from studio.kernel.operator_commands import resume
from studio.kernel.pass_fold import OpenedInPass, fold, key_of
from studio.kernel.state import JourneyState, UserState, WaitState
from studio.language.commands import key_text
from studio.language.kinds import Kind, Status
from tests.kernel.rules import Rules


@workflow(trigger="go", name="winding")
async def winding(journey: Journey) -> Any:
    await journey.wait_for("a", timeout="1d")
    await journey.ingest("sent", id="e1")
    await journey.ingest("sent", id="e1")
    await journey.step("once", print, once=True)
    await journey.wait_any(journey.wait_for("b", id="mine"), journey.sleep("1h"))
    await journey.wait_all(journey.wait_for("c"), journey.wait_for("d", timeout="2h"))


def folded(rules: Rules, journey: JourneyState) -> tuple[JourneyState, OpenedInPass]:
    """The journey as its entries say, and nothing else; and what had been opened in its pass."""
    unit = rules.unit
    row = (journey.id, 1, journey.workflow_id, "", 1, journey.status, 1, journey.pass_seq, 1, 1, 0, None)
    made = JourneyState(journey.user, journey.workflow, None, row, False)
    waits: dict[int, WaitState] = {}
    history = OpenedInPass()
    for seq, at, kind, _, number, _, name, n, place, cause, _, late, _, data, _ in unit.history:
        if number != journey.id or Kind.LOG_DEBUG <= kind <= Kind.NOTE or seq < journey.pass_seq:
            continue
        opened = unit.waits.get(seq)
        more = (None, None, None) if opened is None else (opened.id, opened.name, opened.due)
        row = (journey.id, seq, at, kind, name, n, cause, late, data, place, *more)
        fold(made, row, waits, unit.name_text)
        # As if no wait were open to this day.
        history.fold((*row[:10], None, None, None), unit.name_text)
    return made, history


def assert_same(rules: Rules) -> None:
    journey = rules.journey()
    made, history = folded(rules, journey)
    assert made.start == journey.start
    assert {key: (r.kind, r.seq, r.at, r.bound, r.data) for key, r in made.outcomes.items()} == {
        key: (r.kind, r.seq, r.at, r.bound, r.data) for key, r in journey.outcomes.items()
    }
    assert {key: (w.id, w.due, w.spec) for key, w in made.opened.items()} == {
        key: (w.id, w.due, w.spec) for key, w in journey.opened.items()
    }
    # Without a word about what is open now, the entries say it, too.
    assert {key: (history.opened[key][0], history.dues.get(key)) for key in history.open} == {
        key: (w.id, w.due) for key, w in journey.opened.items()
    }


def test_at_each_point_of_a_pass_the_fold_gives_what_the_rules_hold() -> None:
    rules = Rules(winding)
    rules.event("go", 1)
    assert_same(rules)
    rules.event("a", 2)
    assert_same(rules)
    rules.result(3, result="1")
    assert_same(rules)
    rules.timer()
    assert_same(rules)
    rules.event("d", 4_000_000)
    assert_same(rules)


def test_what_a_resume_has_voided_is_no_outcome() -> None:
    @workflow(trigger="go", name="fails")
    async def fails(journey: Journey) -> None:
        await journey.wait_for("a")
        await journey.step("pay", print)

    rules = Rules(fails)
    rules.event("go")
    rules.event("a")
    rules.result(1, type="E", message="no")
    assert ("step", "pay", 0) in folded(rules, rules.journey())[0].outcomes
    resume(rules.transition, rules.journey(), 2)
    rules.end()
    assert_same(rules)
    assert list(rules.journey().outcomes) == [("wait", "a", 0)]


@pytest.mark.parametrize(
    ("kind", "name", "n", "data", "text"),
    [
        (Kind.WAIT_OPENED, "app/*", 2, None, "wait:app/*#2"),
        (Kind.GROUP_OPENED, "wait_any", 0, None, "any#0"),
        (Kind.GROUP_TIMEOUT, "wait_all", 1, None, "all#1"),
        (Kind.SLEEP_DONE, None, 3, None, "sleep#3"),
        (Kind.STEP_DONE, "pay", 0, '{"once":true,"result":1}', "once:pay#0"),
        (Kind.STEP_RETRY, "pay", -1, '{"id":"mine"}', "step=mine"),
        (Kind.EVENT, "sent", 0, None, "ingest:sent#0"),
    ],
)
def test_an_entry_belongs_to_the_command_of_its_key(
    kind: int, name: str | None, n: int, data: str | None, text: str
) -> None:
    number = None if name is None else 1
    assert key_text(key_of(kind, number, n, data, lambda _: name or "")) == text


def fold_one(kind: int, data: str | None, waits: dict[int, WaitState] | None = None) -> JourneyState:
    """A journey after one entry, 9, that the entry 5 brought."""
    row = (1, 1, 1, "", 1, Status.WAITING, 1, 2, 1, 1, 0, None)
    journey = JourneyState(UserState(1, "ann", False), None, None, row, False)
    entry = (1, 9, 70, kind, 1, 0, 5, 3, data, None, None, None, None)
    fold(journey, entry, {} if waits is None else waits, lambda _: "w")
    return journey


@pytest.mark.parametrize(
    ("data", "bound"),
    [(None, 5), ('{"bound":7}', 7), ('{"key":{"bound":7}}', 5), ('{"n":2}', 5)],
)
def test_a_pass_begins_at_its_cause_unless_it_says_another_bound(data: str | None, bound: int) -> None:
    journey = fold_one(Kind.PASS, data)
    assert journey.start == (70, bound, 3)
    assert (journey.pass_at, journey.pass_cause) == (70, 5)


def test_a_reload_gives_the_waits_that_are_known_their_new_fields() -> None:
    rules = Rules(winding)
    rules.event("go", 1)
    (wait,) = rules.waits()
    waits = {wait.id: wait}
    data = f'{{"what":"match","waits":{{"{wait.id}":{{"match":{{"n":1}}}},"77":{{"match":{{}}}}}}}}'
    fold_one(Kind.MOVED, data, waits)
    assert wait.spec == {"timeout": 86_400_000, "match": {"n": 1}}
    # Any other act says nothing of waits.
    fold_one(Kind.CANCELLED, data.replace('{"n":1}', '{"n":2}'), waits)
    assert wait.spec["match"] == {"n": 1}
