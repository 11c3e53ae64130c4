"""Turns in threads: what hangs is given up, what breaks the rules left out, what is kept checked."""

from __future__ import annotations

import functools
import re
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from studio import Journey, workflow
from studio.kernel.packed import unpack
from studio.kernel.partition_dump import load
from studio.kernel.turn import turn_from
from studio.language.definition import Workflow
from studio.language.incoming import incoming
from studio.language.kinds import Kind
from studio.temporal import driving, turns
from studio.temporal.code import Code
from studio.temporal.deployed import Deployed
from studio.temporal.driving import Drives
from studio.temporal.requests import TurnRequest
from studio.temporal.turns import TurnResult, result_from
from studio.temporal.wire import Item, act_item, event_item, framed, unframed

START = 1_767_225_600_000


async def charge(sum: int) -> int:
    return sum


@workflow(trigger="go")
async def waits(journey: Journey) -> dict[str, Any]:
    found = await journey.wait_for("next", timeout="1d")
    return {"found": bool(found)}


@workflow(trigger="hang")
async def hangs(journey: Journey) -> None:
    while True:
        time.sleep(0.01)


@workflow(trigger="step")
async def steps(journey: Journey) -> None:
    async def inner() -> None:
        return None

    what: dict[str, Callable[..., Any]] = {
        "named": functools.partial(charge, 1),
        "inner": inner,
        "lambda": lambda: 1,
        "good": charge,
    }
    which = journey.trigger["which"]
    await journey.step("pay", what[which], *([object()] if which == "good" else []))


@pytest.fixture
async def drives() -> AsyncIterator[Drives]:
    drives = made()
    yield drives
    drives.close()


def made(hang_after: float = 10.0) -> Drives:
    async def refresh() -> None:
        raise AssertionError("nothing was deployed")

    found: dict[str, Workflow] = {each.name: each for each in (waits, hangs, steps)}
    return Drives(Code(found, "salt"), refresh, hang_after)


def request(*items: Item, log: tuple[bytes, ...] = (), now: int = START, base: bytes = b"") -> TurnRequest:
    return TurnRequest("ada", base, log, items, now, frozenset())


def came(name: str, at: int = START, **data: Any) -> Item:
    return event_item(incoming(name, "ada", data), at)


def kinds(result: TurnResult) -> list[int]:
    return [row[2] for row in turn_from(result.turn).rows]


async def test_what_is_kept_between_turns_is_only_a_shortcut(drives: Drives) -> None:
    first = await drives.turn("run", request(came("go")))
    assert result_from(first).head["due"] == START + 86_400_000
    late = request(log=(first,), now=START + 86_400_000)
    second = await drives.turn("run", late)
    assert kinds(result_from(second)) == [Kind.WAIT_TIMEOUT, Kind.COMPLETED]
    # It was not recorded: the same is asked again, and elsewhere, and gives the same.
    assert await drives.turn("run", late) == second
    assert await drives.turn("other", late) == second
    lost = await drives.turn("run", request(came("next", now := START + 5), log=(first,), now=now))
    assert kinds(result_from(lost)) == [Kind.EVENT, Kind.WAIT_MATCHED, Kind.COMPLETED]
    third = request(came("other", now), log=(first, second), now=now)
    assert turn_from(result_from(await drives.turn("run", third)).turn).first == 6
    packed = load(await drives.state("run", request(log=(first, second))), {})
    assert (packed.seq, packed.next_due) == (6, None)


async def test_a_journey_that_does_not_come_back_fails_with_its_line() -> None:
    drives = made(hang_after=0.3)
    try:
        result = result_from(await drives.turn("run", request(came("go"), came("hang"))))
    finally:
        drives.close()
    assert kinds(result) == [
        *(Kind.EVENT, Kind.STARTED, Kind.WAIT_OPENED),
        *(Kind.EVENT, Kind.STARTED, Kind.FAILED),
    ]
    failed = turn_from(result.turn).rows[-1][13]
    assert '"type":"Hung"' in failed
    assert "test_driving.py:" in failed


async def test_what_breaks_the_rules_is_left_out_alone(
    drives: Drives, monkeypatch: pytest.MonkeyPatch
) -> None:
    compute = turns.compute

    def breaks(version: Any, partition: Any, request: TurnRequest, monitor: Any, *, ask: bool) -> TurnResult:
        if any(item["event"]["name"] == "bad" for item in request.items):
            raise ZeroDivisionError("a fault of ours")
        return compute(version, partition, request, monitor, ask=ask)

    monkeypatch.setattr(driving, "compute", breaks)
    items = [came("go"), came("bad"), came("next")]
    first = result_from(await drives.turn("run", request(*items)))
    # The first alone: the rest is asked for again.
    assert (first.head["took"], kinds(first)) == (1, [Kind.EVENT, Kind.STARTED, Kind.WAIT_OPENED])
    second = result_from(await drives.turn("run", request(items[1])))
    assert (second.turn, second.head["took"]) == (b"", 1)
    assert second.head["left_out"] == "ZeroDivisionError: a fault of ours"
    assert second.head["answers"] == [{"error": "it was left out: ZeroDivisionError: a fault of ours"}]


async def test_what_is_too_much_for_temporal_is_left_out_with_its_size(
    drives: Drives, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driving, "MOST_RESULT", 1_000)
    large = came("much", text="".join(map(chr, range(0x4E00, 0x5200))))
    told = result_from(await drives.turn("run", request(large)))
    assert told.turn == b""
    assert re.match(r"TurnTooLarge: .* [\d,]+ bytes packed, and Temporal takes 1,000", told.head["left_out"])
    # Nothing of it is left behind.
    assert kinds(result_from(await drives.turn("run", request(came("go")))))[0] == Kind.EVENT


@pytest.mark.parametrize(
    ("which", "type", "says"),
    [
        ("named", "NotByName", "partial has no name of its own"),
        ("inner", "NotByName", "steps.inner is made inside a function"),
        ("lambda", "NotByName", "is made inside a function"),
        ("good", "NotJson", "its arguments cannot be handed over"),
    ],
)
async def test_a_step_that_cannot_go_elsewhere_is_refused(
    drives: Drives, which: str, type: str, says: str
) -> None:
    result = result_from(await drives.turn("run", request(came("step", which=which))))
    (launch,) = result.head["launches"]
    assert (launch["refused"]["type"], launch["refused"]["final"]) == (type, True)
    assert says in launch["refused"]["message"]


async def test_an_act_on_no_journey_is_answered(drives: Drives) -> None:
    answers = result_from(await drives.turn("run", request(act_item("cancel", "waits/ada", START)))).head
    assert answers["answers"] == [{"error": "there is no such journey", "where": "waits/ada", "fix": ""}]
    assert unframed(framed([b"", b"a", b"bc"])) == [b"", b"a", b"bc"]


def test_what_was_deployed_is_raised_by_what_differs() -> None:
    deployed = Deployed()
    source = {"a@1": {"file": "a.py", "source": "", "modules": []}}
    assert deployed.deploy({"a": "1"}, source)
    assert not deployed.deploy({"a": "1"}, source)
    assert deployed.deploy({"b": "2"}, {})
    # What is not among the files goes on.
    assert (deployed.number, deployed.hashes) == (2, {"a": "1", "b": "2"})
    assert unpack(deployed.packed()) == [2, {"a": "1", "b": "2"}, source]
