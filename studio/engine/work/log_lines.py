"""A record of `logging` as a line of a journey's log, and as the application's own handlers get it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from studio.language.commands import Place
from studio.text.spoken import spoken
from studio.text.syntax import traceback_lines

_formatter = logging.Formatter()
_PLAIN = (str, int, float, bool, type(None))
REDACTED = "(a log line is left out: a filter of its logger failed: {})"


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line that was logged, for the handlers of its logger."""

    logger: logging.Logger
    record: logging.LogRecord

    @property
    def is_wanted(self) -> bool:
        """Somebody wants it beside the journey."""
        return self.logger.hasHandlers()


def line_of(logger: logging.Logger, record: logging.LogRecord) -> tuple[str, str, Place, LogLine] | None:
    """Level, message, place and line of a record; None when the logger lets it not pass.

    Raises nothing, whatever it is made of.
    """
    try:
        kept = _passed(logger, record)
        if kept is None:
            return None
        message, is_plain = _message(kept)
    except Exception as error:
        # What a filter would have taken out must not come through because it failed.
        kept, is_plain = record, False
        message = REDACTED.format(f"{type(error).__name__}: {spoken(error)}")
        kept.exc_info = kept.exc_text = kept.stack_info = None
    more = _more(kept)
    if not is_plain:
        # Others make their text later, in another thread: of what it is made of then nothing may be left.
        kept.msg, kept.args = message, None
    return _level(kept), message + more, _place(kept), LogLine(logger, kept)


def _passed(logger: logging.Logger, record: logging.LogRecord) -> logging.LogRecord | None:
    """As `logging.Logger.handle` decides; since Python 3.12 a filter may give another record."""
    if logger.disabled:
        return None
    found: Any = logger.filter(record)
    if not found:
        return None
    return found if isinstance(found, logging.LogRecord) else record


def _message(record: logging.LogRecord) -> tuple[str, bool]:
    """The text, and whether it can be made again at any time, with the same outcome."""
    try:
        text = record.getMessage()
    except Exception as error:
        why = f"this line cannot be put together: {type(error).__name__}: {spoken(error)}"
        return f"{spoken(record.msg)} {_arguments(record.args)} ({why})", False
    return text, record.msg.__class__ is str and _is_plain(record.args)


def _is_plain(args: Any) -> bool:
    if not args:
        return args is None or args.__class__ in (tuple, dict)
    if args.__class__ is tuple:
        return all(value.__class__ in _PLAIN for value in args)
    # A single mapping stands for itself, and may be one that looks its values up.
    return args.__class__ is dict and all(value.__class__ in _PLAIN for value in args.values())


def _arguments(args: object) -> str:
    values = args if isinstance(args, tuple) else (args,)
    return f"({spoken(*values, sep=', ')})"


def _more(record: logging.LogRecord) -> str:
    """Traceback and stack, as a handler would write them behind the text."""
    more = ""
    try:
        if record.exc_info and record.exc_info[0] is not None:
            more += "\n" + "".join(traceback_lines(record.exc_info[1], record.exc_info[2])).removesuffix("\n")
        elif record.exc_text:
            more += "\n" + record.exc_text
        if record.stack_info:
            more += "\n" + _formatter.formatStack(record.stack_info)
    except Exception as error:
        more += f"\n(its traceback cannot be written: {type(error).__name__})"
    return more


def _level(record: logging.LogRecord) -> str:
    number = record.levelno if isinstance(record.levelno, int) else logging.INFO
    if number >= logging.ERROR:
        return "error"
    if number >= logging.WARNING:
        return "warning"
    return "info" if number >= logging.INFO else "debug"


def _place(record: logging.LogRecord) -> Place:
    path = record.pathname if isinstance(record.pathname, str) else ""
    number = record.lineno if isinstance(record.lineno, int) else 0
    # A record may come from anywhere, also with a path that is no text that can be stored.
    return path.encode("utf-8", "backslashreplace").decode(), number
