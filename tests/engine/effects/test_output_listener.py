"""What is written in pieces is taken in whole lines."""

from __future__ import annotations

from contextvars import copy_context
from typing import Any

from studio.engine.effects import output_listener as module
from studio.engine.effects.capture import listen
from studio.engine.effects.output_listener import OutputListener
from studio.engine.work.log_lines import LogLine
from studio.language.commands import Place
from studio.text.streams import HeardStream


class Written:
    """A stream that keeps what nobody takes."""

    encoding = "utf-8"

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> int:
        self.text += text
        return len(text)


def test_pieces_of_a_line_are_one_entry() -> None:
    heard: list[str] = []
    is_open = True

    def hear(*said: Any) -> bool:
        heard.append(said[1])
        return True

    other = Written()
    stream: Any = HeardStream(other)
    context = copy_context()
    made: OutputListener = context.run(listen, hear, lambda: is_open)
    context.run(write_all, stream, made)
    assert heard == ["abc", "two\nlines", "100 %\nwindows", "no end", "said whole", "rest"]
    is_open = False
    context.run(stream.write, "nobody takes it")
    stream.write("nobody listens")
    assert (other.text, stream.encoding) == ("nobody takes itnobody listens", "utf-8")
    assert len(heard) == 6


def write_all(stream: Any, made: OutputListener) -> None:
    stream.write("a")
    stream.writelines(["b", "c\n"])
    stream.write("two\nlines\n")
    stream.write("\n")
    stream.write(" 10 %\r 50 %\r100 %\nwindows\r\n")
    stream.write("no end")
    made.say("info", "said whole", ("x.py", 1))
    stream.write("rest")
    made.flush()
    made.flush()


class Heard:
    """Keeps what is said."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str, Place]] = []

    def __call__(self, level: str, message: str, place: Place, line: LogLine | None) -> bool:
        self.said.append((level, message, place))
        return True


def test_a_line_without_end_is_taken_in_the_end_and_stands_where_it_began(monkeypatch: Any) -> None:
    monkeypatch.setattr(module, "MOST_REST", 10)
    heard = Heard()
    made = OutputListener(heard, lambda: True)
    for number in range(4):
        made.write("abcd", ("x.py", number))
    assert heard.said == [("info", "abcdabcdabcd", ("x.py", 0))]
    assert made.rest == "abcd"
    made.flush()
    assert heard.said[1:] == [("info", "abcd", ("x.py", 3))]


def test_what_is_said_whole_comes_behind_what_was_begun() -> None:
    heard = Heard()
    made = OutputListener(heard, lambda: True)
    made.write("begun", ("x.py", 1))
    assert made.say("warning", "whole", ("x.py", 2))
    assert heard.said == [("info", "begun", ("x.py", 1)), ("warning", "whole", ("x.py", 2))]


def test_a_copy_of_the_process_hears_for_itself(monkeypatch: Any) -> None:
    made = OutputListener(lambda *_: True, lambda: True)
    assert made.is_ours
    monkeypatch.setattr(module, "_generation", made._generation + 1)
    assert not made.is_ours


def test_after_a_fork_what_listened_before_is_not_the_copys(monkeypatch: Any) -> None:
    monkeypatch.setattr(module, "_generation", module._generation)
    before = OutputListener(lambda *_: True, lambda: True)
    module._forked()
    assert not before.is_ours
    assert OutputListener(lambda *_: True, lambda: True).is_ours
