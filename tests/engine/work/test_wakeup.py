"""One waits, any rings: no ring is lost, and many are heard once."""

from __future__ import annotations

import threading

from studio.engine.work.wakeup import WakeUp


def test_a_ring_before_the_wait_is_heard_once() -> None:
    wake = WakeUp()
    for _ in range(3):
        wake.ring()
    assert wake.wait(0)
    assert not wake.wait(0)


def test_a_waiting_thread_is_woken() -> None:
    wake, heard = WakeUp(), threading.Event()

    def wait() -> None:
        if wake.wait(60):
            heard.set()

    thread = threading.Thread(target=wait)
    thread.start()
    wake.ring()
    assert heard.wait(60)
    thread.join()


def test_who_rings_at_the_same_instant_is_harmed_by_nobody() -> None:
    wake, failed = WakeUp(), []

    def ring() -> None:
        try:
            for _ in range(2_000):
                wake.ring()
        except RuntimeError as error:
            failed.append(error)

    threads = [threading.Thread(target=ring) for _ in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        wake.wait(0.001)
    for thread in threads:
        thread.join()
    assert failed == []


def test_nothing_was_rung_before_it_was_made() -> None:
    assert not WakeUp().wait(0)
