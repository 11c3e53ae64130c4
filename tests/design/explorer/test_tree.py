"""The tree of paths: what stands once, what branches, what is folded."""

from __future__ import annotations

from studio.design.explorer.search import Bounds, explore
from studio.design.explorer.tree import rows
from tests.design.explorer import odd


def drawn(of: object, **more: object) -> list[str]:
    """The rows as text."""
    found = explore(of, bounds=Bounds(depth=6))  # type: ignore[arg-type]
    shown = rows(found.paths, **more)  # type: ignore[arg-type]
    return [f"{row.guide}{row.sign} {row.text}{'  ' + row.time if row.time else ''}" for row in shown]


def test_what_all_paths_share_stands_once_and_the_way_that_goes_on_comes_last() -> None:
    assert drawn(odd.linear) == [
        "◷ paid  1d",
        "├ ┃ timed out  1d",
        "│ ☾ sleep 2h  1d2h",
        "│ › no money",
        "│ ◆ reminder/paid",
        '│ ✓ completed {"paid": false}  1d2h',
        "└ ◉ matched",
        "  ☾ sleep 2h  2h",
        '  ✓ completed {"paid": true}  2h',
    ]


def test_each_row_knows_its_paths_its_depth_and_its_line() -> None:
    first, *others = rows(explore(odd.linear).paths)
    assert (first.depth, first.paths) == (0, (1, 2))
    assert first.line.startswith("odd.py:")
    assert [(row.depth, row.paths) for row in others[:2]] == [(1, (2,)), (1, (2,))]
    assert others[-1].paths == (1,)


def test_a_wait_for_ever_is_one_row() -> None:
    assert drawn(odd.for_ever) == [
        "◷ never/sent",
        "├ ∞ waits for ever",
        "└ ◉ matched",
        '  ✓ completed "came"',
    ]


def test_of_a_group_the_members_are_named() -> None:
    assert [row for row in drawn(odd.any_of_three) if row.startswith(("◷", "├", "└"))] == [
        "◷ a or b or sleep  7d",
        "├ ◉ sleep  3d",
        "├ ◉ b",
        "└ ◉ a",
    ]
    assert "├ ◉ a timed out, b matched  1d" in drawn(odd.all_of_two)


def test_a_loop_that_meets_nothing_new_is_folded_and_can_be_shown() -> None:
    folded, whole = drawn(odd.never_ends), drawn(odd.never_ends, fold_after=None)
    assert len(folded) < len(whole)
    assert "│ │ ↻ and so on: 5 paths, 4 completed, 1 never ends" in folded
    assert sum("never ends" in row for row in whole) == 1


def test_a_loop_that_ends_is_shown_to_its_end() -> None:
    shown = drawn(odd.five_reminders)
    assert sum("still" in row or "remind" in row for row in shown) == 5
    assert any(row.endswith('completed "given up"  5d') for row in shown)


def test_nothing_has_no_rows() -> None:
    assert rows([]) == []
