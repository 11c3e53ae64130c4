"""What is written when a workflow is paused, and what is told again behind a cut."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from studio.engine.reload.saying_pauses import restate, say_pause
from studio.engine.work.unit_of_work import StoreUnit
from studio.errors import JourneyError
from studio.store.sqlite import Store
from studio.store.workflow_pauses import PREFIX, WorkflowPause, pauses_of
from tests.engine.support import entries


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "s.db"


def say(path: Path, act: str, facts: dict[str, Any], at: int = 10) -> None:
    store = Store(path)
    try:
        unit = StoreUnit(store, {}, {})
        say_pause(unit, act, facts, at, {"welcome"})
        unit.commit()
    finally:
        store.close()


def kept(path: Path) -> dict[str, WorkflowPause]:
    store = Store(path)
    try:
        return pauses_of(store.meta_under(PREFIX))
    finally:
        store.close()


def test_a_pause_and_its_end_are_an_entry_each_with_who_said_so(path: Path) -> None:
    say(path, "pause", {"workflow": "welcome", "by": "ada"})
    assert kept(path) == {"welcome": WorkflowPause("welcome", "paused", 10, "ada", ((1, None),))}
    say(path, "unpause", {"workflow": "welcome", "by": "bob", "skip_late": 60_000}, 20)
    spans = ((1, 2),)
    assert kept(path) == {"welcome": WorkflowPause("welcome", "leaving", 10, "ada", spans, 20, 60_000)}
    told = [(e.kind, e.workflow, e.message, e.at) for e in entries(path)]
    assert told == [
        ("workflow.paused", "welcome", "by ada", 10),
        ("workflow.unpaused", "welcome", "by bob, who is later than 1m leaves", 20),
    ]
    # Before it went on it is paused once more.
    say(path, "pause", {"workflow": "welcome"}, 30)
    assert kept(path) == {"welcome": WorkflowPause("welcome", "paused", 30, None, ((1, 2), (3, None)))}


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({}, "names no workflow"),
        ({"workflow": 1}, "names no workflow"),
        ({"workflow": "welcome", "by": 1}, "lacks what it needs"),
        ({"workflow": "welcome", "skip_late": "2d"}, "lacks what it needs"),
        ({"workflow": "cart"}, "there is no workflow 'cart'"),
    ],
)
def test_what_another_process_has_written_wrongly_is_refused(
    path: Path, facts: dict[str, Any], why: str
) -> None:
    with pytest.raises(JourneyError, match=why):
        say(path, "pause", facts)
    assert kept(path) == {}


@pytest.mark.parametrize(
    ("pause", "kinds", "spans"),
    [
        # Nothing was cut off.
        (WorkflowPause("w", "paused", 0, None, ((1, None),)), [], ((1, None),)),
        (WorkflowPause("w", "over", 0, None, ((1, 2),)), [], ((1, 2),)),
        # What said so is gone, and it stands as before.
        (WorkflowPause("w", "paused", 0, None, ((9, None),)), ["workflow.paused"], ((3, None),)),
        (WorkflowPause("w", "over", 0, None, ((1, 9),)), ["workflow.unpaused"], ((1, 3),)),
        (WorkflowPause("w", "leaving", 0, None, ((1, 9),)), ["workflow.unpaused"], ((1, 3),)),
        (
            WorkflowPause("w", "leaving", 0, None, ((8, 9),)),
            ["workflow.paused", "workflow.unpaused"],
            ((3, 4),),
        ),
        # The history is back in the midst of a former pause, and this one stands.
        (WorkflowPause("w", "paused", 0, None, ((1, 8), (9, None))), [], ((1, None),)),
        # Of one that is over altogether nothing is left to say.
        (WorkflowPause("w", "over", 0, None, ((8, 9),)), [], None),
    ],
)
def test_what_a_cut_has_taken_away_is_told_again(
    path: Path, pause: WorkflowPause, kinds: list[str], spans: tuple[Any, ...] | None
) -> None:
    say(path, "pause", {"workflow": "welcome"})
    say(path, "unpause", {"workflow": "welcome"})
    store = Store(path)
    unit = StoreUnit(store, {}, {})
    unit.changes.meta.append(pause.row())
    unit.commit()
    unit = StoreUnit(store, {}, {})
    restate(unit, pause, 50)
    unit.commit()
    store.close()
    assert [e.kind for e in entries(path)[2:]] == kinds
    found = kept(path).get("w")
    assert (found and found.spans) == spans
