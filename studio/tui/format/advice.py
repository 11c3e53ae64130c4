"""What an error advises, in the keys of the screen: the engine and the store know none of them."""

from __future__ import annotations

from studio.errors import Advice, StudioError

KEYS: dict[Advice, str] = {
    "rewind": "R rewinds to any entry.",
    "undo": "z undoes the latest action.",
    "release steps": "H approves them.",
}


def keyed(error: StudioError) -> str:
    """The whole error, with what to do as this face does it."""
    return str(error) if error.advice is None else error.advised(KEYS.get(error.advice, error.fix))
