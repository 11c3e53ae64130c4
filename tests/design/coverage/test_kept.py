"""The file between pytest and the designer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from studio.design.coverage import kept
from studio.design.outline.flow_reader import read_source
from studio.errors import StudioError

SOURCE = """
async def small(journey):
    if await journey.wait_for("yes", timeout="1d"):
        return 1
    return 2
"""


def test_what_is_written_is_read_from_the_folders_above(tmp_path: Path) -> None:
    file = tmp_path / "workflows" / "small.py"
    outline = read_source(SOURCE, "small", str(file))
    digest = kept.source_digest(outline, lambda path: SOURCE)
    every = kept.covered("small", outline, digest, ()).ways
    assert [way.source.partition(" ")[2] for way in every] == ["start", "wait", "branch", "branch"]
    found = kept.covered("small", outline, digest, every[:3])
    assert (found.percent, kept.percent(0, 0), kept.percent(199, 200)) == (75, 100, 99)
    assert kept.read(file, "small") is None
    assert kept.write(tmp_path, [found]) == tmp_path / kept.FILE
    assert kept.read(file, "small") == found
    assert kept.read(file, "other") is None
    assert list(tmp_path.iterdir()) == [tmp_path / kept.FILE]


def test_another_source_has_another_digest_and_other_line_ends_have_not() -> None:
    outline = read_source(SOURCE, "small")
    digest = kept.source_digest(outline, lambda path: SOURCE)
    assert kept.source_digest(outline, lambda path: SOURCE.replace("\n", "\r\n")) == digest
    assert kept.source_digest(outline, lambda path: SOURCE.replace("1d", "2d")) != digest


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"format": 2}', '{"format": 1, "workflows": {"small": {"digest": "x", "ways": [[1]]}}}'],
)
def test_a_file_that_says_something_else_says_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / kept.FILE).write_text(text)
    assert kept.read(tmp_path / "small.py", "small") is None


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="No such file or directory"):
        kept.write(tmp_path / "none", [])
    kept.write(tmp_path, [])
    assert json.loads((tmp_path / kept.FILE).read_text()) == {"format": 1, "workflows": {}}
