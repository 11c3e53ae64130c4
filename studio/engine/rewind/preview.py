"""What a rewind or an undo would take away, and the acts that can be undone: read before anything is done."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from studio.errors import StudioError
from studio.store.capabilities import declared_by
from studio.store.causes import end_of_cause
from studio.store.connect import reading
from studio.store.cut import Behind, behind
from studio.store.meta import meta_of
from studio.store.snapshots import next_number

ACTS = "acts"
"""meta: the newest acts done here, as `OwnAct`s, oldest first."""
MOST_ACTS = 100


@dataclass(frozen=True, slots=True)
class OwnAct:
    """An act of the operator that can be taken back."""

    seq: int
    """Of its first entry."""
    what: str
    """The event's name, or what was done: "journey.cancelled", "jump", "rewind", "restore"."""
    user: str
    """ "" for what is done to the store as a whole."""
    clock: dict[str, Any]
    """The state of the clock before it."""
    began_at: int | None = None
    """The moment before it, where its first entry is of a later one."""
    passed_ms: int | None = None
    """Of a jump of the clock: how far it was asked to go."""
    snapshot: int | None = None
    """Of a rewind or a return to a snapshot: the snapshot of what was before, to which one returns."""


@dataclass(frozen=True, slots=True)
class RewindPreview:
    """What a rewind to an entry would take away."""

    seq: int
    at: int
    """The moment at which the clock would stand."""
    behind: Behind
    snapshot: int
    """The number of the snapshot that would be kept."""


@dataclass(frozen=True, slots=True)
class UndoPreview:
    """What taking back the newest act would take away."""

    act: OwnAct
    behind: Behind

    @property
    def touches_others(self) -> bool:
        """More goes than the act and what it did to its user."""
        whole = self.act.snapshot is not None
        return whole or self.behind.users > 1 or self.behind.others > (self.act.user != "")


def preview_rewind(path: Path, seq: int) -> RewindPreview:
    """Count what a rewind to the end of an entry's cause would take away.

    Raises:
        StoreError: there is no such entry, or the store cannot be read.
    """
    with reading(path) as con:
        declared_by(con).require("rewind", path)
        found = behind(con, end_of_cause(con, seq, path))
    return RewindPreview(seq, found.at, found, next_number(path))


def preview_undo(path: Path) -> UndoPreview:
    """Count what taking back the newest act would take away.

    Raises:
        StudioError: there is none.
    """
    with reading(path) as con:
        declared_by(con).require("undo", path)
        act = newest_act(read_acts(meta_of(con, ACTS)))
        found = behind(con, act.seq - 1)
    return UndoPreview(act, found)


def read_acts(text: str | None) -> list[OwnAct]:
    """What `meta` keeps of them."""
    return [OwnAct(**fields) for fields in json.loads(text)] if text else []


def newest_act(acts: list[OwnAct]) -> OwnAct:
    """The one that is taken back first.

    Raises:
        StudioError: there is none.
    """
    if not acts:
        raise StudioError("there is nothing to undo", fix="A rewind goes to any entry.", advice="rewind")
    return acts[-1]


def acts_text(acts: list[OwnAct]) -> str:
    """The newest, as `meta` keeps them."""
    return json.dumps([asdict(act) for act in acts[-MOST_ACTS:]])
