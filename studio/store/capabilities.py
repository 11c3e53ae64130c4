"""What can be done with the journeys of a store: their driver declares it, front ends ask (DESIGN rule 21).

A store that another driver's turns are written into (`studio/sink/`) says so in `meta`. All that an engine
would do with it is refused there by name.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal

from studio.errors import NotOffered, StoreError
from studio.store.connect import connect_reader, translate
from studio.store.meta import meta_of, set_meta

HAS_META = "SELECT 1 FROM sqlite_master WHERE name = 'meta'"

WRITER = "writer"
"""meta: what writes a store whose journeys are carried on elsewhere; not there when that is an engine."""

FILM = "film"
"""The writer of a store that is only to be looked at (`film.py`)."""

Feature = Literal[
    "run",
    "send",
    "acts",
    "pause",
    "clock",
    "jump",
    "rewind",
    "undo",
    "fork",
    "import",
    "reload",
    "stubs",
    "inspect",
    "erase",
]

THERE = "where they are carried on"
PLAY = "Play an event file to see what time would bring."
EXPORT = "Export the users, and import them into another store."
WORDS: dict[Feature, tuple[str, str]] = {
    "run": ("no engine can run on this store", EXPORT),
    "send": ("events cannot be sent to this store", f"Send them {THERE}."),
    "acts": ("journeys cannot be acted on here", f"Act on them {THERE}."),
    "pause": ("workflows cannot be paused here", "Stop their workers, or deploy them without a trigger."),
    "clock": ("the clock cannot be turned", PLAY),
    "jump": ("time cannot be led to another moment", PLAY),
    "rewind": ("this store cannot be rewound", EXPORT),
    "undo": ("nothing can be undone or redone here", EXPORT),
    "fork": ("this store cannot be forked", EXPORT),
    "import": ("nothing can be imported into this store", "Import it into another store."),
    "reload": ("workflow files cannot be reloaded from here", f"Deploy them {THERE}."),
    "stubs": ("steps cannot be stubbed here", f"Say {THERE} what is called."),
    "inspect": ("journeys cannot be looked into here", f"Look into them {THERE}."),
    "erase": ("a user cannot be erased here", f"Erase them {THERE}."),
}
"""What is refused of each feature, and what to do instead."""

FEATURE_OF: dict[str, Feature] = {
    "cancel": "acts",
    "resume": "acts",
    "restart": "acts",
    "time_out": "acts",
    "pause": "pause",
    "unpause": "pause",
    "release": "acts",
    "clock.pause": "clock",
    "clock.run": "clock",
    "clock.speed": "clock",
    "clock.jump": "jump",
    "clock.stop_jump": "jump",
    "undo": "undo",
    "redo": "undo",
    "rewind": "rewind",
    "restore": "rewind",
    "reload": "reload",
    "stop_reload": "reload",
}
"""Which feature a command is that a running engine is asked for."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a driver can do."""

    driver: str = "local"
    """"local": an engine of the store itself; else what carries the journeys on."""
    run: bool = True
    """An engine may be started on the store."""
    send: bool = True
    """Events can be sent."""
    acts: bool = True
    """Journeys can be cancelled, resumed and restarted, waits ended by hand."""
    pause: bool = True
    """A workflow can be paused."""
    clock: bool = True
    """The clock can be paused, and its speed chosen."""
    jump: bool = True
    """Time can be led to another moment."""
    rewind: bool = True
    """The store can be cut at an entry, and go back to a snapshot."""
    undo: bool = True
    fork: bool = True
    """The store can be copied up to an entry."""
    imports: bool = True
    """Exported histories can be added."""
    reload: bool = True
    """Waiting journeys go over to files that change."""
    stubs: bool = True
    """Steps can be replaced."""
    inspect: bool = True
    """The line and the variables at which a journey waits can be shown."""
    erase: bool = True
    """A user can be forgotten."""

    def has(self, feature: Feature) -> bool:
        """Whether it can do this."""
        return bool(getattr(self, "imports" if feature == "import" else feature))

    def missing(self) -> list[Feature]:
        """What it cannot do."""
        return [feature for feature in WORDS if not self.has(feature)]

    def require(self, feature: Feature, where: str | Path = "") -> None:
        """Refuse by name what is not there.

        Raises:
            NotOffered: it cannot do this; says what to do instead.
        """
        if not self.has(feature):
            what, fix = WORDS[feature]
            if self.driver == FILM:
                fix = "Do it in the store that it is of."
                raise NotOffered(f"{what}: it is a film, to be looked at", where=str(where), fix=fix)
            raise NotOffered(f"{what}: {self.driver} carries its journeys on", where=str(where), fix=fix)

    def record(self) -> dict[str, str | bool]:
        """It as JSON."""
        return {each.name: getattr(self, each.name) for each in fields(self)}


LOCAL = Capabilities()


def foreign(driver: str) -> Capabilities:
    """Of a store that another driver's turns are written into, for whoever has only the store."""
    return Capabilities(
        driver,
        run=False,
        send=False,
        acts=False,
        pause=False,
        clock=False,
        jump=False,
        rewind=False,
        undo=False,
        fork=False,
        imports=False,
        reload=False,
        stubs=False,
        # Its data are not all there, or none of them are.
        inspect=driver != FILM,
    )


def writer_of(con: sqlite3.Connection) -> str | None:
    """What writes a store whose journeys are carried on elsewhere; None when that is an engine."""
    return meta_of(con, WRITER)


def set_writer(con: sqlite3.Connection, driver: str) -> None:
    """Say so, inside a transaction of the caller."""
    set_meta(con, {WRITER: driver})


def declared_by(con: sqlite3.Connection) -> Capabilities:
    """What a store's driver can do."""
    driver = writer_of(con) if con.execute(HAS_META).fetchone() else None
    return LOCAL if driver is None else foreign(driver)


def capabilities_of(path: str | Path) -> Capabilities:
    """What the driver of a store can do; of one that is not there yet, all.

    Raises:
        StoreError: the file cannot be read.
    """
    path = Path(path)
    try:
        if not path.exists() or path.stat().st_size == 0:
            return LOCAL
    except OSError as error:
        raise StoreError(f"the store cannot be read: {error.strerror}", where=str(path)) from error
    con = connect_reader(path)
    try:
        return declared_by(con)
    except sqlite3.Error as error:
        raise translate(error, path) from error
    finally:
        con.close()


def require(path: str | Path, feature: Feature) -> None:
    """Refuse by name what the driver of a store cannot do.

    Raises:
        NotOffered: it cannot do this; says what to do instead.
        StoreError: the file cannot be read.
    """
    capabilities_of(path).require(feature, path)
