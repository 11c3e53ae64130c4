"""The engine's thread and its guard, without an engine; in the engine: `test_loop.py`."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from studio import VirtualClock
from studio.engine.loop import engine_thread
from studio.engine.loop.engine_thread import EngineThread
from studio.engine.loop.state import LoopState
from studio.engine.work.drive_monitor import ThreadMonitor
from studio.kernel.drive import Abandoned
from tests.engine.support import until

LONG = 60.0


class Desk:
    """A thread that lives as it is told, and what its guard does."""

    def __init__(self, path: Path, live: Callable[[ThreadMonitor], None], hang_after: float = LONG) -> None:
        self.state = LoopState(path, {}, VirtualClock(0), 100, None, None)
        self.monitors: list[ThreadMonitor] = []
        self.returned = 0
        self.died: list[BaseException] = []
        self.live = live
        self.thread = EngineThread(
            self.state, self._live, self._put_back, self.died.append, hang_after, replay_always=False
        )

    def _live(self, watch: ThreadMonitor) -> None:
        self.monitors.append(watch)
        self.live(watch)

    def _put_back(self) -> None:
        self.returned += 1

    def stop(self, timeout: float = LONG) -> None:
        with self.state.lock:
            self.state.stopping = True
        self.thread.await_end(timeout)

    @property
    def is_alive(self) -> bool:
        thread = self.thread._thread
        return thread is not None and thread.is_alive()


def test_a_stop_waits_for_the_end_of_the_thread(tmp_path: Path) -> None:
    ended = threading.Event()

    def live(watch: ThreadMonitor) -> None:
        time.sleep(0.02)
        ended.set()

    desk = Desk(tmp_path / "s.db", live)
    desk.thread.start()
    desk.stop()
    assert ended.is_set()
    assert not desk.is_alive
    assert not desk.thread.monitor.abandoned
    # Nothing is left to guard, and the guard need not look once more to see it.
    assert desk.thread._over.is_set()


def test_a_thread_that_does_not_end_in_time_may_write_nothing_more(tmp_path: Path) -> None:
    go = threading.Event()

    def live(watch: ThreadMonitor) -> None:
        go.wait(LONG)

    desk = Desk(tmp_path / "s.db", live)
    desk.thread.start()
    desk.stop(0.0)
    assert desk.thread.monitor.abandoned
    assert not desk.thread._over.is_set()
    go.set()
    desk.stop()
    assert desk.thread._over.is_set()


def test_a_thread_that_commits_is_waited_for(tmp_path: Path) -> None:
    begun = threading.Event()

    def live(watch: ThreadMonitor) -> None:
        watch.committing = True
        begun.set()
        time.sleep(0.02)

    desk = Desk(tmp_path / "s.db", live)
    desk.thread.start()
    assert begun.wait(LONG)
    desk.stop(0.0)
    assert not desk.is_alive
    assert not desk.thread.monitor.abandoned


def busy(journey: int, lives: list[str]) -> Callable[[ThreadMonitor], None]:
    """Drive one journey without end, the first time; then end."""

    def live(watch: ThreadMonitor) -> None:
        if lives:
            lives.append("again")
            return
        lives.append("hung")
        watch.begin(SimpleNamespace(id="w/ada"), journey)  # type: ignore[arg-type]
        try:
            while True:
                time.sleep(0.001)
        except Abandoned:
            lives.append("given up")

    return live


async def test_a_drive_that_does_not_come_back_is_given_up_and_another_thread_goes_on(tmp_path: Path) -> None:
    lives: list[str] = []
    desk = Desk(tmp_path / "s.db", busy(7, lives), hang_after=0.02)
    desk.thread.start()
    await until(lambda: "again" in lives and "given up" in lives)
    assert lives[0] == "hung"
    assert (list(desk.state.quarantined), desk.returned, desk.died) == ([7], 1, [])
    first, second = desk.monitors
    assert (first.abandoned, second.abandoned) == (True, False)
    # Who drives from here on knows whom the other hung at.
    assert second.quarantined is desk.state.quarantined
    desk.stop()


async def test_where_other_functions_stand_a_drive_is_tried_once_more_a_cause_at_a_time(
    tmp_path: Path,
) -> None:
    lives: list[str] = []
    desk = Desk(tmp_path / "s.db", busy(7, lives), hang_after=0.02)
    stands: Any = SimpleNamespace(state=SimpleNamespace(id=8))
    desk.thread.monitor.live.keep(stands)
    desk.thread.start()
    await until(lambda: "again" in lives)
    assert (desk.state.quarantined, desk.state.one_by_one) == ({}, engine_thread.ONE_BY_ONE)
    # What stood in the thread that was given up is closed by the one that goes on.
    first, second = desk.monitors
    assert (first.live.standing(), second.live.standing()) == ([], [stands])
    desk.stop()


async def test_where_the_engine_stops_the_journey_is_not_to_blame(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_thread, "STOP_HANG", 0.02)
    lives: list[str] = []
    desk = Desk(tmp_path / "s.db", busy(7, lives))
    desk.state.stopping = True
    desk.thread.start()
    await until(lambda: "given up" in lives)
    desk.stop()
    assert (desk.state.quarantined, desk.returned, lives) == ({}, 1, ["hung", "given up"])


async def test_a_thread_that_commits_is_not_given_up(tmp_path: Path) -> None:
    go = threading.Event()
    looks = 0

    def is_hanging(after: float) -> bool:
        nonlocal looks
        looks += 1
        return True

    def live(watch: ThreadMonitor) -> None:
        watch.journey, watch.committing = 7, True
        watch.is_hanging = is_hanging  # type: ignore[method-assign]
        go.wait(LONG)

    desk = Desk(tmp_path / "s.db", live, hang_after=0.02)
    desk.thread.start()
    await until(lambda: looks > 1)
    assert not desk.thread.monitor.abandoned
    go.set()
    desk.stop()
    assert (desk.returned, desk.state.quarantined) == (0, {})


async def test_a_drive_that_ends_as_it_is_looked_at_is_not_given_up(tmp_path: Path) -> None:
    go = threading.Event()
    looks = 0

    def live(watch: ThreadMonitor) -> None:
        def is_hanging(after: float) -> bool:
            nonlocal looks
            looks += 1
            # It has come to its end meanwhile, and the next has begun.
            watch.journey = 7 + looks
            return True

        watch.journey = 7
        watch.is_hanging = is_hanging  # type: ignore[method-assign]
        go.wait(LONG)

    desk = Desk(tmp_path / "s.db", live, hang_after=0.02)
    desk.thread.start()
    await until(lambda: looks > 1)
    assert not desk.thread.monitor.abandoned
    go.set()
    desk.stop()


async def test_an_engine_that_gets_no_other_thread_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("threading.excepthook", lambda args: None)
    lives: list[str] = []
    desk = Desk(tmp_path / "s.db", busy(7, lives), hang_after=0.02)
    desk.thread.start()
    start: Any = RuntimeError("can't start new thread")

    def refuse() -> None:
        raise start

    desk.thread._start_thread = refuse  # type: ignore[method-assign]
    await until(lambda: desk.died)
    assert desk.died == [start]
    await until(lambda: not desk.is_alive)
    desk.stop()
