"""The hooks of an engine from its start to its end, and what they complain of."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from studio.engine.effects.engine_hooks import EngineHooks
from studio.errors import StudioError
from studio.language.event import Event
from studio.store.database import open_database


def check(*asked: Any) -> list[Any]:
    return []


def nothing() -> None:
    """Nobody looks at what it complains of."""


class Events:
    """Both at once."""

    def check_event(self, *asked: Any) -> list[Any]:
        return []

    def set_events(self, events: Sequence[Event]) -> None:
        """They go nowhere."""


def test_two_ways_of_saying_the_same_are_refused() -> None:
    with pytest.raises(StudioError, match="set_events stands for set_event"):
        EngineHooks(None, print, nothing, set_events=print)
    for check_event, set_event in ((check, None), (None, print)):
        with pytest.raises(StudioError, match="events= stands for"):
            EngineHooks(check_event, set_event, nothing, events=Events())


def test_without_hooks_nothing_is_read_and_nothing_runs(tmp_path: Path) -> None:
    hooks = EngineHooks(None, None, nothing)
    hooks.prepare(tmp_path / "never.db", "full")
    hooks.start_telling()
    hooks.stop_telling()
    hooks.stop_asking()
    hooks.let_go()
    assert (hooks.check_event_lookup, hooks.outbox, list(tmp_path.iterdir())) == (None, None, [])


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "s.db"
    con = open_database(path)
    con.execute("INSERT INTO meta VALUES ('told', '7')")
    con.close()
    return path


def test_telling_goes_on_where_the_last_engine_stopped(store: Path) -> None:
    told: list[Event] = []
    hooks = EngineHooks(None, told.append, nothing)
    hooks.prepare(store, "full")
    assert hooks.outbox is not None
    assert hooks.outbox.delivered == 7
    hooks.start_telling()
    hooks.stop_telling()
    assert (told, hooks.check_event_lookup) == ([], None)


def test_a_complaint_is_logged_once_and_taken_back_when_all_is_well(caplog: pytest.LogCaptureFixture) -> None:
    changes: list[None] = []
    hooks = EngineHooks(check, None, lambda: changes.append(None))
    with caplog.at_level(logging.ERROR):
        for what in ("it is away", "it is still away"):
            hooks._complain("check_event", what)
    assert [record.message for record in caplog.records] == ["it is away"]
    assert (hooks.complaints, len(changes)) == ({"check_event": "it is still away"}, 2)
    hooks._complain("check_event", None)
    hooks._complain("check_event", None)
    assert (hooks.complaints, len(changes)) == ({}, 3)
