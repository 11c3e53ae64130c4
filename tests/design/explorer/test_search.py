"""Every path through a journey: what the explorer finds, and that the engine goes the same way."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from studio import Engine, Journey, VirtualClock, incoming, workflow
from studio.design.explorer.explored_path import goes_round
from studio.design.explorer.report import as_json
from studio.design.explorer.samples import Samples
from studio.design.explorer.search import Bounds, Exploration, explore
from studio.design.explorer.tree import rows
from studio.events import event_files as eventfiles
from studio.language.definition import Workflow
from studio.source import loader
from studio.store.views import Views
from tests.design.explorer import odd
from tests.design.explorer.playing import play, told

ROOT = Path(__file__).parents[3]
EXAMPLES = ("onboarding", "trial", "cart")


def example(name: str) -> tuple[Workflow, Samples]:
    """One of workflows/, with what its event file tells."""
    samples = Samples()
    lines = (ROOT / "data" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    samples.add_events(eventfiles.read(lines, 0))
    return loader.load(ROOT / "workflows").workflows[name], samples


def ends(found: Exploration) -> list[tuple[str, Any]]:
    """How the ways end: with what result, or saying what."""
    return [
        (path.end.kind, path.end.result if path.end.kind == "completed" else path.end.text)
        for path in found.paths
    ]


def results(of: Workflow, **more: Any) -> list[Any]:
    """The results of the ways, which all complete."""
    found = explore(of, **more)
    assert {path.end.kind for path in found.paths} == {"completed"}
    assert found.truncated == []
    return [path.end.result for path in found.paths]


# -- waits -------------------------------------------------------------------------------------


def test_a_wait_goes_both_ways_and_time_passes() -> None:
    found = explore(odd.linear)
    matched, timed_out = found.paths
    assert (matched.time, timed_out.time) == (7_200_000, 93_600_000)
    assert [step.outcome for step in matched.steps] == ["matched", "done"]
    assert [(step.kind, step.name) for step in timed_out.steps][2:] == [
        ("log", "no money"),
        ("send", "reminder/paid"),
    ]
    assert ends(found) == [("completed", {"paid": True}), ("completed", {"paid": False})]
    assert found.unreached == []


def test_each_member_of_wait_any_comes_first_once_or_the_time_runs_out() -> None:
    assert results(odd.any_of_three) == ["a", "b", "slept"]
    assert [path.time for path in explore(odd.any_of_three).paths] == [0, 0, 3 * 86_400_000]


def test_the_members_of_wait_all_end_each_for_itself() -> None:
    found = explore(odd.all_of_two)
    assert [path.end.result for path in found.paths] == [
        [True, True],
        [True, False],
        [False, True],
        [False, False],
    ]
    assert [path.time // 86_400_000 for path in found.paths] == [0, 2, 1, 2]


def test_a_timeout_of_its_own_cuts_wait_all_short() -> None:
    assert results(odd.all_cut_short) == [[True, False, True], [False, False, True]]


def test_groups_may_stand_in_groups() -> None:
    assert results(odd.nested_groups)[-1] == [False, False]
    assert [True, False] in results(odd.nested_groups)
    assert [False, True] in results(odd.nested_groups)


def test_without_a_timeout_it_matches_or_waits_for_ever() -> None:
    assert ends(explore(odd.for_ever)) == [("completed", "came"), ("waits for ever", "for never/sent")]


def test_a_time_by_the_users_clock_adds_time_and_no_way() -> None:
    matched, timed_out = explore(odd.morning).paths
    assert (matched.time, timed_out.time) == (8 * 3_600_000, 32 * 3_600_000)
    first, second = (step for step in matched.steps if step.kind == "sleep")
    assert (first.name, first.outcome) == ("until 00:30 today", "done")
    assert (second.name, second.timeout) == ("until 09:00 mon-fri", 8 * 3_600_000)
    assert "☾ until 09:00 mon-fri 8h" in [f"{row.sign} {row.text}" for row in rows([matched])]


def test_a_message_is_sent_or_not_where_somebody_asks_and_quiet_hours_add_time_alone() -> None:
    sent, not_sent = explore(odd.mails).paths
    assert (sent.end.result, not_sent.end.result) == ("sent", "not sent")
    assert sent.time == not_sent.time == 8 * 3_600_000
    assert [(step.kind, step.name, step.outcome) for step in not_sent.steps] == [
        ("message", "day 1", "sent"),
        ("message", "day 2", "not sent"),
    ]
    assert [(kind, name) for _, kind, name in not_sent.sends] == [("message", "day 1")]


def test_a_digest_gets_something_or_nothing() -> None:
    found = explore(odd.digests)
    assert [(path.end.result, path.time) for path in found.paths] == [(1, 600_000), (0, 86_400_000)]
    assert [path.steps[0].outcome for path in found.paths] == ["matched", "timed out"]


def test_a_split_goes_down_every_arm_that_gets_somebody_and_stays_in_it() -> None:
    found = explore(odd.dealt)
    assert [path.end.result for path in found.paths] == [
        *("low low True", "low low False", "high high True", "high high False")
    ]
    first = found.paths[2].steps
    assert [(step.kind, step.name, step.outcome) for step in first] == [
        ("split", "price", "high"),
        ("log", "high", "info"),
        ("wait", "paid", "matched"),
        ("split", "price", "high"),
    ]
    assert found.unreached == []
    assert [(each["split"], each["arm"]) for each in as_json(found)["paths"][0]["arms"]] == [
        *(("price", "low"), ("price", "low"))
    ]


# -- passes ------------------------------------------------------------------------------------


def test_a_reminder_that_is_a_trigger_begins_the_next_pass_at_once() -> None:
    found = explore(odd.reminds_itself)
    assert [path.end.result for path in found.paths] == ["after 0", "after 1", "after 2", "given up"]
    assert [path.passes for path in found.paths] == [1, 2, 3, 3]
    assert found.paths[-1].time == (1 + 2 + 3) * 3_600_000


def test_after_a_pass_another_event_comes_or_none() -> None:
    found = explore(odd.steps_twice)
    assert [kind for kind, _ in ends(found)] == ["completed", "waits for ever"]
    steps = [step.outcome for step in found.paths[0].steps if step.kind == "step"]
    assert steps == ["done", "done", "done before", "done"]


def test_what_the_engine_calls_a_runaway_fails_here_too() -> None:
    (path,) = explore(odd.feeds_itself).paths
    assert (path.end.kind, path.passes) == ("failed", 101)
    assert "runaway: 100 passes" in path.end.text


def test_a_loop_ends_where_it_ends_and_one_without_end_is_told() -> None:
    assert results(odd.five_reminders) == ["done"] * 5 + ["given up"]
    found = explore(odd.never_ends)
    assert [path.end.kind for path in found.paths].count("never ends") == 1
    assert found.truncated == ["depth"]
    assert "10 decisions" in found.paths[-1].end.text
    (path,) = explore(odd.only_sleeps).paths
    assert path.end.kind == "never ends"
    assert "2,000 moves" in path.end.text


@pytest.mark.parametrize(
    ("turns", "length"), [("abab", 0), ("ababab", 2), ("xaaa", 1), ("aab", 0), ("", 0), ("abcabcabc", 3)]
)
def test_a_round_is_gone_three_times_in_a_row(turns: str, length: int) -> None:
    assert goes_round([(turn,) for turn in turns], 3) == length


# -- steps, data, keys -------------------------------------------------------------------------


def test_a_step_in_a_try_also_fails_and_others_when_asked_to() -> None:
    found = explore(odd.catches)
    assert [path.end.result for path in found.paths] == ["charged", "failed: charge"]
    assert found.paths[1].time == (60 + 120 + 3600) * 1000
    assert len(explore(odd.step_result, Samples(steps={"charge": {"id": 1}})).paths) == 1
    failing = explore(odd.step_result, Samples(steps={"charge": {"id": 1}}), failures=True).paths[1]
    assert failing.end.kind == "failed"
    assert "StepFailed" in failing.end.text


def test_what_no_sample_has_is_said_with_the_sample_to_give() -> None:
    path = explore(odd.lacks_data).paths[0]
    assert (path.end.kind, path.end.text) == ("failed", "KeyError: 'profile'")
    assert path.end.line.startswith("odd.py:")
    assert "--sample 'account={\"profile\": …}'" in path.end.hint
    samples = Samples()
    samples.add_text('account={"profile": {}}')
    assert "profile.email" in explore(odd.lacks_data, samples).paths[0].end.hint
    samples.add_text('account={"profile": {"email": "a@b.c"}}')
    assert explore(odd.lacks_data, samples).paths[0].end.result == "a@b.c"


def test_a_step_gives_what_was_recorded_or_the_plainest_of_its_type() -> None:
    assert "--sample 'step:charge={\"id\": …}'" in explore(odd.step_result).paths[0].end.hint
    assert results(odd.step_result, samples=Samples(steps={"charge": {"id": 7}})) == ["7"]


def test_a_group_in_a_group_that_is_cut_off_is_none_as_in_the_engine() -> None:
    @workflow(trigger="go")
    async def cut_off(journey: Journey) -> list[bool]:
        inner = journey.wait_any(journey.wait_for("a", timeout="1h"), journey.wait_for("b", timeout="3h"))
        (found,) = await journey.wait_all(inner, timeout="2h")
        return [bool(each) for each in found]

    path = explore(cut_off).paths[-1]
    assert (path.end.kind, path.end.hint, path.time) == ("failed", "", 7_200_000)
    assert [each.outcome for each in path.steps[0].members] == ["open"]


def test_a_match_makes_the_event_and_a_sample_that_meets_it_is_taken_first() -> None:
    @workflow(trigger="go")
    async def matches(journey: Journey) -> Any:
        found = await journey.wait_for("post", {"id": "post1"})
        return found.first and found.first.data

    samples = Samples(events={"post": [{"id": "post1", "n": 1}, {"id": "post2", "n": 2}]})
    assert explore(matches, samples).paths[0].end.result == {"id": "post1", "n": 1}
    assert explore(matches).paths[0].end.result == {"id": "post1"}


def test_keys_and_exits_count_as_in_the_engine() -> None:
    found = explore(odd.keyed)
    assert ends(found) == [("completed", "cart_id1"), ("exited", "by left"), ("waits for ever", "for left")]
    (never,) = found.impossible
    assert "another cart_id" in never.why
    assert [line.text for line in found.unreached] == ['return "never"', 'return "never either"']


# -- lines -------------------------------------------------------------------------------------


def test_lines_that_no_path_reaches_are_named_also_in_helpers() -> None:
    assert [line.text for line in explore(odd.unreached).unreached] == [
        'await journey.wait_for("impossible", timeout="1d")',
        'return "cannot be"',
    ]
    found = explore(odd.with_helpers)
    assert sorted(path.end.result for path in found.paths) == [0, 1, 1, 2]
    assert [line.text for line in found.unreached] == ['journey.log("not here")']


def test_the_trace_function_of_the_caller_stays() -> None:
    before = sys.gettrace()
    explore(odd.linear)
    assert sys.gettrace() is before


# -- workflows that do what none should --------------------------------------------------------


@pytest.mark.parametrize(
    ("of", "text"),
    [
        (odd.raises, "ValueError: no x please"),
        (odd.foreign, "asyncio cannot be used in a workflow"),
        (odd.hangs, "did not come back within 0.2 s"),
        (odd.blocks, "did not come back within 0.2 s"),
    ],
)
def test_what_fails_ends_its_own_path_only(of: Workflow, text: str) -> None:
    found = explore(of, bounds=Bounds(hang_after=0.2))
    bad, good = found.paths
    assert bad.end.kind == "failed"
    assert text in bad.end.text
    assert bad.end.line.startswith("odd.py:")
    assert (good.end.kind, good.end.result) == ("completed", "fine")


def test_a_function_that_catches_being_left_keeps_its_way() -> None:
    kinds = [kind for kind, _ in ends(explore(odd.catches_everything))]
    assert kinds == ["completed", "waits for ever"]


@pytest.mark.long
@pytest.mark.parametrize("of", [odd.fans_out, odd.first_of_many])
def test_a_huge_fan_out_is_cut_and_told(of: Workflow) -> None:
    began = time.process_time()
    # A busy machine may hold it up for long, and nothing hangs here.
    found = explore(of, bounds=Bounds(paths=50, seconds=200, hang_after=60))
    assert len(found.paths) <= 50
    assert "paths" in found.truncated or "depth" in found.truncated
    assert time.process_time() - began < 20


def test_the_time_is_a_bound_as_well() -> None:
    found = explore(odd.never_ends, bounds=Bounds(depth=60, paths=100_000, seconds=0.1))
    assert found.paths
    assert found.truncated


def test_print_is_the_journeys_and_comes_back_afterwards(capsys: pytest.CaptureFixture[str]) -> None:
    explore(odd.linear)
    assert capsys.readouterr().out == ""
    print("mine")
    assert capsys.readouterr().out == "mine\n"


def test_no_thread_is_left_behind() -> None:
    before = set(threading.enumerate())
    explore(odd.linear)
    # One that another test gave up in a call that blocks may still be there.
    assert not [each for each in threading.enumerate() if each.name == "explorer" and each not in before]


# -- the examples ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_explored_the_same_each_time(name: str) -> None:
    of, samples = example(name)
    one, two = explore(of, samples), explore(of, samples)
    assert [(path.choices, path.steps, path.end) for path in one.paths] == [
        (path.choices, path.steps, path.end) for path in two.paths
    ]
    assert "failed" not in {path.end.kind for path in one.paths}
    assert "seconds" not in one.truncated


# -- the engine goes the same ways -------------------------------------------------------------

AS_IN_THE_ENGINE = (
    *((of, Samples()) for of in (odd.linear, odd.any_of_three, odd.all_of_two, odd.all_cut_short)),
    *((of, Samples()) for of in (odd.nested_groups, odd.for_ever, odd.five_reminders, odd.reminds_itself)),
    *((of, Samples()) for of in (odd.steps_twice, odd.with_helpers, odd.raises, odd.feeds_itself)),
    (odd.keyed, Samples()),
    *(example(name) for name in EXAMPLES),
)


@pytest.mark.parametrize(("of", "samples"), AS_IN_THE_ENGINE, ids=lambda value: getattr(value, "name", ""))
async def test_the_engine_goes_each_way_as_it_was_explored(of: Workflow, samples: Samples) -> None:
    found = explore(of, samples, bounds=Bounds(depth=7))
    whole = [path for path in found.paths if path.end.kind not in ("bound reached", "never ends")]
    assert whole
    for path in whole[:40]:
        assert await play(of, path, samples) == told(path), path.choices


def test_samples_come_from_events_of_a_store(tmp_path: Path) -> None:
    path = tmp_path / "s.db"

    async def run() -> None:
        async with Engine(odd.step_result, store=path, clock=VirtualClock()) as engine:
            await engine.ingest_many([incoming("go", "ada", {"from": "store"}), incoming("other", "ada")])
            await engine.run_until_idle()

    asyncio.run(run())
    samples = Samples()
    with Views(path) as views:
        samples.add_history(views, "step_result")
    assert samples.events == {"go": [{"from": "store"}], "other": [{}]}
    assert samples.steps == {"charge": {"id": "charge of ada"}}
    assert results(odd.step_result, samples=samples) == ["charge of ada"]
