"""Files are written whole or not at all, over nobody's work, and given back to the byte."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from studio.design.editing import change, files
from studio.design.editing.edit import Edit
from studio.design.editing.undo import KEPT, Edits
from studio.errors import EditConflict, EditError
from tests.design.editing.support import node, source

TEXT = source('await journey.wait_for("é", timeout="1s")')


def edited(path: Path, timeout: str = "2s") -> tuple[files.SourceFile, Edit]:
    file = files.read(str(path))
    return file, change(file.source, node(file.source, "wait"), "timeout", timeout)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "flow.py"
    found.write_bytes(TEXT.encode())
    return found


def test_an_edit_is_written_and_taken_back(path: Path) -> None:
    edits = Edits()
    file, edit = edited(path)
    now = edits.apply(file, edit)
    assert path.read_bytes() == TEXT.replace("1s", "2s").encode()
    assert now == files.read(str(path))
    _, again = edited(path, "3s")
    edits.apply(now, again)
    last = edits.last(str(path))
    assert last is not None
    assert last.sentence == "timeout of é 2s -> 3s"
    assert edits.undo(str(path)) == last
    assert path.read_bytes() == TEXT.replace("1s", "2s").encode()
    edits.undo(str(path))
    assert path.read_bytes() == TEXT.encode()
    assert edits.last(str(path)) is None
    with pytest.raises(EditError, match="no edit to undo"):
        edits.undo(str(path))
    assert os.listdir(path.parent) == ["flow.py"]


def test_nothing_is_written_over_what_someone_else_wrote(path: Path) -> None:
    edits = Edits()
    file, edit = edited(path)
    path.write_text("other")
    with pytest.raises(EditConflict, match=r"flow\.py: the file has changed on disk"):
        edits.apply(file, edit)
    assert path.read_text() == "other"
    path.unlink()
    with pytest.raises(EditError, match="cannot be read"):
        edits.apply(file, edit)
    with pytest.raises(EditConflict):
        files.write(str(path), b"new", file.digest)
    assert os.listdir(path.parent) == []


def test_nothing_is_taken_back_over_what_someone_else_wrote(path: Path) -> None:
    edits = Edits()
    edits.apply(*edited(path))
    ours = path.read_bytes()
    path.write_text("other")
    with pytest.raises(EditConflict, match="has changed on disk since 'timeout of é 1s -> 2s'"):
        edits.undo(str(path))
    assert path.read_text() == "other"
    # Once it is as it was, so is the way back.
    path.write_bytes(ours)
    edits.undo(str(path))
    assert path.read_bytes() == TEXT.encode()


def test_an_edit_of_another_text_is_refused(path: Path) -> None:
    file, edit = edited(path)
    path.write_bytes(TEXT.replace("1s", "5s").encode())
    with pytest.raises(EditConflict):
        Edits().apply(files.read(str(path)), edit)
    assert file.source != path.read_text()


def test_a_link_stays_and_the_mode_too(path: Path, tmp_path: Path) -> None:
    path.chmod(0o640)
    link = tmp_path / "link.py"
    link.symlink_to(path)
    edits = Edits()
    edits.apply(*edited(link))
    assert link.is_symlink()
    assert path.read_bytes() == TEXT.replace("1s", "2s").encode()
    assert path.stat().st_mode & 0o7777 == 0o640
    # By either name.
    edits.undo(str(path))
    assert link.read_bytes() == TEXT.encode()


def test_bytes_are_kept_in_any_encoding(path: Path) -> None:
    for data in (
        b"\xef\xbb\xbf" + TEXT.encode(),
        b"# coding: latin-1\r\n" + TEXT.replace("\n", "\r\n").encode("latin-1"),
    ):
        path.write_bytes(data)
        edits = Edits()
        edits.apply(*edited(path))
        assert path.read_bytes() == data.replace(b"1s", b"2s")
        edits.undo(str(path))
        assert path.read_bytes() == data


@pytest.mark.parametrize("data", [b"\xff\n", b"# coding: nope\n", b"# coding: utf-7\n+AGE-\n"])
def test_what_is_no_text_is_refused(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    with pytest.raises(EditError, match=r"flow\.py: (it is not text|its encoding)"):
        files.read(str(path))


def test_a_write_that_fails_leaves_all_as_it_was(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    file, edit = edited(path)
    edits = Edits()
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(EditError, match="cannot be written: No space left on device"):
        edits.apply(file, edit)
    assert path.read_bytes() == TEXT.encode()
    assert os.listdir(path.parent) == ["flow.py"]
    assert edits.last(str(path)) is None


def test_old_edits_are_forgotten(path: Path) -> None:
    edits = Edits()
    for n in range(KEPT + 1):
        data = f"{n}".encode()
        file = files.read(str(path))
        edits.apply(file, Edit(str(path), file.source, data.decode(), f"{n}", 1))
    for _ in range(KEPT):
        edits.undo(str(path))
    assert path.read_bytes() == b"0"
    assert edits.last(str(path)) is None
