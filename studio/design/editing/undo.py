"""Edits that were written, and taking them back: newest first, each file by itself."""

from __future__ import annotations

import os
from collections import deque
from dataclasses import dataclass

from studio.design.editing import files
from studio.design.editing.edit import Edit
from studio.design.editing.files import SourceFile
from studio.errors import EditConflict, EditError

KEPT = 100
"""Edits of one file that can be taken back."""


@dataclass(frozen=True, slots=True)
class Done:
    """An edit that was written."""

    sentence: str
    line: int
    before: bytes
    after: str
    """Digest of what it made of the file."""


class Edits:
    """Writes edits, and remembers what was there before."""

    def __init__(self) -> None:
        self._done: dict[str, deque[Done]] = {}

    def apply(self, file: SourceFile, edit: Edit) -> SourceFile:
        """Write an edit to the file that it was made for; gives the file as it is now.

        Raises:
            EditConflict: the file has changed since it was read; it is left alone.
            EditError: it cannot be written; it is as it was.
        """
        data = files.encoded(file, edit)
        before = files.read_bytes(file.path)
        files.write(file.path, data, file.digest)
        done = self._done.setdefault(os.path.realpath(file.path), deque(maxlen=KEPT))
        done.append(Done(edit.sentence, edit.line, before, files.digest(data)))
        return SourceFile(file.path, edit.source, file.encoding, files.digest(data))

    def last(self, path: str) -> Done | None:
        """What `undo` would take back."""
        done = self._done.get(os.path.realpath(path))
        return done[-1] if done else None

    def undo(self, path: str) -> Done:
        """Give a file back as it was before its last edit, byte for byte; gives that edit.

        Raises:
            EditConflict: the file has changed on disk since; nothing is done.
            EditError: there is no edit to undo, or the file cannot be written.
        """
        done = self.last(path)
        if done is None:
            raise EditError("there is no edit to undo", path=os.path.basename(path))
        try:
            files.write(path, done.before, done.after)
        except EditConflict:
            raise EditConflict(
                f"the file has changed on disk since {done.sentence!r}, so it cannot be undone",
                path=os.path.basename(path),
                line=done.line,
            ) from None
        self._done[os.path.realpath(path)].pop()
        return done
