"""Something that can be done, as the command palette offers it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class PaletteCommand:
    """Something that can be done."""

    title: str
    keys: str
    """The keys that do it; empty when there are none."""
    call: Callable[[], Any]
    shown: bool = True
    """Stands in the list before anything is typed."""

    def also(self, keys: str) -> PaletteCommand:
        """The same with further keys."""
        return self if keys in self.keys.split() else replace(self, keys=f"{self.keys} {keys}")
