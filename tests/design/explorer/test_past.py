"""What the history of a way answers: waits met by the past, triggers that stand in line, waits for one event.

Each is played by the engine, too, which must tell the same.
"""

from __future__ import annotations

from typing import Any

import pytest

from studio import Journey, workflow
from studio.design.explorer.samples import Samples
from studio.design.explorer.search import Bounds, explore
from studio.language.definition import Workflow
from tests.design.explorer.playing import play, told

# -- triggers that come while a pass runs ------------------------------------------------------


@workflow(trigger=["go", "more"])
async def two_in_line(journey: Journey) -> str | None:
    if journey.trigger.name == "go":
        await journey.ingest("more", {"n": 1})
        await journey.ingest("more", {"n": 2})
        return None
    journey.log(f"for {journey.trigger['n']}")
    return "both" if journey.trigger["n"] == 2 else None


@workflow(trigger=["go", "more"])
async def in_line_over_a_sleep(journey: Journey) -> int | None:
    if journey.trigger.name == "go":
        await journey.ingest("more", {"n": 1})
        await journey.ingest("more", {"n": 2})
        await journey.sleep("1h")
        return None
    return int(journey.trigger["n"])


@workflow(trigger=["go", "more"])
async def in_line_and_seen(journey: Journey) -> str | None:
    if journey.trigger.name == "go":
        await journey.ingest("more")
        await journey.sleep("1h")
        await journey.wait_for("more")
        return None
    return "begun again"


@workflow(trigger=["go", "more"])
async def in_line_before_the_wait(journey: Journey) -> Any:
    if journey.trigger.name == "go":
        await journey.ingest("more", {"n": 1})
        await journey.sleep("1h")
        await journey.wait_for("more", {"n": 2}, past=False, timeout="1h")
        return None
    return [journey.trigger["n"], journey.pass_number]


@workflow(trigger=["go", "more"])
async def in_line_ends_waits(journey: Journey) -> Any:
    if journey.trigger.name == "go":
        await journey.ingest("more", {"n": 1})
        await journey.ingest("more", {"n": 2})
        return None
    found = [await journey.wait_for("more", timeout="1h") for _ in range(3)]
    return [each.first["n"] if each.first else None for each in found]


@workflow(trigger=["go", "more"])
async def in_line_ends_groups(journey: Journey) -> Any:
    if journey.trigger.name == "go":
        for n, name in enumerate(("more", "more", "left", "more")):
            await journey.ingest(name, {"n": n})
        return None
    both = await journey.wait_all(
        journey.wait_for("more", past=False, timeout="1h"), journey.wait_for("left", timeout="1h")
    )
    one = await journey.wait_any(journey.wait_for("more", {"n": 1}), journey.wait_for("more", {"n": 3}))
    return [len(each) for each in (*both, *one)]


@workflow(trigger=["go", "more"], exit_on="stop")
async def in_line_to_leave(journey: Journey) -> str:
    await journey.ingest("more")
    await journey.ingest("stop")
    await journey.sleep("1h")
    return "stayed"


# -- waits that the past meets -----------------------------------------------------------------


@workflow(trigger="go")
async def any_met(journey: Journey) -> Any:
    await journey.ingest("a")
    first = await journey.wait_any(
        journey.wait_for("b"), journey.wait_for("a"), journey.sleep("1h", "slept"), timeout="2h"
    )
    then = await journey.wait_any(
        journey.wait_for("a", timeout="1h"), journey.wait_for("c", past=False), timeout="3h"
    )
    return [len(first[0]), len(first[1]), first[2], *(len(each) for each in then)]


@workflow(trigger="go")
async def met_in_a_group_that_is_cut_off(journey: Journey) -> Any:
    await journey.ingest("a")
    both = journey.wait_all(journey.wait_for("a"), journey.wait_for("b"))
    pair, left = await journey.wait_any(both, journey.wait_for("left"), timeout="1d")
    return [pair is not None, len(left), len(await journey.wait_for("a", timeout="1h"))]


