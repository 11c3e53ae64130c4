"""The files that lie beside a store and belong to it."""

from __future__ import annotations

import re
from pathlib import Path

SENT_SUFFIX = ".sent"
LOCK_SUFFIX = ".lock"
PAUSED_SUFFIX = ".paused"
CHANGE_SUFFIX = ".change"
"""What changes the store as a whole, while it does."""
STOP_SUFFIX = ".stop"
"""That is asked to stop."""
PART_SUFFIX = ".part"


def sent_path(store: Path) -> Path:
    """What was sent by hand: JSON lines."""
    return store.with_name(store.name + SENT_SUFFIX)


def unfinished_copies(store: Path) -> list[Path]:
    """What is left of snapshots whose making was cut off, with what SQLite has put beside them."""
    name = re.escape(store.stem) + r"\.\d{1,9}" + re.escape(store.suffix + PART_SUFFIX)
    pattern = re.compile(name + r"(-journal|-wal|-shm)?")
    if not store.parent.is_dir():
        return []
    return sorted(path for path in store.parent.iterdir() if pattern.fullmatch(path.name))
