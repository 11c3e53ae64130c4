"""Each link leads somewhere, each page is found, and README.md stays short."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import CONTRIBUTING, DOCS, PAGES, README, ROOT, Page, anchor, page

INDEX = page("docs/index.md")
NAMED = re.compile(r"(?<![\w/.])(?:studio|journey_studio|tests|docs|bench|workflows|data)/[\w./*-]*")
"""A file or a folder of the project."""
OUTSIDE = re.compile(r"^(\w+:)?//|^mailto:")


def leads_nowhere(page: Page, link: str) -> bool:
    path, _, heading = link.partition("#")
    target = (page.path.parent / path).resolve() if path else page.path
    if not target.exists():
        return True
    if not heading:
        return False
    there = Page(target, target.read_text(encoding="utf-8")) if path else page
    return target.suffix != ".md" or heading not in there.anchors()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_link_and_anchor_leads_somewhere(page: Page) -> None:
    assert [link for link in page.links() if OUTSIDE.match(link)] == [], "this project names no addresses"
    assert [link for link in page.links() if leads_nowhere(page, link)] == []


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.name)
def test_a_page_of_the_site_leads_to_nothing_outside_it(page: Page) -> None:
    inside = (ROOT / "docs").resolve()
    targets = [(page.path.parent / link.partition("#")[0]).resolve() for link in page.links()]
    assert [target for target in targets if not target.is_relative_to(inside)] == []


def test_a_link_that_leads_nowhere_is_noticed() -> None:
    gone = Page(INDEX.path, "# Here\n[a](gone.md) [b](index.md#gone) [c](#here) [d](live.svg) [e](#gone)\n")
    assert [link for link in gone.links() if leads_nowhere(gone, link)] == [
        "gone.md",
        "index.md#gone",
        "#gone",
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_two_headings_of_a_page_share_an_anchor(page: Page) -> None:
    headings = re.findall(r"^#+ (.+)$", page.prose, re.MULTILINE)
    assert len({anchor(heading) for heading in headings}) == len(headings)


def test_each_page_is_in_the_table_of_contents_and_in_the_sites() -> None:
    pages = {each.path.relative_to(ROOT / "docs").as_posix() for each in DOCS} - {"index.md"}
    assert {link for link in INDEX.links() if link.endswith(".md")} == pages
    nav = re.findall(r": (\S+\.md)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(nav) == sorted({*pages, "index.md"})


def test_readme_leads_to_each_page_and_is_short() -> None:
    assert len(README.text.splitlines()) <= 250
    pages = {each.name for each in DOCS if not each.name.startswith("docs/reference/")}
    assert pages <= {link.partition("#")[0] for link in README.links()}


def test_pictures_are_there_and_shown() -> None:
    shown = {Path(link).name for each in PAGES for link in each.links() if link.endswith(".svg")}
    assert shown == {path.name for path in (ROOT / "docs").rglob("*.svg")}


def test_what_make_is_asked_for_is_there_and_told() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^(\w+):", text, re.MULTILINE))
    asked = {
        first or second
        for each in PAGES
        for first, second in re.findall(r"^`?make (\w+)|`make (\w+)`", each.text, re.MULTILINE)
    }
    assert {"run", "test", "bench", "docs"} <= asked <= targets
    assert set(re.findall(r'@echo "make (\w+)', text)) == targets - {"help"}


@pytest.mark.parametrize("page", [CONTRIBUTING, page("docs/architecture.md")], ids=lambda page: page.name)
def test_each_path_that_is_named_exists(page: Page) -> None:
    named = [path.rstrip(".") for path in NAMED.findall(page.text)]
    assert named
    assert [path for path in named if not exists(path)] == []


def exists(path: str) -> bool:
    """Of a file, a folder (`studio/tui/`), or several by a pattern (`studio/cli/*.py`)."""
    return any(ROOT.glob(path)) if "*" in path else (ROOT / path).exists()