@workflow(trigger="go")
async def new_alone_and_then_all(journey: Journey) -> Any:
    await journey.ingest("tick")
    new = await journey.wait_for("tick", past=False, timeout="1h")
    return [len(new), len(await journey.wait_for("tick", timeout="1h"))]


# -- several waits for one event ---------------------------------------------------------------


@workflow(trigger="go")
async def two_in_a_loop(journey: Journey) -> Any:
    got = []
    for n in range(2):
        await journey.ingest("tick", {"n": n})
        got.append(len(await journey.wait_for("tick", timeout="1h")))
        got.append(len(await journey.wait_for("tick", timeout="2h")))
    return got


@workflow(trigger="go")
async def two_in_all(journey: Journey) -> Any:
    got: list[int] = []
    for _ in range(2):
        one, two = await journey.wait_all(
            journey.wait_for("tick", timeout="1h"), journey.wait_for("tick", timeout="1h")
        )
        got += (len(one), len(two))
    return got


@workflow(trigger="go")
async def two_in_any(journey: Journey) -> Any:
    got: list[int] = []
    for _ in range(2):
        one, two = await journey.wait_any(
            journey.wait_for("tick", timeout="1h"), journey.wait_for("tick", timeout="2h")
        )
        got += (len(one), len(two))
    return got


@workflow(trigger="go")
async def one_event_ends_several(journey: Journey) -> Any:
    any_of = await journey.wait_any(
        journey.wait_for("a"), journey.wait_for("*", past=False), journey.wait_for(["b", "a"]), timeout="1h"
    )
    all_of = await journey.wait_all(
        journey.wait_for("c", {"n": 1}, timeout="1h"), journey.wait_for("c", timeout="2h")
    )
    return [len(each) for each in (*any_of, *all_of)]


@workflow(trigger="go")
async def closed_with_its_group(journey: Journey) -> Any:
    inner, tick = await journey.wait_all(
        journey.wait_any(journey.wait_for("tick"), journey.wait_for("other"), timeout="1h"),
        journey.wait_for("tick", timeout="3h"),
    )
    return [*(len(each) for each in inner), len(tick)]


# -- one moment --------------------------------------------------------------------------------


@workflow(trigger="go")
async def sleep_and_time_out(journey: Journey) -> Any:
    a, slept = await journey.wait_any(journey.wait_for("a", timeout="1h"), journey.sleep("1h"))
    first, b = await journey.wait_any(journey.sleep("1h", "first"), journey.wait_for("b", timeout="1h"))
    return [len(a), a.timed_out, slept, first, len(b)]


@workflow(trigger="go")
async def sleep_and_the_groups_time_out(journey: Journey) -> Any:
    a, slept = await journey.wait_any(journey.wait_for("a"), journey.sleep("1h"), timeout="1h")
    b, after = await journey.wait_all(journey.wait_for("b", timeout="1h"), journey.sleep("1h"), timeout="1h")
    return [len(a), slept, len(b), b.timed_out, after]


# -- what they come to -------------------------------------------------------------------------

