"""A name stands for one thing: no two public classes of `studio/` bear the same."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parent.parent
SHARED = {
    "JourneyState": "the kernel's, and what `studio.testing` gives the author of a test: both are its state",
}
"""Names of two public classes, with the reason."""


def classes() -> dict[str, list[str]]:
    """The public classes by their names, each with the files that define it."""
    found: dict[str, list[str]] = defaultdict(list)
    for file in sorted((ROOT / "studio").rglob("*.py")):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[node.name].append(file.relative_to(ROOT).as_posix())
    return found


def test_no_two_public_classes_bear_one_name() -> None:
    found = classes()
    assert len(found) > 300
    twice = {name: files for name, files in found.items() if len(files) > 1 and name not in SHARED}
    assert not twice, f"name one of them otherwise: {twice}"


def test_no_exception_outlives_its_reason() -> None:
    found = classes()
    assert [name for name in SHARED if len(found[name]) < 2] == []
