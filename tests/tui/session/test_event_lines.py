"""Many events in the person's own editor: what it begins with, what is taken, and that nothing is lost."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from studio.errors import EventError
from studio.tui.session.drafts import Draft
from studio.tui.session.event_lines import HEAD, events_of_lines, lines_of
from tests.tui.conftest import Studio
from tests.tui.fakes import START

TWO = '{"event": "a", "user": "u"}\n# no event\n{"event": "b", "user": "v", "data": {"n": 1}}\n'


def an_editor(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str | None) -> Path:
    """An editor that keeps what it was given, and writes a text in its place."""
    (folder / "text").write_text(text or "", encoding="utf-8")
    body = f"open({str(folder / 'text')!r}).read()"
    write = f"open(path, 'w').write({body})" if text is not None else "pass"
    script = folder / "editor"
    script.write_text(
        f"#!{sys.executable}\nimport sys, shutil\npath = sys.argv[-1]\n"
        f"shutil.copyfile(path, {str(folder / 'given')!r})\n{write}\n",
        encoding="utf-8",
    )
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setitem(os.environ, "EDITOR", str(script))
    monkeypatch.delenv("VISUAL", raising=False)
    return folder / "given"


@pytest.fixture
def lent(monkeypatch: pytest.MonkeyPatch) -> None:
    """The terminal can be lent: a headless one cannot."""

    @contextmanager
    def suspend(self: object) -> Iterator[None]:
        yield

    monkeypatch.setattr("textual.app.App.suspend", suspend)


def test_it_begins_with_the_event_of_the_form() -> None:
    assert (
        lines_of(Draft("a", "u", '{"n": 1}')) == f'{HEAD}{{"event": "a", "user": "u", "data": {{"n": 1}}}}\n'
    )
    assert events_of_lines(lines_of(Draft("", "", "")), START) == [], "an example is not sent"
    assert '"data": "{oops"' in lines_of(Draft("a", "u", "{oops"))


def test_a_wrong_line_is_named() -> None:
    assert [each.name for each in events_of_lines(TWO, START)] == ["a", "b"]
    with pytest.raises(EventError, match="line 3: the field user is missing"):
        events_of_lines('# x\n{"event": "a", "user": "u"}\n{"event": "b"}\n', START)
    with pytest.raises(EventError, match="these are no events"):
        events_of_lines("hello\n", START)


async def test_what_is_saved_is_looked_at_and_sent_with_enter(
    studio: Studio, lent: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = an_editor(tmp_path, monkeypatch, TWO)
    await studio.press("i", *"app/x", "ctrl+l")
    assert '"event": "app/x"' in given.read_text(encoding="utf-8")
    assert "2 events written · ⏎ sends · esc discards" in studio.outcome
    assert studio.app.fake_engine.sent == []
    await studio.press("enter")
    assert [each.name for each in studio.app.fake_engine.sent] == ["a", "b"]


async def test_a_mistake_is_told_and_what_was_written_is_there_again(
    studio: Studio, lent: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = an_editor(tmp_path, monkeypatch, '{"event": "a"}\n')
    await studio.press("i", "ctrl+l")
    assert "the field user is missing" in studio.outcome
    assert "^l opens it again" in studio.outcome
    an_editor(tmp_path, monkeypatch, TWO)
    await studio.press("ctrl+l")
    assert given.read_text(encoding="utf-8") == '{"event": "a"}\n'
    assert "2 events written" in studio.outcome


async def test_nothing_saved_sends_nothing(
    studio: Studio, lent: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    an_editor(tmp_path, monkeypatch, None)
    await studio.press("i", "ctrl+l")
    assert "nothing was written: nothing is sent" in studio.outcome
    an_editor(tmp_path, monkeypatch, "# only this\n")
    await studio.press("ctrl+l")
    assert "no event was written: nothing is sent" in studio.outcome


async def test_without_an_editor_it_says_so(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EDITOR", raising=False)
    monkeypatch.delenv("VISUAL", raising=False)
    await studio.press("i", "ctrl+l")
    assert "no editor is named. Set $EDITOR" in studio.outcome
