"""A record of `logging` as a line of a journey's log, whatever it is made of."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from studio.engine.work.log_lines import LogLine, line_of


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    found = logging.getLogger("tests.log_lines")
    yield found
    found.filters.clear()
    found.handlers.clear()
    found.disabled, found.propagate = False, True


def record(
    msg: object = "hello", args: Any = (), level: int = logging.INFO, **more: Any
) -> logging.LogRecord:
    made = logging.LogRecord("tests.log_lines", level, "buy.py", 7, msg, None, None)
    # As somebody may have left it who makes records by hand.
    made.args = args
    for name, value in more.items():
        setattr(made, name, value)
    return made


def read(logger: logging.Logger, given: logging.LogRecord) -> tuple[str, str, tuple[str, int], LogLine]:
    found = line_of(logger, given)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("number", "level"),
    [
        (logging.DEBUG, "debug"),
        (logging.INFO - 1, "debug"),
        (logging.INFO, "info"),
        (logging.WARNING - 1, "info"),
        (logging.WARNING, "warning"),
        (logging.ERROR - 1, "warning"),
        (logging.ERROR, "error"),
        (logging.CRITICAL, "error"),
        ("none", "info"),
    ],
)
def test_a_level_is_the_nearest_of_ours_below_it(logger: logging.Logger, number: Any, level: str) -> None:
    assert read(logger, record(level=logging.INFO, levelno=number))[0] == level


def test_a_line_stands_where_it_was_logged(logger: logging.Logger) -> None:
    assert read(logger, record())[2] == ("buy.py", 7)
    assert read(logger, record(pathname=None, lineno="7"))[2] == ("", 0)
    assert read(logger, record(pathname="\udcff.py"))[2] == ("\\udcff.py", 7)


class Changing:
    """Says something else each time."""

    def __init__(self) -> None:
        self.times = 0

    def __str__(self) -> str:
        self.times += 1
        return f"{self.times}"


@pytest.mark.parametrize(
    ("msg", "args", "is_kept"),
    [
        ("plain", None, True),
        ("plain", (), True),
        ("%s of %s", (1, "x"), True),
        ("%(n)s", {"n": 1}, True),
        ("%s", (Changing(),), False),
        ("%(n)s", {"n": Changing()}, False),
        (Changing(), (), False),
        ("plain", [], False),
    ],
)
def test_what_could_read_otherwise_later_is_kept_as_the_text_that_it_was(
    logger: logging.Logger, msg: object, args: Any, is_kept: bool
) -> None:
    given = record(msg, args)
    _, message, _, line = read(logger, given)
    assert line.record is given
    assert (given.msg, given.args) == ((msg, args) if is_kept else (message, None))
    assert given.getMessage() == message


def test_a_line_that_cannot_be_put_together_says_why(logger: logging.Logger) -> None:
    given = record("%d of %d", ("x",))
    message = read(logger, given)[1]
    assert message.startswith("%d of %d (x) (this line cannot be put together: TypeError:")
    assert (given.msg, given.args) == (message, None)


def test_what_a_filter_or_a_logger_stops_is_no_line(logger: logging.Logger) -> None:
    logger.addFilter(lambda given: given.msg != "secret")
    assert line_of(logger, record("secret")) is None
    assert line_of(logger, record("open")) is not None
    logger.disabled = True
    assert line_of(logger, record("open")) is None


def test_nothing_of_a_line_comes_through_whose_filter_failed(logger: logging.Logger) -> None:
    def fails(given: logging.LogRecord) -> bool:
        raise KeyError("card")

    logger.addFilter(fails)
    given = record("card 4711", exc_text="4711", stack_info="4711")
    _, message, _, line = read(logger, given)
    assert message == "(a log line is left out: a filter of its logger failed: KeyError: 'card')"
    assert (line.record.msg, line.record.args, line.record.exc_text) == (message, None, None)


def test_a_traceback_and_a_stack_follow_the_text(logger: logging.Logger) -> None:
    try:
        raise ValueError("no")
    except ValueError:
        raised = sys.exc_info()
    lines = read(logger, record(exc_info=raised))[1].splitlines()
    assert (lines[0], lines[1], lines[-1]) == (
        "hello",
        "Traceback (most recent call last):",
        "ValueError: no",
    )
    assert read(logger, record(exc_info=(None, None, None)))[1] == "hello"
    assert read(logger, record(exc_info=(None, None, None), exc_text="kept"))[1] == "hello\nkept"
    assert read(logger, record(stack_info="Stack: here"))[1] == "hello\nStack: here"
    broken = read(logger, record(exc_info=7))[1]
    assert broken == "hello\n(its traceback cannot be written: TypeError)"


def test_a_line_is_wanted_where_somebody_takes_it(logger: logging.Logger) -> None:
    logger.propagate = False
    line = read(logger, record())[3]
    assert not line.is_wanted
    logger.addHandler(logging.NullHandler())
    assert line.is_wanted
