"""The store that version 0.1.0 has made, as `data/make_0_1_0.py` says."""

from __future__ import annotations

import tarfile
from pathlib import Path

ARCHIVE = Path(__file__).parent / "data" / "0.1.0.tar.xz"


def unpack(folder: Path) -> Path:
    """Put the store and its snapshot into a folder; gives the store."""
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(folder, filter="data")
    return folder / "studio.db"
