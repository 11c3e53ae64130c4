"""Lines and tracebacks of the author's code."""

from __future__ import annotations

import asyncio

import pytest

from studio.text.source_code import OwnCode, SourceFiles, describe, is_library


class Mute(Exception):
    def __str__(self) -> str:
        raise OSError


def test_a_line_stands_without_its_blanks_and_one_that_is_not_there_is_empty() -> None:
    code = SourceFiles()
    line = Mute.__str__.__code__.co_firstlineno + 1
    assert code.line(__file__, line) == "raise OSError"
    assert code.line(__file__, 10_000) == ""
    assert code.line("/nowhere.py", 1) == ""


def test_a_traceback_shows_the_line_also_of_what_cannot_say_itself() -> None:
    try:
        raise Mute
    except Mute as error:
        text = SourceFiles().traceback(error, error.__traceback__)
    assert "raise Mute" in text
    assert describe(Mute()) == "(its text cannot be made: OSError)"


def test_the_authors_files_are_told_from_pythons_and_ours() -> None:
    assert OwnCode().is_own(__file__)
    for path in (asyncio.__file__, describe.__code__.co_filename, "<frozen importlib>", pytest.__file__):
        assert is_library(path)
        assert not SourceFiles().is_own(path)


def test_what_needs_an_event_loop_is_foreign() -> None:
    code = OwnCode()
    assert code.is_foreign_await(ValueError("x"), asyncio.tasks.__file__)
    assert code.is_foreign_await(RuntimeError("no running event loop"), __file__)
    assert not code.is_foreign_await(Mute(), __file__)


def test_without_lines_there_is_nothing_to_show() -> None:
    assert (OwnCode().line(__file__, 1), OwnCode().traceback(Mute(), None)) == ("", "")
