"""How an engine is, read from its loop at a moment."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from studio.engine.status import status_of, stopped
from studio.errors import StoreFull
from studio.store.slow import SlowCause
from studio.store.stuck import StuckCall

STUCK = StuckCall("step", "mail", "welcome/ada", 1_000, "mail.py:20")
SLOW = SlowCause(1_000, 2_500, "event paid of ada", "buy/ada", 2_000)


def loop(**state: Any) -> Any:
    facts = {"problem": None, "ended": None, "queued": 3, "running": {1, 2}, "last_batch": 7, "fault": None}
    return SimpleNamespace(
        state=SimpleNamespace(**{**facts, **state}),
        stuck=SimpleNamespace(find=lambda: [STUCK]),
        slow=lambda: SLOW,
    )


def test_one_that_runs_tells_its_numbers_and_what_holds_it_up() -> None:
    found = status_of(loop(), [])
    assert (found.state, found.problem) == ("running", None)
    assert (found.queue, found.steps, found.last_batch) == (3, 2, 7)
    assert (found.stuck, found.slow) == ((STUCK,), SLOW)


def test_a_hook_may_complain_while_it_runs() -> None:
    assert status_of(loop(), ["set_event failed", "another"]).problem == "set_event failed"


@pytest.mark.parametrize(("ended", "state"), [(None, "paused"), (KeyError("x"), "stopped")])
def test_what_keeps_it_is_said_before_what_hooks_complain_of(ended: Exception | None, state: str) -> None:
    full = StoreFull("the disk is full", where="s.db")
    found = status_of(loop(problem="the disk is full", fault=full, ended=ended), ["set_event failed"])
    assert (found.state, found.problem, found.fault) == (state, "the disk is full", full)


def test_one_that_does_not_run_here_has_nothing_but_its_reason() -> None:
    found = stopped("gone")
    assert (found.state, found.problem, stopped().problem) == ("stopped", "gone", None)
    assert (found.queue, found.steps, found.last_batch) == (0, 0, 0)
