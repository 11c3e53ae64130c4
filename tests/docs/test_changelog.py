"""CHANGELOG.md tells of each release, and each change once."""

from __future__ import annotations

import re
import tomllib
from collections import Counter

from tests.docs.pages import ROOT

TEXT = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
SECTIONS = ["Added", "Changed", "Fixed"]
HEADINGS = re.findall(r"^## (.+)$", TEXT, re.MULTILINE)


def changes(text: str) -> list[str]:
    """The sentences of each change, on one line."""
    bodies = re.split(r"^- ", re.sub(r"^#.*$", "", text, flags=re.MULTILINE), flags=re.MULTILINE)[1:]
    return [" ".join(body.split()) for body in bodies]


def test_the_newest_release_is_this_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    unreleased, *releases = HEADINGS
    assert unreleased == "Unreleased"
    found = [re.fullmatch(r"(\d+\.\d+\.\d+) \((\d{4}-\d\d-\d\d)\)", release) for release in releases]
    assert None not in found
    told = [(tuple(map(int, match[1].split("."))), match[2]) for match in found if match is not None]
    assert told == sorted(told, reverse=True)
    assert ".".join(map(str, told[0][0])) == project["version"]


def test_each_release_says_what_was_added_changed_and_fixed() -> None:
    for release in re.split(r"^## ", TEXT, flags=re.MULTILINE)[2:]:
        assert re.findall(r"^### (.+)$", release, re.MULTILINE) == SECTIONS
        assert all(changes(section) for section in re.split(r"^### ", release, flags=re.MULTILINE)[1:])


def test_each_change_is_told_once_and_whole() -> None:
    told = changes(TEXT)
    assert [change for change, times in Counter(told).items() if times > 1] == []
    assert [change for change in told if not change.endswith((".", ".)"))] == []
