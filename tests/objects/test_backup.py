"""A whole store in an object store, and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from obstore.store import MemoryStore

from studio.cli import call
from studio.errors import NotOffered, StudioError
from studio.objects import backup
from studio.objects.backup import export_to, import_from
from studio.objects.clients import ObjectsError
from studio.store.rebuild import compare
from studio.store.transfer import export
from tests.objects.servers import Proxy, store
from tests.objects.test_clients import Plain
from tests.store.build import small

LINES = [b'{"n": %d}' % n for n in range(1_000)]


def test_lines_come_back_in_parts(between: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup, "PART_BYTES", 1_000)
    bucket = store(between.port)
    assert export_to(bucket, LINES, tmp_path.name) == 1_000
    assert between.count("PUT") == 1 + sum(map(len, LINES)) // 1_000 + 1
    assert list(import_from(bucket, tmp_path.name)) == LINES
    with pytest.raises(StudioError, match="something was exported there before"):
        export_to(bucket, LINES, tmp_path.name)


def test_nothing_is_an_export_too() -> None:
    memory = MemoryStore()
    assert export_to(memory, []) == 0
    assert list(import_from(memory)) == []


def test_what_is_not_whole_is_not_taken() -> None:
    memory = MemoryStore()
    with pytest.raises(ObjectsError, match=r"complete\.json is not there: there is no export here"):
        list(import_from(memory))
    export_to(memory, LINES)
    memory.delete("00000.jsonl.z")
    with pytest.raises(ObjectsError, match=r"00000\.jsonl\.z is not there"):
        list(import_from(memory))
    memory.put("00000.jsonl.z", b"x")
    with pytest.raises(ObjectsError, match="what is there is no export"):
        list(import_from(memory))


def test_a_client_without_create_only_puts_is_refused() -> None:
    with pytest.raises(NotOffered, match="has no create-only puts"):
        export_to(Plain(), LINES)


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_the_commands_take_a_store_out_and_in(
    tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path, copy = small(tmp_path / "a.db"), tmp_path / "b.db"
    place = f"file://{tmp_path}/objects/monday" if kind == "folder" else str(tmp_path / "monday.jsonl")

    def run(*words: str, on: Path) -> tuple[int, Any]:
        code = call([*words, "--store", str(on)])
        return code, capsys.readouterr()

    code, said = run("export", "--all", "--to", place, on=path)
    assert (code, said.out) == (0, "")
    assert f"lines are in {place}" in said.err
    code, said = run("export", "ada", "--to", place, on=path)
    assert code == 2
    assert "before" in said.err or "already exists" in said.err
    code, said = run("import", place, on=copy)
    assert (code, "15 entries of 2 users" in said.out) == (0, True)
    assert list(export(copy))[1:] == list(export(path))[1:]
    assert compare(copy) == []
    assert not list(tmp_path.rglob("*.part"))
