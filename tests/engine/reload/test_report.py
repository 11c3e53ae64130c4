"""What a reload means for those who wait, counted beforehand and said in a line."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from studio import Engine, Journey, VirtualClock, workflow
from studio.engine.reload import dry_thread
from studio.engine.reload.openings import Openings
from studio.engine.reload.report import ReloadReport, ReloadTally, report, summary
from studio.kernel.dry_run import Difference, What
from studio.language.definition import Workflow
from tests.engine.bench import Bench
from tests.engine.reloading import loaded

PLACE = ("/w/shop.py", 24)


def tally(*counts: tuple[What, int]) -> ReloadTally:
    made = ReloadTally()
    for what, n in counts:
        for _ in range(n):
            place, error = None if what == "same" else PLACE, "KeyError" if what == "fails" else ""
            made.add(Difference(what, place, error))
    return made


@pytest.mark.parametrize(
    ("made", "waiting", "said"),
    [
        (tally(), 0, "nothing is waiting in it"),
        (tally(("same", 3)), 3, "3 waiting: no difference found"),
        (tally(("same", 1)), 3, "3 waiting, 1 looked at: no difference found"),
        (
            tally(("same", 36), ("deadline", 3), ("path", 2)),
            41,
            "41 waiting: 3 with a new deadline · 2 on another path, at :24 · no difference found for 36",
        ),
        (
            tally(("match", 1), ("fails", 2)),
            3,
            "3 waiting: 1 with another match, at :24 · 2 would fail: KeyError at :24",
        ),
    ],
)
def test_a_count_is_said_in_a_line(made: ReloadTally, waiting: int, said: str) -> None:
    assert summary(made, waiting) == said


def test_lines_of_several_files_are_said_with_their_files() -> None:
    made = ReloadTally()
    for file in ("shop.py", "mail.py"):
        made.add(Difference("path", (f"/w/{file}", 24)))
    assert summary(made, 2) == "2 waiting: 2 on another path, at mail.py:24 shop.py:24"


def test_counts_add_up() -> None:
    whole = tally(("same", 1), ("path", 2))
    whole.merge(tally(("path", 1), ("fails", 1)))
    assert (whole.looked_at, whole.same, whole.differ) == (5, 1, 4)
    assert whole.as_json() == {
        "looked_at": 5,
        "same": 1,
        "paths": {"shop.py:24": 3},
        "fails": {"KeyError at shop.py:24": 1},
    }


def test_a_report_without_changed_code_says_what_came_and_went() -> None:
    assert ReloadReport((), ("a", "b"), (), 0, ReloadTally()).summary == "new: a, b"
    assert ReloadReport((), (), (), 0, ReloadTally()).summary == "nothing has changed"
    gone = ReloadReport((), (), ("c",), 0, ReloadTally())
    assert gone.summary == "deleted: c; its waiting journeys are kept"
    assert gone.facts("c") == {}


async def waiting(path: Path, old: Workflow, count: int) -> None:
    async with Engine(old, store=path, clock=VirtualClock(0)) as engine:
        for n in range(count):
            await engine.ingest("signup", f"user{n}")
        await engine.run_until_idle()


def looked(path: Path, old: Workflow, by: Workflow, limit: int = 100) -> ReloadReport:
    return report(path, {"welcome": old}, {"welcome": by}, limit=limit)


OLD = "await journey.wait_for('paid', timeout='1h')"
LONGER = "await journey.wait_for('paid', timeout='2h')"
HANGS = "while journey.user['id'] == 'user1': pass\n" + LONGER


async def test_those_who_wait_are_counted_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dry_thread, "PAGE", 2)
    path, old = tmp_path / "a.db", loaded(tmp_path, OLD)
    await waiting(path, old, 5)
    longer = loaded(tmp_path, LONGER)
    found = await asyncio.to_thread(looked, path, old, longer)
    assert (found.changed, found.waiting, found.whole) == (("welcome",), 5, True)
    assert found.summary == "5 waiting: 5 with a new deadline"
    assert [each.journey for each in found.journeys] == [f"welcome/user{n}" for n in range(5)]
    assert found.facts("welcome")["deadlines"] == 5
    some = await asyncio.to_thread(looked, path, old, longer, 3)
    assert (some.tally.looked_at, some.whole) == (3, False)


async def test_one_that_does_not_come_back_is_given_up_and_counted_as_one_that_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studio.engine.reload.dry_thread.HANG_SECONDS", 0.1)
    path, old = tmp_path / "a.db", loaded(tmp_path, OLD)
    await waiting(path, old, 3)
    hangs = loaded(tmp_path, HANGS)
    found = await asyncio.to_thread(looked, path, old, hangs)
    assert found.tally.fails == {f"Hung at welcome.py:{hangs.line}": 1}
    assert found.tally.deadlines == 2


@workflow(trigger="go", name="shop")
async def shop(journey: Journey) -> None:
    await journey.wait_for("past", {"n": 1})
    await journey.wait_for("came", {"n": 1})
    await journey.wait_for("late", {"n": 1}, timeout="1s")
    await journey.wait_for("never")


def test_for_which_match_a_wait_was_answered_is_known_however_it_was(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "a.db", shop)
    bench.event("past", 1, n=1)
    bench.event("go", 2)
    bench.event("came", 3, n=1)
    bench.timer()
    bench.write()
    (journey,) = bench.journeys()
    made = Openings(bench.batch.unit, [journey])
    found = {}
    for name in ("past", "came", "late"):
        key = ("wait", name, 0)
        record = journey.outcomes[key]
        for n in (1, 2):
            wait: Any = SimpleNamespace(key=key, match={"n": n})
            found[name, n] = made.differs(journey, wait, record)
    assert found == {(name, n): n == 2 for name in ("past", "came", "late") for n in (1, 2)}
