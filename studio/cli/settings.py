"""What every command is told, and where that comes from.

An option on the command line wins; then `[tool.journey-studio]` in the nearest
`pyproject.toml`, whose paths count from the file's own folder; then the defaults.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from studio.errors import StudioError
from studio.source.project import DURABILITIES, MEMORY, STORE, WORKFLOWS, absolute, project

if TYPE_CHECKING:
    from studio.store.hooks import EventStore


@dataclass(frozen=True, slots=True)
class Settings:
    """What every command is told."""

    workflows: str
    """A folder of workflow files, or one file; absolute."""
    store: str
    """Path of the SQLite file, absolute; or ":memory:"."""
    durability: Literal["full", "normal"]
    """ "full": what is acknowledged outlives a power cut; "normal": a crash of the process."""
    reload: Literal["auto", "ask"] | None = None
    """Whether edited workflow files run at once, or when someone says yes; None when nothing is said."""
    seed: str | None = None
    """What the project's tries draw `random` and `uuid` from; None when nothing is said."""

    typed: Literal["refuse", "warn"] = "refuse"
    """What is done with an event that does not fit its type."""
    otel: bool = False
    """Whether passes and steps are traced with OpenTelemetry."""

    def events(self) -> EventStore | None:
        """Where the project's events also live, for an engine that runs them; None when it names no place.

        Raises:
            StudioError: it cannot be opened.
        """
        from studio.objects.opening import events_of_project

        return events_of_project()

    def file(self) -> str:
        """The store, for a command that makes no sense on one that only this process sees.

        Raises:
            StudioError: it is in memory.
        """
        if self.store == MEMORY:
            raise StudioError(
                "a store in memory is gone when its process ends", where="--store", fix="Name a file."
            )
        return self.store


def settings(workflows: str | None, store: str | None, durability: str | None) -> Settings:
    """Fill in what was not given.

    Raises:
        StudioError: the project's table holds what makes no sense, or the store is a folder.
    """
    found = project()
    file = store or found.get("store", STORE)
    if Path(file).is_dir():
        raise StudioError(
            "it is a folder and no store", where=file, fix=f"Name a file in it: {Path(file, 'studio.db')}."
        )
    # Made absolute once, before any code of the author's runs: that may change the working folder.
    return Settings(
        str(absolute(workflows or found.get("workflows", WORKFLOWS))),
        file if file == MEMORY else str(absolute(file)),
        cast("Literal['full', 'normal']", durability or found.get("durability", DURABILITIES[0])),
        cast("Literal['auto', 'ask'] | None", found.get("reload")),
        found.get("seed"),
        cast("Literal['refuse', 'warn']", found.get("events", "refuse")),
        found.get("otel") == "on",
    )
