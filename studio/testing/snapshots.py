"""Timelines kept as text files beside the tests, to be read in a pull request."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from pathlib import Path

from journey_studio.pytest_options import OPTION
from studio.errors import StudioError

FOLDER = "snapshots"

_NAME = re.compile(r"[\w.-]+")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """How a timeline compares with the one that was kept. True when they are the same."""

    path: Path
    diff: str
    """What was kept against what came, as a unified diff; empty when they are the same."""

    def __bool__(self) -> bool:
        return not self.diff

    def __repr__(self) -> str:
        same = "is the same as" if self else f"differs from (pytest {OPTION} rewrites it)"
        return f"<the timeline {same} {FOLDER}/{self.path.name}>"


def compare(text: str, folder: Path, name: str, write: bool) -> Snapshot:
    """Hold a timeline against the file of this name.

    Args:
        folder: of the test; the file is `snapshots/NAME.txt` in it.
        write: write the file anew instead.

    Raises:
        StudioError: there is no such file, or the name is none for a file.
    """
    if not _NAME.fullmatch(name):
        raise StudioError(f"{name!r} is not a name for a snapshot", fix="Use letters, digits, . _ and -.")
    path = folder / FOLDER / f"{name}.txt"
    if write:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(f"{text}\n".encode())
        return Snapshot(path, "")
    if not path.exists():
        raise StudioError("there is no such snapshot yet", where=str(path), fix=f"Run pytest {OPTION}.")
    kept = path.read_bytes().decode().splitlines()
    lines = difflib.unified_diff(kept, text.splitlines(), f"{FOLDER}/{path.name}", "what came", lineterm="")
    return Snapshot(path, "\n".join(lines))
