"""Going to the file that does not load: in the person's editor, or on the clipboard."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from studio.errors import StudioError, WorkflowError
from studio.tui.app import StudioApp
from studio.tui.session.editor import CursorPlace, command, edit, editor, place_of
from studio.tui.widgets.problem_bar import ProblemBar
from tests.tui.conftest import Studio, open_studio
from tests.tui.fakes import FakeEngine, FakeStudio, world


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    """A file with a slip in its second line, in the working folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.delenv("EDITOR", raising=False)
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "bad.py").write_text("\nasync def x(:\n", encoding="utf-8")
    desk = FakeEngine()
    desk.refused = [
        WorkflowError("there is no workflow file in this folder", path="flows"),
        WorkflowError("SyntaxError: invalid syntax", path="flows/bad.py", line=2),
    ]
    return desk


@pytest.fixture
def lent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A terminal that can be lent, which tests have none of; says when it was."""
    said: list[str] = []

    @contextmanager
    def suspend(app: StudioApp) -> Iterator[None]:
        said.append("lent")
        yield
        said.append("back")

    monkeypatch.setattr(StudioApp, "suspend", suspend)
    return said


def script(path: Path, text: str) -> Path:
    """A program."""
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def copied(studio: Studio) -> str:
    """The clipboard."""
    return studio.app.clipboard


async def test_a_key_opens_the_editor_at_the_line(
    broken: FakeEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lent: list[str]
) -> None:
    vi = script(tmp_path / "vi", f'echo "$@" > {tmp_path}/said; echo "# mended" >> "$3"')
    monkeypatch.setenv("EDITOR", f"{vi} -R")
    async with open_studio(app=FakeStudio(world(), broken)) as studio:
        assert studio.lines[2].endswith("+1 more  E shows all ")
        await studio.press("question_mark")
        assert "editor at the problem" in studio.text
        await studio.press("escape")
        await studio.press("3", "E", "enter")
        assert (tmp_path / "said").read_text() == f"-R +2 {tmp_path}/flows/bad.py\n"
        assert lent == ["lent", "back"]
        assert "flows/bad.py was changed: it is loaded when the studio starts again" in studio.text
        # In a field it is a letter.
        await studio.press("i", "E")
        assert studio.field("event").value == "E"
        assert lent == ["lent", "back"]


async def test_a_click_on_the_bar_does_the_same(
    broken: FakeEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lent: list[str]
) -> None:
    monkeypatch.setenv("EDITOR", "nano")
    monkeypatch.setenv("VISUAL", str(script(tmp_path / "code", f'echo "$@" > {tmp_path}/said')))
    async with open_studio(app=FakeStudio(world(), broken)) as studio:
        await studio.pilot.click(ProblemBar)
        await studio.press("enter")
        assert (tmp_path / "said").read_text() == f"--goto {tmp_path}/flows/bad.py:2\n"
        assert "flows/bad.py was not changed" in studio.text


async def test_without_an_editor_the_place_is_copied(broken: FakeEngine, tmp_path: Path) -> None:
    async with open_studio(app=FakeStudio(world(), broken)) as studio:
        await studio.press("E", "enter")
        assert copied(studio) == f"{tmp_path}/flows/bad.py:2"
        assert "copied flows/bad.py:2 · with $EDITOR set it is opened" in studio.text


async def test_a_browser_has_no_editor(
    broken: FakeEngine, monkeypatch: pytest.MonkeyPatch, lent: list[str]
) -> None:
    monkeypatch.setenv("EDITOR", "vi")
    monkeypatch.setattr(FakeStudio, "is_web", True)
    async with open_studio(app=FakeStudio(world(), broken)) as studio:
        await studio.press("E", "enter")
        assert "a browser has no editor: flows/bad.py:2 lies on the machine of the studio" in studio.text
        assert lent == []


async def test_a_terminal_that_cannot_be_lent_is_told(
    broken: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDITOR", "vi")
    async with open_studio(app=FakeStudio(world(), broken)) as studio:
        await studio.press("E", "enter")
        assert "this terminal cannot be lent to an editor: flows/bad.py:2" in studio.text


async def test_an_editor_that_fails_is_told(
    broken: FakeEngine, monkeypatch: pytest.MonkeyPatch, lent: list[str]
) -> None:
    async with open_studio(app=FakeStudio(world(), broken)) as studio:
        for text, why in (
            ("not-there-at-all", "not-there-at-all: the editor cannot be run: No such file or directory"),
            ("false", "false: the editor ended with code 1"),
            ("vi 'x", '$EDITOR: "vi \'x" is not a command: No closing quotation'),
        ):
            monkeypatch.setenv("EDITOR", text)
            await studio.press("E", "enter")
            assert why in studio.text


async def test_with_nothing_wrong_there_is_nowhere_to_go(studio: Studio) -> None:
    await studio.press("question_mark")
    assert "editor at the problem" not in studio.text
    await studio.press("escape", "E")
    assert "no problems: every workflow file loads" in studio.text


@pytest.mark.parametrize(
    ("program", "arguments"),
    [
        ("vim", ["+7", "/x/a b.py"]),
        ("/usr/bin/nano", ["+7", "/x/a b.py"]),
        ("hx", ["/x/a b.py:7"]),
        ("code", ["--goto", "/x/a b.py:7"]),
        ("ed", ["/x/a b.py"]),
    ],
)
def test_editors_are_told_the_line_as_they_want_it(program: str, arguments: list[str]) -> None:
    assert command([program], Path("/x/a b.py"), 7) == [program, *arguments]
    assert command([program], Path("/x/a b.py"), None) == [program, "/x/a b.py"]


def test_no_editor_is_an_empty_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISUAL", " ")
    monkeypatch.delenv("EDITOR", raising=False)
    assert editor() == []
    with pytest.raises(StudioError, match="cannot be run"):
        edit(["/dev/null"], Path("x"), None)


def test_a_folder_is_no_place(tmp_path: Path) -> None:
    (tmp_path / "a.py").touch()
    wrong = [WorkflowError("no", path=str(tmp_path)), WorkflowError("no", path=str(tmp_path / "a.py"))]
    assert place_of(wrong) == CursorPlace(tmp_path / "a.py", None)
    assert place_of(wrong[:1]) is None


async def test_all_problems_are_shown_in_full_and_each_is_gone_to(
    broken: FakeEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lent: list[str]
) -> None:
    monkeypatch.setenv("EDITOR", str(script(tmp_path / "vi", f'echo "$@" > {tmp_path}/said')))
    long = "a word after the other " * 12
    other = tmp_path / "flows" / "other.py"
    other.write_text("pass\n")
    broken.refused.append(WorkflowError(f"{long}and its end", path=str(other), line=7))
    async with open_studio(size=(80, 24), app=FakeStudio(world(), broken)) as studio:
        assert "+2 more  E shows all" in studio.lines[2]
        await studio.press("E")
        assert studio.screen == "ProblemsScreen"
        assert "Problems 3" in studio.text
        await studio.press("G")
        assert "and its end" in studio.text
        await studio.press("enter")
        assert (tmp_path / "said").read_text() == f"+7 {other}\n"
        assert studio.screen == "LiveScreen"
