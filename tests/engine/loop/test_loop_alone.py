"""The loop without its thread: what it does before, after and between turns."""

from __future__ import annotations

import logging
import time
from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from studio import StudioClock, VirtualClock, incoming
from studio.engine.loop import committer as committer_module
from studio.engine.loop import loop as loop_module
from studio.engine.loop.loop import EngineLoop
from studio.engine.reload.migration import Swap
from studio.engine.work.drive_monitor import ThreadMonitor
from studio.engine.work.log_lines import LogLine
from studio.errors import StoreError, StoreFull, StudioError
from studio.store.sqlite import Store


def test_what_is_asked_of_an_engine_that_ends_before_it_takes_it_is_refused(tmp_path: Path) -> None:
    loop = EngineLoop(tmp_path / "s.db", {}, StudioClock())
    swap = Swap({}, {}, [], ())
    asked: list[Future[Any]] = [
        loop.submit([incoming("signup", "ada")]),
        loop.act(lambda batch, at: None),
        loop.idle(),
        loop.jump(loop.state.clock.now() + 60_000, None),
        loop.swap(swap),
    ]
    loop.stop()
    for future in asked:
        with pytest.raises(StudioError, match="the engine has stopped"):
            future.result(0)


def test_what_is_logged_to_the_end_reaches_the_handlers_before_a_stop_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop_module, "LOG_END", 60.0)
    loop = EngineLoop(tmp_path / "s.db", {}, VirtualClock())
    logger = logging.getLogger("shop.last.words")
    taken: list[str] = []

    class Slow(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            time.sleep(0.01)
            taken.append(record.getMessage())

    monkeypatch.setattr(logger, "handlers", [Slow()])
    monkeypatch.setattr(logger, "propagate", False)
    record = logger.makeRecord(logger.name, logging.INFO, __file__, 1, "goodbye", (), None)
    loop.log_forwarding.put([LogLine(logger, record)] * 3)
    loop.stop()
    assert taken == ["goodbye"] * 3


def test_a_store_that_cannot_be_opened_at_the_start_is_said_and_waited_for_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(committer_module, "RETRY", 0.0)
    times = 0

    def closed(path: Path, durability: Any) -> Store:
        nonlocal times
        times += 1
        if times in (1, 3):
            raise StoreError("the disk is away")
        return Store(path, durability)

    monkeypatch.setattr(loop_module, "Store", closed)
    first = EngineLoop(tmp_path / "s.db", {}, VirtualClock())
    with pytest.raises(StoreError, match="the disk is away"):
        first.start()
    first.stop()
    loop = EngineLoop(tmp_path / "s.db", {}, VirtualClock())
    loop.start()
    # The thread that takes the place of one that hung has nobody to tell it to.
    loop._open().close()
    assert times == 4
    loop.stop()


def test_a_turn_that_took_the_result_of_a_step_did_something(tmp_path: Path) -> None:
    loop = EngineLoop(tmp_path / "s.db", {}, VirtualClock())
    store = loop._open()
    # So the next turn follows at once: a jump past a thousand steps would rest after each of them.
    assert loop._take_result(store, ThreadMonitor(), []) is True
    store.close()


def test_the_log_of_writes_is_folded_in_once_there_was_no_work_for_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop_module, "POLL", 0.0)
    monkeypatch.setattr(loop_module, "TRUNCATE_AFTER", 1_000.0)
    loop = EngineLoop(tmp_path / "s.db", {}, VirtualClock())
    folded: list[float] = []
    store: Any = SimpleNamespace(
        truncate_wal=lambda: folded.append(loop._last_work), fill_checkpoints=lambda: False
    )
    loop._last_work, loop._truncated = time.monotonic(), False
    loop._rest(store)
    assert folded == []
    loop._last_work = time.monotonic() - 1_001
    loop._rest(store)
    loop._rest(store)
    assert folded == [loop._last_work]


def test_counts_that_cannot_be_kept_end_nothing_and_are_tried_again_after_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop_module, "TRUNCATE_AFTER", 0.0)
    loop = EngineLoop(tmp_path / "s.db", {}, VirtualClock())
    loop._poll = 0.0
    tries: list[None] = []

    def fill() -> bool:
        tries.append(None)
        raise StoreFull("the disk is full", where="s.db")

    store: Any = SimpleNamespace(truncate_wal=lambda: None, fill_checkpoints=fill)
    loop._last_work, loop._truncated = time.monotonic() - 1, False
    loop._rest(store)
    loop._rest(store)
    assert len(tries) == 1
    loop._last_work, loop._truncated = time.monotonic() - 1, False
    loop._rest(store)
    assert len(tries) == 2


def test_how_long_it_rests_when_there_is_nothing_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = StudioClock()
    loop = EngineLoop(tmp_path / "s.db", {}, clock)
    store: Any = SimpleNamespace()
    rests: list[float] = []
    monkeypatch.setattr(loop.state, "wake", SimpleNamespace(wait=rests.append))

    def rest() -> float:
        loop._rest(store)
        return rests.pop()

    assert rest() == loop_module.POLL
    monkeypatch.setattr(loop.state.clock_control, "seconds_until", lambda due: (due - 1_000) / 1_000)
    loop.state.next_due = 1_010
    assert rest() == 0.01
    loop.state.next_due = 61_000
    assert rest() == loop_module.POLL
    monkeypatch.setattr(loop.state.clock_control, "seconds_until", lambda due: None)
    assert rest() == loop_module.POLL
    loop.state.problem = "the disk is full"
    assert rest() == committer_module.RETRY
