"""Reading what a store keeps beside its history, and saying so where it is damaged."""

from __future__ import annotations

import json
from typing import Any

from studio.errors import StoreDamaged

FIX = "An examination tells how much of the store is damaged."


def read_fields(text: str | None, what: str) -> dict[str, Any]:
    """A JSON object; empty where there is none.

    Args:
        what: what it is about, for the error: "its clock".

    Raises:
        StoreDamaged: it cannot be read.
    """
    try:
        found = json.loads(text) if text else {}
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise StoreDamaged(f"what the store holds about {what} cannot be read", fix=FIX, advice="examine")
    return found


def read_number(text: str | None, what: str) -> int:
    """A whole number; 0 where there is none.

    Raises:
        StoreDamaged: it cannot be read.
    """
    try:
        return int(text or 0)
    except ValueError:
        raise StoreDamaged(
            f"what the store holds about {what} cannot be read", fix=FIX, advice="examine"
        ) from None
