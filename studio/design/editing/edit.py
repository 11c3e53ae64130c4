"""What a change of a source comes to: the new text, and how to tell it."""

from __future__ import annotations

import difflib
import os
import re
from dataclasses import dataclass

_LINE = re.compile("[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


def lines_of(text: str) -> list[str]:
    """The lines with their endings, as Python counts them: a form feed ends none."""
    return _LINE.findall(text)


@dataclass(frozen=True, slots=True)
class Edit:
    """A change of one file, not written yet."""

    path: str
    before: str
    source: str
    """The whole new text, in the line endings of the old."""
    sentence: str
    """What it does: "timeout of app/email.verified 6s -> 10s"."""
    line: int
    """Where to look at it in the new text."""

    @property
    def diff(self) -> str:
        """The change as a unified diff."""
        name = os.path.basename(self.path)
        parts = difflib.unified_diff(lines_of(self.before), lines_of(self.source), name, name, n=3)
        return "".join(
            part if part.endswith(("\n", "\r")) else f"{part}\n\\ No newline at end of file\n"
            for part in parts
        )
