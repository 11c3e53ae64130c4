"""A workflow file that an editor has saved with a byte order mark."""

from __future__ import annotations

from studio.design.checks.check import check
from studio.design.outline.flow_reader import read
from studio.source.loader import load
from tests.cases.results import CASES, play

NAME = "loader-bom"


def test_it_runs_and_is_read() -> None:
    assert play(NAME, "e.jsonl") == {"bom/ada": {}}
    loaded = load(CASES / NAME / "workflows")
    assert loaded.problems == []
    assert check(loaded.workflows) == []
    assert read(loaded.workflows["bom"]).line == 5
