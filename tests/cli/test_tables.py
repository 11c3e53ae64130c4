"""Tables fit the terminal, are whole elsewhere, and hold hostile text as it is."""

from __future__ import annotations

import subprocess
import sys

import pytest
from rich.cells import cell_len

from studio.cli import tables
from studio.cli.tables import Columns, table


@pytest.mark.parametrize("width", [20, 40, 60, 80, 120])
def test_a_table_fits_the_terminal(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setattr(tables, "terminal_width", lambda: width)
    heads = ("TIME", "USER", "WHAT", "LINE")
    rows = [("2026-01-01 00:00:00.000", "名前" * 20, "x" * 200, "welcome.py:7"), ("", "u", None, 5)]
    lines = table(heads, rows)
    assert all(cell_len(line) <= width for line in lines)
    assert lines[0].startswith("TIME")
    # A moment is whole or not there.
    assert width < 23 or lines[1].startswith("2026-01-01 00:00:00.000")


def test_a_table_that_is_piped_is_whole() -> None:
    assert table(("A", "B"), [("x" * 500, "y")]) == ["A" + " " * 501 + "B", "x" * 500 + "  y"]
    assert table(("A", "B"), []) == ["A  B"]


def test_columns_without_a_last_row_grow_and_never_shrink() -> None:
    columns = Columns(("A", "B"), (4, 2))
    assert columns.lines([("x", "yy")]) == ["A     B", "x     yy"]
    assert columns.lines([("longer", None)]) == ["longer"]
    assert columns.lines([("z", "w\x1b")]) == ["z       w\\x1b"]
    assert columns.lines([]) == []


def test_what_failed_is_red_and_no_cell_is_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "coloured", lambda: True)
    lines = table(("KIND", "WHAT"), [("journey.failed", "[red]x[/red] \x1b[31m"), ("log", ":smile: failed")])
    assert lines == [
        "\x1b[1mKIND          \x1b[0m  \x1b[1mWHAT\x1b[0m",
        "\x1b[31mjourney.failed\x1b[0m  [red]x[/red] \\x1b[31m",
        "log             :smile: failed",
    ]


def test_a_coloured_line_is_cut_by_what_is_seen_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "coloured", lambda: True)
    monkeypatch.setattr(tables, "terminal_width", lambda: 20)
    (_, line) = Columns(("KIND", "WHAT"), (4, 4)).lines([("step.failed", "x" * 40)])
    assert line == "\x1b[31mstep.failed\x1b[0m  xxxxxx…"


@pytest.mark.parametrize("words", [["--help"], ["send", "--help"], ["users", "--help"]])
def test_a_command_that_prints_no_table_reads_no_rich(words: list[str]) -> None:
    code = (
        "import sys; from studio.cli import call; call(sys.argv[1:])\n"
        "print([each for each in ('rich', 'textual') if each in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=True)
    assert done.stderr.split("\n")[-2] == "[]"
