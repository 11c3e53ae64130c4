"""Made-up users who go through ninety days of a workflow: until all histories are written and counted."""

from __future__ import annotations

import time
from pathlib import Path

import psutil

from bench.checks import BenchError, expect
from bench.machine import pin
from bench.numbers import Numbers
from studio import Journey, workflow
from studio.clocks.durations import DAY
from studio.reports.reading import FunnelReader
from studio.reports.simulation.profile import profile_of
from studio.reports.simulation.simulating import SimulationRun, simulate
from studio.store.views import Views

START_MS = 1_772_442_000_000
WAITS = 8
EVENTS_EACH, WAITS_EACH, STEPS_EACH = 8, 6, 4
"""What each user is to have at least, on the average."""


def _work(*_: object) -> None:
    """No step is called."""


@workflow(trigger="signup")
async def life(journey: Journey) -> bool:
    """Eight waits, each with a step where it is in vain or before it."""
    for number in range(WAITS):
        await journey.step(f"mail {number}", _work, journey.user.email)
        if not await journey.wait_for(f"opened/{number}", timeout="4d"):
            await journey.step(f"remind {number}", _work, journey.user.email)
            await journey.wait_for(f"opened/{number}", timeout="4d")
    return True


PROFILE = {
    "arrivals": {"event": "signup", "over": "30d", "data": {"email": "{user}@example.com"}},
    "events": {
        f"opened/{number}": {
            "after": {
                f"mail {number}": {"chance": 0.7, "p50": "2d", "p90": "6d"},
                f"remind {number}": {"chance": 0.6, "p50": "1d", "p90": "3d"},
            }
        }
        for number in range(WAITS)
    },
}


def users(folder: Path, count: int) -> Numbers:
    """Let users go through, and count their funnel."""
    pin()
    run = SimulationRun(
        {"life": life},
        profile_of(PROFILE, "bench"),
        count,
        START_MS,
        START_MS + 90 * DAY,
        "1",
        lambda step: None,
    )
    store = folder / "simulated.db"
    start = time.perf_counter()
    done = simulate(run, store)
    with Views(store) as views:
        reader = FunnelReader(views, "life")
        reader.read()
        funnel = reader.funnel(run.until_ms, None)
    seconds = time.perf_counter() - start
    rss_mb = psutil.Process().memory_info().rss / 1e6
    expect("users", done.users, count)
    expect("journeys", funnel.entered, count)
    visits = {
        family: sum(n.visits for n in funnel.nodes if n.family == family) for family in ("wait", "step")
    }
    with Views(store) as views:
        events = views.totals().events
    for what, found, least in (
        ("events", events, EVENTS_EACH),
        ("waits", visits["wait"], WAITS_EACH),
        ("steps", visits["step"], STEPS_EACH),
    ):
        if found < least * count:
            raise BenchError(f"{found / count:.1f} {what} a user, and at least {least} are to be measured")
    return {"seconds": seconds, "users_per_s": count / seconds, "rss_mb": rss_mb}
