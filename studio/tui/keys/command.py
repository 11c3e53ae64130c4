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
    id: str = ""
    """Of its binding; empty when it has none."""

    def also(self, keys: str) -> PaletteCommand:
        """The same with further keys."""
        return self if keys in self.keys.split() else replace(self, keys=f"{self.keys} {keys}")


class PaletteChoice:
    """What the palette calls for a command. No dataclass: Textual writes on what it calls.

    Args:
        call: does it.
        take: called first, with the title, when it is chosen.
        title: as it stands in the list.
        line: the `journey-studio` command that does the same; None when there is none.
    """

    def __init__(
        self, call: Callable[[], Any], take: Callable[[str], None], title: str, line: str | None = None
    ) -> None:
        self._call = call
        self._take = take
        self._title = title
        self.line = line

    def __call__(self) -> Any:
        """Do it."""
        self._take(self._title)
        return self._call()
