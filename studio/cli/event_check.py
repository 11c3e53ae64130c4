"""Whether events fit their types, for commands that load no workflows otherwise."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from studio.cli.output import complain
from studio.cli.settings import Settings

if TYPE_CHECKING:
    from studio.language.incoming import Incoming

MARK = b"event("
"""Without these letters in its files a project has no type of an event, and none of them is loaded."""


def check_types(settings: Settings, events: Sequence[Incoming]) -> None:
    """Refuse events that do not fit their types, or tell it, as the project says.

    Files that do not load say nothing: the engine that runs them does.

    Raises:
        EventError: one does not fit.
    """
    if not _mentioned(Path(settings.workflows)):
        return
    from studio.errors import EventError
    from studio.source.event_door import EventDoor
    from studio.source.loader import load

    workflows = load(settings.workflows).workflows
    try:
        EventDoor(lambda: workflows).check(events)
    except EventError as error:
        if settings.typed == "refuse":
            raise
        complain(f"{error.what}. It is added all the same.", plain=True)


def _mentioned(folder: Path) -> bool:
    for file in _files(folder) if folder.is_dir() else [folder]:
        try:
            if MARK in file.read_bytes():
                return True
        except OSError:
            # It is gone, or may not be read: then it is not loaded either.
            continue
    return False


def _files(folder: Path) -> Iterator[Path]:
    """The Python files below a folder, but for hidden folders and environments: no type is made there."""
    for place, folders, files in os.walk(folder):
        yield from (Path(place, name) for name in files if name.endswith(".py"))
        folders[:] = [
            name
            for name in folders
            if not name.startswith(".") and not os.path.exists(os.path.join(place, name, "pyvenv.cfg"))
        ]
