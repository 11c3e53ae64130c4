"""People who have finished go on when they are asked to: a step was appended since."""

from __future__ import annotations

from typing import Any

from studio import Journey, workflow
from tests.conformance.case import Call, Case, Forward, Send

CASES: list[Case] = []
COMPACT = ("packed partitions", "turns alone", "computed twice")
"""Ways in which no more is kept of what has ended than that it has."""

grown: dict[str, bool] = {"series": False}


def edit(to: bool) -> Call:
    """A step is appended, or taken away again."""
    return Call(lambda: grown.update(series=to))


@workflow(trigger="signup", exit_on="left")
async def series(journey: Journey) -> Any:
    seen = await journey.wait_for("seen", timeout="1d")
    journey.log("was there")
    if not grown["series"]:
        return [bool(seen)]
    await journey.sleep("2d")
    paid = await journey.wait_for("paid", timeout="1d")
    return [bool(seen), bool(paid), f"{journey.now():%d %H}"]


CASES += [
    Case(
        "who has completed goes on when asked to: what was done stays, and new time counts from the asking",
        (series,),
        (
            *(edit(False), Send("signup"), Send("seen"), Forward("10d"), Send("signup"), edit(True)),
            *(Send("paid"), Send("studio/reopen/series"), Send("studio/reopen/series")),
            *(Send("studio/reopen/other"), Forward("3d"), edit(False)),
        ),
        """
        +0s event signup
        +0s journey.started
        +0s wait.opened seen#0 1d
        +0s event seen
        +0s wait.matched seen#0
        +0s log was there
        +0s journey.completed [true]
        +10d event signup
        +10d event paid
        +10d event studio/reopen/series
        +10d journey.reopened
        +10d sleep.opened #0 2d
        +10d event studio/reopen/series
        +10d event studio/reopen/other
        +12d sleep.done #0
        +12d wait.matched paid#0
        +12d journey.completed [true,true,"13 00"]
        """,
        not_by=dict.fromkeys(COMPACT, "nothing is kept of what has ended"),
    ),
    Case(
        "who has left since the end, or waits, or never came, does not go on",
        (series,),
        (
            *(edit(False), Send("signup"), Send("seen"), Send("left"), Send("signup", user="v")),
            *(edit(True), Send("studio/reopen/series"), Send("studio/reopen/series", user="v")),
            *(Send("studio/reopen/series", user="w"), edit(False), Forward("1d")),
        ),
        """
        +0s event signup @u
        +0s series/u journey.started
        +0s series/u wait.opened seen#0 1d
        +0s event seen @u
        +0s series/u wait.matched seen#0
        +0s series/u log was there
        +0s series/u journey.completed [true]
        +0s event left @u
        +0s event signup @v
        +0s series/v journey.started
        +0s series/v wait.opened seen#0 1d
        +0s event studio/reopen/series @u
        +0s event studio/reopen/series @v
        +0s event studio/reopen/series @w
        +1d series/v wait.timeout seen#0
        +1d series/v log was there
        +1d series/v journey.completed [false]
        """,
    ),
]
