"""`sys.stdout` and `sys.stderr` of a process that is ours: what journeys and steps write is theirs.

Known to no engine: one that runs says who listens (`heard_by`). So a command that runs none loads none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Take = Callable[[str], bool]
"""Takes what is written, where a journey or a step writes it. False when it is nobody's."""

_takes: list[Take] = []


def heard_by(take: Take) -> None:
    """Ask this one from here on whose it is that something is written."""
    _takes.append(take)


class HeardStream:
    """A text stream that asks who listens where something is written; what nobody takes goes on.

    Everything else is the other stream's.
    """

    def __init__(self, other: Any) -> None:
        self._other = other

    def write(self, text: Any) -> int:
        """Write text; gives its length."""
        if not (isinstance(text, str) and any(take(text) for take in _takes)):
            self._other.write(text)
        return len(text)

    def writelines(self, lines: Any) -> None:
        """Write several texts."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._other, name)

    def __iter__(self) -> Any:
        return iter(self._other)
