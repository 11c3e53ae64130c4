"""What a check found, where, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from studio.source.project import short


@dataclass(frozen=True, slots=True)
class CheckFinding:
    """Something at a line of the author's code."""

    path: str
    line: int
    level: Literal["error", "warning"]
    rule: str
    """A short name: "clock", "effect", "slip"."""
    what: str
    """A sentence without its full stop."""
    fix: str
    """What to do, a sentence."""
    workflow: str = ""
    """Which workflow comes to this line."""

    def __str__(self) -> str:
        where = f"{short(self.path)}:{self.line}" if self.line else short(self.path)
        return f"{where}: {self.level}: {self.what}. {self.fix}".rstrip()

    def as_json(self) -> dict[str, Any]:
        """As one JSON object."""
        return {
            "file": short(self.path),
            "line": self.line or None,
            "level": self.level,
            "rule": self.rule,
            "workflow": self.workflow or None,
            "message": self.what,
            "fix": self.fix,
        }
