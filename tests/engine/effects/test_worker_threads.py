"""Threads for what may block."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from queue import SimpleQueue

import pytest

from studio.engine.effects.reentrancy import HookCall
from studio.engine.effects.stuck_calls import stand
from studio.engine.effects.timekeeper import Timekeeper
from studio.engine.effects.worker_threads import Threads

LONG = 0.1


@pytest.fixture
def keeper() -> Iterator[Timekeeper]:
    keeper = Timekeeper("test-time")
    yield keeper
    keeper.stop()


@pytest.fixture
def threads(keeper: Timekeeper) -> Iterator[Threads]:
    threads = Threads("test-threads", 4, keeper, LONG)
    yield threads
    threads.stop()


def live() -> int:
    return sum(thread.name == "test-threads" for thread in threading.enumerate())


def until(true: Callable[[], object]) -> None:
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_jobs_run_so_many_at_a_time(threads: Threads, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "_long", 60.0)
    free, began = threading.Event(), SimpleQueue[int]()

    def job() -> None:
        began.put(1)
        free.wait(60)

    for _ in range(10):
        threads.submit(job)
    until(lambda: began.qsize() == 4)
    time.sleep(0.05)
    assert (began.qsize(), threads.queued, live()) == (4, 6, 4)
    free.set()
    until(lambda: began.qsize() == 10)


def test_a_thread_that_is_idle_takes_the_next_job(threads: Threads) -> None:
    for _ in range(20):
        done = threading.Event()
        threads.submit(done.set)
        assert done.wait(60)
        until(lambda: threads._idle)
    assert live() == 1


def test_jobs_that_never_come_back_hold_up_no_other(threads: Threads) -> None:
    free, done = threading.Event(), SimpleQueue[int]()
    for _ in range(9):
        threads.submit(lambda: free.wait(60))
    for number in range(5):
        threads.submit(lambda number=number: done.put(number))  # type: ignore[misc]
    assert sorted(done.get(timeout=60) for _ in range(5)) == list(range(5))
    free.set()
    # Those that come back end, down to as many as there may be.
    until(lambda: live() <= 4)


def test_another_begins_at_once_in_place_of_one_that_is_let_go(keeper: Timekeeper) -> None:
    threads = Threads("test-threads", 1, keeper, 60.0)
    free, done, mine = threading.Event(), threading.Event(), threading.Event()

    def late() -> None:
        worker = threads.me()
        keeper.after(0, lambda: threads.let_go(worker))
        mine.set()
        free.wait(60)

    threads.submit(late)
    assert mine.wait(60)
    threads.submit(done.set)
    assert done.wait(60)
    free.set()
    threads.stop()
    until(lambda: live() == 0)


def test_where_no_thread_can_be_started_those_that_are_there_do_it(
    threads: Threads, monkeypatch: pytest.MonkeyPatch
) -> None:
    free, done = threading.Event(), threading.Event()
    threads.submit(lambda: free.wait(60))

    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr("studio.engine.effects.worker_threads.start_outside", refuse)
        threads.submit(done.set)
        with pytest.raises(RuntimeError, match="no thread"):
            Threads("other", 1, Timekeeper("other"), LONG).submit(done.set)
    assert not done.wait(0.02)
    free.set()
    assert done.wait(60)


def test_where_a_thread_stands_is_told_by_the_authors_line() -> None:
    free, began = threading.Event(), threading.Event()

    def hang() -> None:
        began.set()
        free.wait(60)

    thread = threading.Thread(target=hang)
    thread.start()
    assert began.wait(60)
    line = hang.__code__.co_firstlineno + 2
    call = HookCall("check_event", "ada")
    call.thread = thread.ident or 0
    until(lambda: stand(call) == f"test_worker_threads.py:{line}")
    free.set()
    thread.join()
    assert stand(call) == ""


def test_a_thread_that_does_not_come_back_holds_up_no_end_of_the_program(threads: Threads) -> None:
    free, began = threading.Event(), threading.Event()

    def job() -> None:
        began.set()
        free.wait(60)

    threads.submit(job)
    assert began.wait(60)
    assert [thread.daemon for thread in threading.enumerate() if thread.name == "test-threads"] == [True]
    free.set()
