"""Workflows that a function in a helper makes."""

from __future__ import annotations

from pathlib import Path

from studio import Engine, VirtualClock
from studio.design.checks.check import check
from studio.design.outline.flow_reader import read
from studio.engine.reload.stored_code import load_version
from studio.source.loader import load
from studio.store.sqlite import Store
from tests.cases.results import CASES, play

NAME = "loader-factory"
FILE = str(CASES / NAME / "workflows" / "w.py")
HELPER = str(CASES / NAME / "workflows" / "_factory.py")


def test_each_is_found_and_runs() -> None:
    assert play(NAME, "e.jsonl") == {"one/ada": {"from": "one"}}


def test_each_is_of_the_file_that_had_it_made() -> None:
    loaded = load(CASES / NAME / "workflows")
    assert loaded.problems == []
    assert {n: (w.file, w.path, w.made) for n, w in loaded.workflows.items()} == {
        "one": (FILE, HELPER, (FILE, 3)),
        "two": (FILE, HELPER, (FILE, 4)),
    }
    assert [module.name for module in loaded.workflows["one"].modules] == ["_factory"]
    assert check(loaded.workflows) == []
    assert read(loaded.workflows["two"]).file == HELPER


async def test_the_version_that_ran_is_had_from_the_store(tmp_path: Path) -> None:
    path = tmp_path / "studio.db"
    async with Engine(CASES / NAME / "workflows", store=path, clock=VirtualClock()) as engine:
        await engine.ingest("b", user="ada")
        codes = {name: each.code for name, each in engine.workflows.items()}
    store = Store(path)
    try:
        found, text = load_version(store, codes["two"], "two")
    finally:
        store.close()
    assert text == Path(FILE).read_text()
    assert (found.name, found.file, found.path, found.code) == ("two", FILE, HELPER, codes["two"])
