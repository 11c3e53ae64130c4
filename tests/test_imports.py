"""The house has no circles: no module imports itself by way of others, not even for types or later on."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def modules(folder: Path) -> dict[str, Path]:
    """The modules of a package by their dotted names."""
    found = {}
    for path in folder.rglob("*.py"):
        parts = path.relative_to(folder.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(folder: Path) -> dict[str, set[str]]:
    """Whom each module imports: at its top, inside functions, and for types alone."""
    known = modules(folder)
    graph: dict[str, set[str]] = {name: set() for name in known}
    for name, path in known.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                graph[name].update(each.name for each in node.names if each.name in known)
            elif isinstance(node, ast.ImportFrom) and node.module is not None and not node.level:
                for each in node.names:
                    # A package's own names stand in its __init__.
                    full = f"{node.module}.{each.name}"
                    whom = full if full in known else node.module
                    if whom in known and whom != name:
                        graph[name].add(whom)
    return graph


def circle(graph: dict[str, set[str]]) -> list[str] | None:
    """One circle; None when there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        found: list[str] = error.args[1]
        return found
    return None


@pytest.mark.parametrize("package", ["studio", "journey_studio"])
def test_no_module_imports_itself_by_way_of_others(package: str) -> None:
    graph = imports(ROOT / package)
    assert sum(map(len, graph.values())) > len(graph) / 2
    assert circle(graph) is None


def test_a_circle_is_found_whatever_kind_of_import_closes_it(tmp_path: Path) -> None:
    folder = tmp_path / "house"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "one.py").write_text("from house import two\n")
    later = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from house.one import X\n"
    (folder / "two.py").write_text(later)
    found = circle(imports(folder))
    assert found is not None
    assert set(found) == {"house.one", "house.two"}
    (folder / "two.py").write_text("def f() -> None:\n    import house.one\n")
    assert circle(imports(folder)) is not None
    (folder / "two.py").write_text("")
    assert circle(imports(folder)) is None
