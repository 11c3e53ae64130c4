"""Lines and tracebacks of the author's code."""

from __future__ import annotations

from studio.text.source_code import SourceFiles, describe


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
