"""Workflows that are paused, as commands and screens tell it."""

from __future__ import annotations

from studio.wording.values import counted


def standing_still(waiting: int) -> str:
    """Who does not move while a workflow is paused: "2 journeys of it stand still"."""
    return f"{counted(waiting, 'journey')} of it {'stands' if waiting == 1 else 'stand'} still"
