"""The sign beside a store that its engine is paused: it cannot be written into the store itself."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from studio.clocks.clock import wall_ms
from studio.store.beside import PAUSED_SUFFIX
from studio.store.connect import why_full
from studio.text.private import make_file

UNSAID = "it could not write down why"


@dataclass(frozen=True, slots=True)
class Paused:
    """An engine that is paused."""

    why: str
    since: int | None
    """ms since 1970, UTC; None when that could not be written down."""


def paused_path(store: Path) -> Path:
    """The sign of a store; a link to a store is the same store."""
    store = store.resolve()
    return store.with_name(store.name + PAUSED_SUFFIX)


def put_sign(store: Path, why: str) -> None:
    """Say that the engine is paused. Where not even that can be written, nothing is said."""
    with suppress(OSError):
        path = paused_path(store)
        # On a full disk a file can often be made and nothing be written into it: it says enough by itself.
        make_file(path)
        path.write_text(json.dumps({"why": why, "since": wall_ms()}), encoding="utf-8")


def take_sign(store: Path) -> None:
    """Take the sign away: the engine goes on, or is no more. An old one says nothing where none runs."""
    with suppress(OSError):
        paused_path(store).unlink(missing_ok=True)


def read_sign(store: Path) -> Paused | None:
    """What the sign says; None when there is none. It counts only while an engine runs."""
    try:
        text = paused_path(store).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        text = ""
    try:
        facts = json.loads(text)
        return Paused(str(facts["why"]), int(facts["since"]))
    except (ValueError, KeyError, TypeError):
        return Paused(why_full(store) or UNSAID, None)
