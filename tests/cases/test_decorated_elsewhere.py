"""A workflow below a decorator of the author's own, which stands in another file."""

from __future__ import annotations

from studio.design.checks.check import check
from studio.design.outline.flow_reader import read
from studio.source.loader import load
from tests.cases.results import CASES, play

NAME = "decorated-elsewhere"


def test_it_is_found_and_runs() -> None:
    assert play(NAME, "events.jsonl") == {"welcome/ada": {"ok": True}}


def test_its_place_is_where_its_author_wrote_it() -> None:
    loaded = load(CASES / NAME / "workflows")
    assert loaded.problems == []
    found = loaded.workflows["welcome"]
    assert (found.path, found.line) == (str(CASES / NAME / "workflows" / "welcome.py"), 6)
    assert check(loaded.workflows) == []
    assert [node.place for node in read(found).walk()][1:] == ["_decorators.py:7", "_decorators.py:8"]
