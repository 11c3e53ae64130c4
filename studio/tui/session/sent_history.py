"""What was sent by hand, kept over restarts in a file beside the store."""

from __future__ import annotations

import json
from pathlib import Path

from studio.text.private import make_file
from studio.tui.session.drafts import Draft

MOST = 200
"""Events that are kept."""
MOST_BYTES = 64 * 1024
"""Bigger events are remembered until the studio is left, and not written down."""


class SentHistory:
    """The newest events that were sent from here, the oldest first.

    Args:
        path: the file, JSON lines; None keeps them in memory only.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self.drafts: list[Draft] = []
        self.problem: str | None = None
        """Why the file could not be read or written."""
        self._lines = 0

    def load(self) -> None:
        """Read the file. A line that is no draft is passed over: another version wrote it."""
        if self.path is None:
            return
        try:
            lines = self.path.read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return
        except OSError as error:
            self.problem = f"what was sent cannot be read: {error.strerror}"
            return
        self._lines = len(lines)
        found = [draft for line in lines if (draft := _read(line)) is not None]
        self.drafts = [*found, *self.drafts][-MOST:]

    def remember(self, draft: Draft) -> bool:
        """Take a draft; False when it was the last one already."""
        if self.drafts and self.drafts[-1] == draft:
            return False
        self.drafts.append(draft)
        del self.drafts[:-MOST]
        return True

    def write(self, draft: Draft) -> None:
        """Append a draft to the file; now and then the file is written anew, with the newest only."""
        if self.path is None:
            return
        line = _line(draft)
        if len(line) > MOST_BYTES:
            return
        try:
            make_file(self.path)
            if self._lines >= 2 * MOST:
                kept = [_line(each) for each in self.drafts]
                self.path.write_text("".join(text for text in kept if len(text) <= MOST_BYTES), "utf-8")
                self._lines = len(kept)
            else:
                with self.path.open("a", encoding="utf-8") as file:
                    file.write(line)
                self._lines += 1
            self.problem = None
        except OSError as error:
            self.problem = f"what was sent is not kept: {error.strerror}"


def _line(draft: Draft) -> str:
    return json.dumps({"event": draft.event, "user": draft.user, "data": draft.data}) + "\n"


def _read(line: str) -> Draft | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    if not isinstance(found, dict):
        return None
    event, user, data = (found.get(name) for name in ("event", "user", "data"))
    if isinstance(event, str) and isinstance(user, str) and isinstance(data, str):
        return Draft(event, user, data)
    return None
