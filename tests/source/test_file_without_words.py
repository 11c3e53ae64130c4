"""A workflow file that fails with an exception whose text cannot be made is a problem like any other."""

from __future__ import annotations

from pathlib import Path

from studio.source.loader import load

FAILS = """
class WithoutText(Exception):
    def __str__(self):
        raise RuntimeError("no text")

raise WithoutText
"""
WORKS = """
from studio import workflow

@workflow
async def fine(journey):
    pass
"""


def test_it_is_named_and_the_others_load(tmp_path: Path) -> None:
    (tmp_path / "fails.py").write_text(FAILS)
    (tmp_path / "works.py").write_text(WORKS)
    loaded = load(tmp_path)
    assert list(loaded.workflows) == ["fine"]
    (problem,) = loaded.problems
    assert "fails.py:6" in str(problem)
    assert "WithoutText: (its text cannot be made: RuntimeError)" in str(problem)
