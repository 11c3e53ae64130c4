"""The handbook builds as a site, with an API reference that has all public names."""

from __future__ import annotations

import inspect
import os
import re
import shutil
import subprocess
import sys
import zlib
from pathlib import Path
from types import ModuleType

import pytest

import studio
import studio.store.hooks
import studio.store.views
import studio.testing
from studio import Engine
from tests.docs.pages import ROOT

TAKEN = ("docs", "studio", "mkdocs.yml")
ADDRESS = re.compile(r'(?:src|href)="((?:https?:)?//[^"]+)"')


def build(folder: Path) -> tuple[int, str]:
    """Build the site of a folder as `make docs` does: the exit code, and what was said."""
    zensical = Path(sys.executable).parent / "zensical"
    done = subprocess.run(
        [zensical, "build", "--clean", "--strict"],
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=300,
    )
    return done.returncode, done.stdout.decode()


def copy(folder: Path) -> Path:
    """What the site is made of, so that nothing is written into the project."""
    for name in TAKEN:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    return folder


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = copy(tmp_path_factory.mktemp("site"))
    code, said = build(folder)
    assert code == 0, said
    assert "griffe" not in said, "what a docstring says of a parameter is not read"
    return folder / "site"


def reference(site: Path) -> set[str]:
    """The names that the API reference has, from its inventory (a head of four lines, then packed ones)."""
    *_, packed = (site / "objects.inv").read_bytes().split(b"\n", 4)
    lines = zlib.decompress(packed).decode().splitlines()
    return {line.split(" ", 1)[0] for line in lines}


def public(of: type | ModuleType) -> set[str]:
    return {name for name in dir(of) if not name.startswith("_")}


@pytest.mark.long
@pytest.mark.xdist_group("site")
def test_each_page_is_built_and_fetches_nothing_from_elsewhere(site: Path) -> None:
    pages = {path.relative_to(ROOT / "docs").with_suffix("") for path in (ROOT / "docs").rglob("*.md")}
    built = {path.relative_to(site).with_suffix(""): path for path in site.rglob("*.html")}
    assert pages <= set(built)
    for path in built.values():
        text = path.read_text(encoding="utf-8")
        fetched = [tag for tag in re.findall(r"<(?:script|link|img)[^>]*>", text) if ADDRESS.search(tag)]
        assert fetched == [], path.name
        assert "\\|" not in text, f"{path.name}: a table shows the backslash of a | in code"


@pytest.mark.xdist_group("site")
def test_the_reference_has_all_public_names(site: Path) -> None:
    there = reference(site)
    wanted = {f"studio.{name}" for name in studio.__all__}
    wanted |= {f"studio.Engine.{name}" for name in public(Engine)}
    wanted |= {f"studio.testing.{name}" for name in studio.testing.__all__}
    for module in (studio.store.hooks, studio.store.views):
        own = (
            name
            for name in public(module)
            if getattr(getattr(module, name), "__module__", "") == module.__name__
        )
        wanted |= {f"{module.__name__}.{name}" for name in own}
    views = studio.store.views.Views
    wanted |= {f"studio.store.views.Views.{name}" for name in public(views)}
    assert sorted(wanted - there) == []


@pytest.mark.xdist_group("site")
def test_what_the_reference_has_is_explained() -> None:
    silent = [name for name in public(Engine) if not inspect.getdoc(getattr(Engine, name))]
    silent += [name for name in studio.__all__ if not inspect.getdoc(getattr(studio, name))]
    assert silent == []


@pytest.mark.long
@pytest.mark.xdist_group("site")
def test_a_link_that_leads_nowhere_fails_the_build(tmp_path: Path) -> None:
    folder = copy(tmp_path)
    (folder / "docs" / "index.md").write_text("# Here\n\n[there](gone.md)\n", encoding="utf-8")
    code, said = build(folder)
    assert code != 0
    assert "page does not exist" in said
