"""Trees and tracebacks are made by one thread at a time."""

from __future__ import annotations

import ast
import gc
import sys
import threading
import time

import pytest

from studio.text import syntax
from studio.text.source_code import traceback_text


class Slow:
    """Lets other threads run when it is collected, as any finalizer may."""

    def __init__(self) -> None:
        self.me = self

    def __del__(self) -> None:
        time.sleep(0)


def test_a_text_is_read_as_python_reads_it() -> None:
    assert ast.dump(syntax.module("a = 1\n")) == ast.dump(ast.parse("a = 1\n"))
    assert isinstance(syntax.parse("f(1)", mode="eval"), ast.Expression)
    with pytest.raises(SyntaxError, match=r"wf\.py"):
        syntax.module("def (:\n", "wf.py")


def test_threads_that_parse_and_fail_at_once_are_in_nobodys_way() -> None:
    source = "\n".join(
        f"def f{n}(x):\n    return [x + {n} for _ in (1, 2, (3, (4, (5,))))]\n" for n in range(60)
    )
    tree, faults, texts = ast.dump(ast.parse(source)), list[BaseException](), set[str]()

    def fails() -> float:
        zero = 0
        return (1 + 2) / zero + (3 + 4)

    def work() -> None:
        try:
            for _ in range(15):
                Slow()
                assert ast.dump(syntax.module(source)) == tree
                try:
                    fails()
                except ZeroDivisionError as error:
                    texts.add(traceback_text(error, error.__traceback__))
        except BaseException as fault:
            faults.append(fault)

    interval, threshold = sys.getswitchinterval(), gc.get_threshold()
    sys.setswitchinterval(1e-5)
    gc.set_threshold(50)
    try:
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    finally:
        sys.setswitchinterval(interval)
        gc.set_threshold(*threshold)
    assert faults == []
    assert len(texts) == 1


def test_an_error_whose_text_does_not_come_holds_up_nobody() -> None:
    asked, go_on = threading.Event(), threading.Event()

    class Endless(Exception):
        def __str__(self) -> str:
            asked.set()
            go_on.wait(60)
            return "at last"

    lines: list[str] = []
    stuck = threading.Thread(target=lambda: lines.extend(syntax.traceback_lines(Endless(), None)))
    other = threading.Thread(target=lambda: syntax.module("a = 1\n"))
    stuck.start()
    try:
        assert asked.wait(60)
        other.start()
        other.join(60)
        assert not other.is_alive()
    finally:
        go_on.set()
        stuck.join(60)
    assert "at last" in lines[-1]
