"""A thread that hangs is found at the author's line, and given up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from studio.engine.work.watchdog import any_blocks, frame_of, give_up, hung
from studio.kernel.drive import Abandoned
from tests.engine.support import blocks_on


class Hanging:
    """A thread that is in a function, until the gate opens."""

    def __init__(self, function: Callable[[threading.Event], None]) -> None:
        self.gate = threading.Event()
        self.ended_by: BaseException | None = None
        self._function = function
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        try:
            self._function(self.gate)
        except BaseException as error:
            self.ended_by = error


def waits(gate: threading.Event) -> None:
    gate.wait(60)  # here


def spins(gate: threading.Event) -> None:
    while not gate.is_set():
        pass


@pytest.fixture
def waiting() -> Iterator[Hanging]:
    found = Hanging(waits)
    found.thread.start()
    while (frame := frame_of(found.thread)) is None or frame.f_code.co_name != "wait":
        time.sleep(0.01)
    yield found
    found.gate.set()
    found.thread.join(60)


def test_who_hangs_fails_at_the_authors_line(waiting: Hanging) -> None:
    failed = hung(waiting.thread, 2.5)
    number = waits.__code__.co_firstlineno + 1
    assert failed.type == "Hung"
    assert failed.line == f"test_watchdog.py:{number}"
    assert failed.source == "gate.wait(60)  # here"
    assert failed.message.startswith(f"test_watchdog.py:{number}: it did not come back within 2.5 s (a loop")
    # The stack has the library's lines, too: there it stands.
    assert "in waits" in failed.traceback
    assert "threading.py" in failed.traceback.splitlines()[-2]


def test_who_has_ended_meanwhile_hangs_nowhere() -> None:
    ended = threading.Thread(target=bool)
    assert frame_of(ended) is None
    ended.start()
    ended.join()
    failed = hung(ended, 1)
    assert (failed.line, failed.source, failed.traceback) == ("", "", "")


def test_a_busy_loop_is_ended() -> None:
    hanging = Hanging(spins)
    hanging.thread.start()
    give_up(hanging.thread)
    hanging.thread.join(60)
    assert isinstance(hanging.ended_by, Abandoned)
    assert not any_blocks()


def test_a_thread_that_never_began_is_not_given_up() -> None:
    give_up(threading.Thread(target=bool))
    assert not any_blocks()


@blocks_on
def test_a_call_that_blocks_is_known_until_it_comes_back(waiting: Hanging) -> None:
    give_up(waiting.thread)
    assert any_blocks()
    waiting.gate.set()
    waiting.thread.join(60)
    assert isinstance(waiting.ended_by, Abandoned)
    assert not any_blocks()
