"""Files and folders that hold people's data: their owner reads them, and nobody else.

What is there already keeps its rights: whoever gave a group the right to read meant it.
"""

from __future__ import annotations

import os
from pathlib import Path

FILE = 0o600
FOLDER = 0o700


def make_folder(path: Path) -> None:
    """Make a folder, and those above it that are missing.

    Raises:
        OSError: it cannot be made, or is a file.
    """
    # `mkdir(parents=True)` gives its mode to the last folder alone.
    missing = []
    while not path.is_dir():
        missing.append(path)
        if path == path.parent:
            break
        path = path.parent
    for each in reversed(missing):
        each.mkdir(mode=FOLDER, exist_ok=True)


def make_file(path: Path) -> None:
    """Make an empty file unless there is one.

    Raises:
        OSError: it cannot be made.
    """
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, FILE))
