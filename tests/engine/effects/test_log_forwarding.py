"""Lines on their way to the application's own handlers: in order, once, and at nobody's cost."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from studio.engine.effects.log_forwarding import LogForwarding
from studio.engine.work.log_lines import LogLine
from tests.engine.support import until

log = logging.getLogger("shop.forwarded")


class Collect(logging.Handler):
    """Keeps what it is given."""

    def __init__(self, before: Callable[[logging.LogRecord], object] = lambda record: None) -> None:
        super().__init__()
        self.before = before
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.seen.append(record.getMessage())
        self.before(record)


@contextmanager
def handled(*handlers: logging.Handler, of: logging.Logger = log) -> Iterator[None]:
    before = of.propagate
    of.propagate = of is not log
    for handler in handlers:
        of.addHandler(handler)
    try:
        yield
    finally:
        of.propagate = before
        for handler in handlers:
            of.removeHandler(handler)


def line(text: str) -> LogLine:
    return LogLine(log, log.makeRecord(log.name, 30, "x.py", 1, text, (), None))


async def test_lines_come_in_order_and_the_last_is_told() -> None:
    done = threading.Event()
    handler = Collect()
    forwarding = LogForwarding(done.set)
    with handled(handler):
        forwarding.put(line(str(number)) for number in range(100))
        await until(done.is_set)
        forwarding.drain(10)
        assert handler.seen == [str(number) for number in range(100)]
        assert not forwarding.is_behind


async def test_what_lines_were_left_out_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.engine.effects.log_forwarding.MOST", 2)
    free, done = threading.Event(), threading.Event()
    handler, own = Collect(lambda record: free.wait(60)), Collect()
    forwarding = LogForwarding(done.set)
    with handled(handler), handled(own, of=logging.getLogger("studio")):
        for number in range(5):
            forwarding.put([line(str(number))])
            await until(lambda: handler.seen)
        free.set()
        await until(lambda: done.is_set() and own.seen)
    assert handler.seen == ["0", "1", "2"]
    (said,) = own.seen
    assert said.startswith("the log handlers did not keep up: 2 lines were left out")


async def test_nobody_waits_for_a_handler_that_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.engine.effects.log_forwarding.PATIENCE", 0.02)
    free, done = threading.Event(), threading.Event()
    forwarding = LogForwarding(done.set)
    with handled(Collect(lambda record: free.wait(60))):
        forwarding.put([line("blocks"), line("waits")])
        await until(lambda: not forwarding.is_behind)
        forwarding.drain(60)
        free.set()
        await until(done.is_set)


async def test_a_handler_that_raises_stops_no_other_line(capsys: pytest.CaptureFixture[str]) -> None:
    done = threading.Event()

    def fail(record: logging.LogRecord) -> None:
        if record.getMessage() == "one":
            raise ValueError("no")

    handler = Collect(fail)
    with handled(handler):
        LogForwarding(done.set).put([line("one"), line("two")])
        await until(done.is_set)
    assert handler.seen == ["one", "two"]
    assert "ValueError: no" in capsys.readouterr().err


async def test_it_is_behind_while_a_handler_has_a_line_and_one_thread_hands_over_all() -> None:
    free, done = threading.Event(), threading.Event()
    threads: list[int] = []

    def take(record: logging.LogRecord) -> None:
        threads.append(threading.get_ident())
        free.wait(60)

    handler = Collect(take)
    forwarding = LogForwarding(done.set)
    with handled(handler):
        forwarding.put([line("one")])
        await until(lambda: threads)
        assert forwarding.is_behind
        forwarding.put([line("two")])
        forwarding.put([line("three")])
        free.set()
        await until(lambda: len(threads) == 3 and not forwarding.is_behind)
    assert handler.seen == ["one", "two", "three"]
    assert len(set(threads)) == 1


async def test_one_line_after_another_is_handed_over_and_told() -> None:
    done = threading.Event()
    handler = Collect()
    forwarding = LogForwarding(done.set)
    with handled(handler):
        for number in range(3):
            done.clear()
            forwarding.put([line(str(number))])
            await until(done.is_set)
            # It waits for the next.
            await until(lambda: not forwarding.is_behind)
    assert handler.seen == ["0", "1", "2"]
