"""What counts later outlives what is done to a store: prune, rewind, fork, export; `erase` forgets it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from studio import Engine, VirtualClock
from studio.clocks.clock import VirtualClock as Clock
from studio.language.definition import Workflow
from studio.store.erase import erase
from studio.store.prune import prune
from studio.store.rebuild import compare
from studio.store.snapshots import fork_store
from studio.store.transfer import export, take_in
from studio.store.views import Views
from tests.conformance import entering, goals, messages, reopening, splits

START = Clock().now()
DAY = 24 * 3_600_000


def live(path: Path, workflow: Workflow, days: float, *acts: Callable[[Engine], Any]) -> None:
    """Let an engine run on a store: time passes first, then each act is done."""

    async def run() -> None:
        clock = VirtualClock(START)
        async with Engine(workflow, store=path, clock=clock, durability="normal") as engine:
            await engine.forward(days * 86_400)
            for act in acts:
                await act(engine)
                await engine.run_until_idle()

    asyncio.run(run())
    assert compare(path) == []


def send(event: str, user: str = "u") -> Callable[[Engine], Any]:
    return lambda engine: engine.ingest(event, user)


def results(path: Path) -> list[tuple[str, Any]]:
    """How the journeys that completed did so, oldest first."""
    with Views(path) as views:
        found = views.entries(kinds=["journey.completed"], limit=1_000)
    return [(entry.journey or "", entry.data["result"]) for entry in found]


def told(path: Path, kind: str) -> list[Any]:
    """The data of entries of a kind, oldest first."""
    with Views(path) as views:
        return [entry.data for entry in views.entries(kinds=[kind], limit=1_000)]


def first_of(path: Path, kind: str) -> int:
    with Views(path) as views:
        return views.entries(kinds=[kind], limit=1)[0].seq


def drawn(tmp_path: Path) -> Path:
    """A store in which a user was drawn into an arm that gets nobody any more."""
    path = tmp_path / "studio.db"
    splits.shares(low=100, high=0).function()
    live(path, splits.edited, 0, send("go"))
    splits.shares(low=0, high=100).function()
    return path


def test_a_draw_outlives_prune(tmp_path: Path) -> None:
    path = drawn(tmp_path)
    live(path, splits.edited, 0, send("noise"))
    live(path, splits.edited, 200, send("go", "v"))
    assert prune(path, 90 * DAY).entries == 1
    assert compare(path) == []
    live(path, splits.edited, 0, send("go"))
    assert results(path) == [("edited/u", "low"), ("edited/v", "high"), ("edited/u~2", "low")]
    again = told(path, "split.drawn")[-1]
    assert (again["arm"], again["drawn"]) == ("low", first_of(path, "split.drawn"))


def test_a_draw_that_a_rewind_cuts_off_is_drawn_anew_and_one_before_it_counts(tmp_path: Path) -> None:
    path = drawn(tmp_path)
    live(path, splits.edited, 1, send("go", "v"))
    live(path, splits.edited, 1, lambda engine: engine.rewind(first_of(path, "journey.completed")))
    assert results(path) == [("edited/u", "low")]
    splits.shares(low=100, high=0).function()
    live(path, splits.edited, 1, send("go", "v"), send("go"))
    assert results(path)[1:] == [("edited/v", "low"), ("edited/u~2", "low")]


def test_a_draw_counts_in_a_fork(tmp_path: Path) -> None:
    path, other = drawn(tmp_path), tmp_path / "fork.db"
    fork_store(path, None, other, START)
    live(other, splits.edited, 1, send("go"))
    assert results(other) == [("edited/u", "low"), ("edited/u~2", "low")]


def test_erase_forgets_a_draw(tmp_path: Path) -> None:
    path = drawn(tmp_path)
    erase(path, "u")
    live(path, splits.edited, 1, send("go"))
    assert results(path) == [("edited/u", "high")]


def test_a_draw_counts_where_its_user_is_imported(tmp_path: Path) -> None:
    path, other = drawn(tmp_path), tmp_path / "other.db"
    live(other, splits.edited, 0, send("go", "w"))
    take_in(other, [json.dumps(line).encode() for line in export(path, "u")], "file")
    assert compare(other) == []
    live(other, splits.edited, 1, send("go"))
    assert results(other) == [("edited/w", "high"), ("edited/u", "low"), ("edited/u~2", "low")]
    drawn_first, again = (line for line in told(other, "split.drawn") if line["arm"] == "low")
    assert "drawn" not in drawn_first
    with Views(other) as views:
        (entry,) = (each for each in views.entries(kinds=["split.drawn"]) if each.seq == again["drawn"])
    assert entry.journey == "edited/u"


def test_a_goal_is_met_after_prune_and_only_once(tmp_path: Path) -> None:
    path = tmp_path / "studio.db"
    live(path, goals.carts, 0, send("go"), send("noise"))
    live(path, goals.carts, 100, send("app/login"), send("noise"))
    assert told(path, "goal.met") == [{"took": 100 * DAY}]
    live(path, goals.carts, 200, send("go", "v"))
    # The event goes that met the goal; that it did so stays.
    assert prune(path, 90 * DAY).entries == 3
    live(path, goals.carts, 1, send("paid"), send("paid", "v"))
    assert told(path, "goal.met") == [{"took": 100 * DAY}, {"took": DAY}]


def test_a_window_that_is_open_outlives_prune(tmp_path: Path) -> None:
    path = tmp_path / "studio.db"
    live(path, goals.carts, 0, send("go"), send("noise"))
    live(path, goals.carts, 200, send("go", "v"))
    assert prune(path, 90 * DAY).entries == 1
    live(path, goals.carts, 1, send("paid"))
    assert told(path, "goal.met") == [{"took": 201 * DAY}]


def test_a_goal_that_a_rewind_cuts_off_can_be_met_anew(tmp_path: Path) -> None:
    path = tmp_path / "studio.db"
    live(path, goals.carts, 0, send("go"))
    live(path, goals.carts, 1, send("paid"))
    live(path, goals.carts, 1, lambda engine: engine.rewind(first_of(path, "journey.completed")))
    assert told(path, "goal.met") == []
    live(path, goals.carts, 0, send("paid"), send("paid"))
    assert len(told(path, "goal.met")) == 1


def test_a_goal_is_met_in_a_fork_and_where_its_user_is_imported_and_never_after_erase(tmp_path: Path) -> None:
    path, fork, other = (tmp_path / name for name in ("studio.db", "fork.db", "other.db"))
    live(path, goals.carts, 0, send("go"))
    live(other, goals.carts, 0, send("go", "w"))
    fork_store(path, None, fork, START)
    take_in(other, [json.dumps(line).encode() for line in export(path, "u")], "file")
    for copy in (fork, other):
        live(copy, goals.carts, 1, send("paid"), send("paid"))
        assert len(told(copy, "goal.met")) == 1
    erase(path, "u")
    live(path, goals.carts, 1, send("paid"))
    assert told(path, "goal.met") == []


def test_refusals_are_pruned_exported_and_erased_with_their_user(tmp_path: Path) -> None:
    path, other = tmp_path / "studio.db", tmp_path / "other.db"
    pro = {"id": "u", "plan": "pro"}
    live(path, entering.welcome, 0, lambda engine: engine.ingest("go", pro), send("go"), send("go", "v"))
    with Views(path) as views:
        (refused,) = (entry for entry in views.timeline("u") if entry.kind == "journey.refused")
    assert (refused.workflow, refused.message) == ("welcome", "is a pro customer (2 times)")
    take_in(other, [json.dumps(line).encode() for line in export(path, "u")], "file")
    assert told(other, "journey.refused") == told(path, "journey.refused")
    live(path, entering.welcome, 200, send("go", "v"))
    prune(path, 90 * DAY)
    assert compare(path) == []
    assert told(path, "journey.refused") == []
    erase(other, "u")
    assert told(other, "journey.refused") == []


def test_who_is_held_out_is_so_after_prune(tmp_path: Path) -> None:
    path = tmp_path / "studio.db"
    live(path, entering.offer, 0, *(send("go", f"user{n}") for n in range(9)))
    drawn = told(path, "split.drawn")
    assert len(drawn) == 9
    live(path, entering.offer, 200, send("go", "later"))
    prune(path, 90 * DAY)
    live(path, entering.offer, 0, *(send("go", f"user{n}") for n in range(9)))
    assert told(path, "split.drawn")[:9] == drawn
    assert len(told(path, "split.drawn")) == 10


def test_what_a_cap_counts_outlives_prune(tmp_path: Path) -> None:
    path = tmp_path / "studio.db"
    live(path, messages.weekly, 0, send("go"), send("noise"))
    live(path, messages.weekly, 3, send("go", "v"))
    assert prune(path, DAY).journeys == 1
    assert compare(path) == []
    live(path, messages.weekly, 0, send("go"))
    assert results(path)[-1] == ("weekly/u~2", "cap 1 per 7d")
    live(path, messages.weekly, 40, send("go", "v"))
    prune(path, DAY)
    with Views(path) as views:
        assert {entry.user for entry in views.entries(kinds=["message.started"])} == {"v"}


def test_what_went_out_before_a_rewind_still_counts_after_it(tmp_path: Path) -> None:
    path = tmp_path / "studio.db"
    live(path, messages.weekly, 0, send("noise"))
    live(path, messages.weekly, 1, send("go"), send("go", "v"))
    live(path, messages.weekly, 0, lambda engine: engine.rewind(first_of(path, "event")))
    assert results(path) == []
    # Of the other nobody has heard any more.
    (rewound,) = told(path, "message.sent")
    counts = 7 * DAY
    assert rewound == {"rewound": True, "channel": "weekly", "handed_at": START + DAY, "counts": counts}
    live(path, messages.weekly, 1, send("go"))
    assert results(path) == [("weekly/u", "cap 1 per 7d")]
    live(path, messages.weekly, 0, lambda engine: engine.rewind(first_of(path, "event")))
    assert told(path, "message.sent") == [rewound]


def test_a_cap_counts_in_a_fork_and_where_its_user_is_imported_and_not_after_erase(tmp_path: Path) -> None:
    path, fork, other = (tmp_path / name for name in ("studio.db", "fork.db", "other.db"))
    live(path, messages.weekly, 0, send("go"))
    live(other, messages.weekly, 0, send("go", "w"))
    fork_store(path, None, fork, START)
    take_in(other, [json.dumps(line).encode() for line in export(path, "u")], "file")
    for copy in (fork, other):
        live(copy, messages.weekly, 1, send("go"))
        assert results(copy)[-1] == ("weekly/u~2", "cap 1 per 7d")
    erase(path, "u")
    live(path, messages.weekly, 1, send("go"))
    assert results(path) == [("weekly/u", "sent")]


SERIES = reopening.series
REOPEN = send("studio/reopen/series")


def through(tmp_path: Path) -> Path:
    """A store in which somebody came to the end of a series, to which a step was appended since."""
    path = tmp_path / "studio.db"
    reopening.grown["series"] = False
    live(path, SERIES, 0, send("signup"), send("seen"))
    reopening.grown["series"] = True
    return path


def ends(path: Path) -> list[str]:
    """How journeys ended and went on, oldest first."""
    with Views(path) as views:
        return [e.kind for e in views.entries(kinds=["journey.completed", "journey.reopened"], limit=99)]


def test_who_was_pruned_does_not_begin_anew_by_being_reopened(tmp_path: Path) -> None:
    path = through(tmp_path)
    live(path, SERIES, 200, send("noise", "v"))
    assert prune(path, 90 * DAY).journeys == 1
    assert told(path, "journey.completed") == [{"result": [True], "pruned": True}]
    assert compare(path) == []
    live(path, SERIES, 0, REOPEN)
    assert ends(path) == ["journey.completed"]


def test_who_was_reopened_is_open_and_is_not_pruned_until_the_end(tmp_path: Path) -> None:
    path = through(tmp_path)
    live(path, SERIES, 200, REOPEN)
    assert not prune(path, 90 * DAY).anything
    live(path, SERIES, 10)
    assert ends(path) == ["journey.completed", "journey.reopened", "journey.completed"]
    live(path, SERIES, 200, send("noise", "v"))
    assert prune(path, 90 * DAY).journeys == 1
    assert ends(path) == ["journey.completed", "journey.completed"]
    assert compare(path) == []


def test_a_rewind_makes_the_end_count_again(tmp_path: Path) -> None:
    path = through(tmp_path)
    live(path, SERIES, 1, REOPEN)
    live(path, SERIES, 0, lambda engine: engine.rewind(first_of(path, "journey.completed")))
    assert ends(path) == ["journey.completed"]
    with Views(path) as views:
        assert [row.status for row in views.journeys()] == ["completed"]


def test_who_was_reopened_goes_on_in_a_fork_and_where_they_are_imported_and_not_after_erase(
    tmp_path: Path,
) -> None:
    path, fork, other = through(tmp_path), tmp_path / "fork.db", tmp_path / "other.db"
    live(path, SERIES, 1, REOPEN)
    live(other, SERIES, 1, send("signup", "w"))
    fork_store(path, None, fork, START)
    take_in(other, [json.dumps(line).encode() for line in export(path, "u")], "file")
    for copy in (fork, other):
        live(copy, SERIES, 10)
        assert ends(copy)[:3] == ["journey.completed", "journey.reopened", "journey.completed"]
    erase(path, "u")
    live(path, SERIES, 10, REOPEN)
    assert ends(path) == []