COME_TO: list[tuple[Workflow, list[Any]]] = [
    (two_in_line, ["both"]),
    (in_line_over_a_sleep, [2]),
    # "more" is in a result: it begins no pass. Another event does, or none.
    (in_line_and_seen, []),
    # The first "more" is in no result, since the wait looked at what came from then on alone.
    (in_line_before_the_wait, [[1, 2], [1, 2]]),
    # In a pass that "more" began this is the first that it sees, and the next comes while it waits.
    (in_line_ends_waits, [[1, 2, None]]),
    (in_line_ends_groups, [[1, 1, 1, 0]]),
    (any_met, [[0, 1, None, 1, 0], [0, 1, None, 0, 1], [0, 1, None, 0, 0]]),
    (
        met_in_a_group_that_is_cut_off,
        # Only where the group is over has its member's "a" been seen.
        [[True, 0, 1], [True, 0, 0], [False, 1, 1], [False, 0, 1]],
    ),
    (new_alone_and_then_all, [[1, 1], [1, 0], [0, 1], [0, 0]]),
    (two_in_a_loop, [[1, 1, 1, 1], [1, 1, 1, 0], [1, 0, 1, 1], [1, 0, 1, 0]]),
    # One event ends the first of two waits for it, so that the second never ends alone.
    (
        two_in_all,
        [
            *([1, 1, 1, 1], [1, 1, 1, 0], [1, 1, 0, 0]),
            *([1, 0, 1, 1], [1, 0, 1, 0], [1, 0, 0, 0]),
            *([0, 0, 1, 1], [0, 0, 1, 0], [0, 0, 0, 0]),
        ],
    ),
    (two_in_any, [[1, 0, 1, 0], [1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]]),
    (closed_with_its_group, [[1, 0, 1], [1, 0, 0], [0, 1, 1], [0, 1, 0], [0, 0, 0]]),
    (
        sleep_and_time_out,
        [
            *([1, False, None, None, 1], [1, False, None, "first", 0]),
            *([0, True, True, None, 1], [0, True, True, "first", 0]),
        ],
    ),
    (
        sleep_and_the_groups_time_out,
        [
            *([1, None, 1, False, True], [1, None, 0, True, True]),
            *([0, True, 1, False, True], [0, True, 0, True, True]),
        ],
    ),
]


@pytest.mark.parametrize(("of", "results"), COME_TO, ids=lambda value: getattr(value, "name", ""))
async def test_the_past_answers_as_in_the_engine(of: Workflow, results: list[Any]) -> None:
    found = explore(of, bounds=Bounds(depth=6))
    whole = [path for path in found.paths if path.end.kind not in ("bound reached", "never ends")]
    assert [path.end.result for path in whole if path.end.kind == "completed"] == results
    for path in whole:
        assert await play(of, path, Samples()) == told(path), path.choices


FIRST_GROUP = {"a": [1, 1, 1], "b": [0, 1, 1], "hello": [0, 1, 0]}
"""Of `one_event_ends_several`: what ends at an event of this name."""


async def test_an_event_ends_all_waits_that_it_meets() -> None:
    found = explore(one_event_ends_several)
    second = [[1, 1], [0, 1], [0, 0]]
    expected = [[*first, *then] for first in ([1, 1, 1], [0, 1, 0], [0, 1, 1], [0, 0, 0]) for then in second]
    assert [path.end.result for path in found.paths] == expected
    for path in found.paths:
        first = next((FIRST_GROUP[name] for _, name, _ in path.events if name in FIRST_GROUP), [0, 0, 0])
        assert path.end.result[:3] == first
        assert await play(one_event_ends_several, path, Samples()) == told(path), path.choices


async def test_two_waits_that_the_same_sample_ends_end_on_one_way() -> None:
    samples = Samples()
    samples.add_text('c={"n": 1}')
    found = explore(one_event_ends_several, samples)
    # An event of any name is now the "c" that is known, which the second group finds in the past.
    assert [path.end.result for path in found.paths] == [
        *([1, 1, 1, 1, 1], [1, 1, 1, 0, 0]),
        [0, 1, 0, 1, 1],
        *([0, 1, 1, 1, 1], [0, 1, 1, 0, 0]),
        *([0, 0, 0, 1, 1], [0, 0, 0, 0, 0]),
    ]
    for path in found.paths:
        assert await play(one_event_ends_several, path, samples) == told(path), path.choices


async def test_an_event_in_line_makes_a_journey_leave() -> None:
    (path,) = explore(in_line_to_leave).paths
    assert (path.end.kind, path.time, path.passes) == ("exited", 0, 1)
    assert await play(in_line_to_leave, path, Samples()) == told(path)
