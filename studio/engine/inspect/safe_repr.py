"""A value of somebody's program as a short text on one line, whatever the value is.

What is built in is read piece by piece, as far as there is room; the `__repr__` of other
classes is called, and may raise, say too much or not end. Nothing of that gets out.
"""

from __future__ import annotations

import gc
import math
import sys
from collections import deque
from collections.abc import Callable, Iterable
from itertools import islice
from time import monotonic
from types import FrameType, FunctionType
from typing import Any

from studio.engine.work.watchdog import any_blocks
from studio.kernel.drive import Abandoned
from studio.text.printable import clean

LONGEST = 200
"""Characters of a value."""
ITEMS = 50
"""Of a list or mapping so many are looked at."""
DEPTH = 6
MOST_BITS = 4_000
"""Of a whole number that is written out: to write one takes the square of its length."""
SECONDS = 0.2
"""How long a `__repr__` may take."""

_name_of = vars(type)["__name__"].__get__
_mro_of = vars(type)["__mro__"].__get__


def safe_repr(value: object, longest: int = LONGEST, *, until: float = math.inf) -> str:
    """A value as text.

    Args:
        longest: characters, of which the last is "…" when there was more.
        until: from this `time.monotonic()` on the `__repr__` of a class is not called (any more).
    """
    writer = _Writer(longest, until)
    try:
        writer.put(value, 0)
    except _Full:
        return writer.text[: longest - 1] + "…"
    except Exception as error:
        # Another thread changes it meanwhile, or it is stranger than was thought of.
        return printable_line(f"<{type_name(value)}: it cannot be shown ({type_name(error)})>", longest)
    return writer.text


def type_name(value: object) -> str:
    """The name of a value's class, whatever the class makes of its attributes."""
    return printable_line(str(_name_of(type(value))), 80)


def printable_line(text: str, longest: int) -> str:
    """Text on one line, without what could steer a terminal or turn the direction of writing."""
    # What is spelled out is longer; so no more needs to be looked at than is asked for.
    shown = clean(text[: longest + 1])
    return shown[: longest - 1] + "…" if len(shown) > longest else shown


class _Full(Exception):
    """There is no room for more."""


class _TooLong(BaseException):
    """Ends a `__repr__` that takes too long."""


class _Writer:
    def __init__(self, room: int, until: float) -> None:
        self.text = ""
        self._room = room
        self._until = until

    def put(self, value: Any, depth: int) -> None:
        cls = type(value)
        if value is None or cls in _PLAIN:
            self._add(repr(value))
        elif cls is int:
            bits = value.bit_length()
            self._add(repr(value) if bits <= MOST_BITS else f"<int of {bits:,} bits>")
        elif cls in (str, bytes, bytearray):
            self._add(repr(value[: self._room + 1]))
        else:
            base = next((base for base in _BASES if base in _mro_of(cls)), None)
            if base is None or _speaks_for_itself(cls):
                self._call(value)
            else:
                self._collection(value, base, "" if cls is base else type_name(value), depth)

    def _add(self, text: str) -> None:
        text = printable_line(text, self._room + 2)
        self.text += text
        self._room -= len(text)
        if self._room < 0:
            raise _Full

    def _collection(self, value: Any, base: type, name: str, depth: int) -> None:
        start, end = _BASES[base]
        if base in (set, frozenset, deque):
            name = name or ("" if base is set else base.__name__)
        if base is set and not set.__len__(value):
            name, start, end = name or "set", "", ""
        self._add(f"{name}({start}" if name else start)
        if depth >= DEPTH:
            self._add("…")
        elif base is dict:
            self._pairs(dict.items(value), depth)
        else:
            self._items(base.__iter__(value), depth)  # type: ignore[attr-defined]
            if base is tuple and tuple.__len__(value) == 1:
                self._add(",")
        self._add(f"{end})" if name else end)

    def _items(self, items: Iterable[Any], depth: int) -> None:
        for at, item in enumerate(islice(items, ITEMS + 1)):
            self._add(", " if at else "")
            if at == ITEMS:
                self._add("…")
                return
            self.put(item, depth + 1)

    def _pairs(self, pairs: Iterable[tuple[Any, Any]], depth: int) -> None:
        for at, (key, item) in enumerate(islice(pairs, ITEMS + 1)):
            self._add(", " if at else "")
            if at == ITEMS:
                self._add("…")
                return
            self.put(key, depth + 1)
            self._add(": ")
            self.put(item, depth + 1)

    def _call(self, value: object) -> None:
        end = min(monotonic() + SECONDS, self._until)
        if monotonic() >= end or any_blocks():
            # What is called is traced, to end it in time; and not while nothing may be traced.
            self._add(f"<{type_name(value)}>")
            return
        try:
            text = _before(end, lambda: repr(value))
        except Abandoned:
            raise
        except _TooLong:
            text = f"<{type_name(value)}: its text takes too long>"
        except BaseException as error:
            text = f"<{type_name(value)}: its text cannot be made ({type_name(error)})>"
        # A text may be of a class of its own.
        self._add(str.__getitem__(text, slice(0, self._room + 1)))


_PLAIN = (bool, float, complex, type(Ellipsis), type(NotImplemented))
_BASES: dict[type, tuple[str, str]] = {
    dict: ("{", "}"),
    list: ("[", "]"),
    tuple: ("(", ")"),
    set: ("{", "}"),
    frozenset: ("{", "}"),
    deque: ("[", "]"),
}


def _speaks_for_itself(cls: type) -> bool:
    """Whether a class says in Python how it is shown; what C makes of a large one has no bound."""
    found = next((vars(base)["__repr__"] for base in _mro_of(cls) if "__repr__" in vars(base)), None)
    return isinstance(found, FunctionType)


def _in_collection(frame: FrameType | None) -> bool:
    """Whether the garbage collector has called: what is raised there goes nowhere but to stderr."""
    callbacks = {getattr(each, "__code__", None) for each in gc.callbacks}
    while callbacks and frame is not None:
        if frame.f_code in callbacks:
            return True
        frame = frame.f_back
    return False


def _before(end: float, call: Callable[[], str]) -> str:
    """The result of a call, if it comes in time. A single call of C that does not end is not ended."""

    def watch(frame: FrameType, event: str, argument: Any) -> Any:
        if monotonic() > end and not _in_collection(frame):
            raise _TooLong
        return watch

    before = sys.gettrace()
    sys.settrace(watch)
    try:
        return call()
    finally:
        sys.settrace(before)
