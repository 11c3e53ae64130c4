"""Reading a workflow's file to the byte, and writing it so that no moment shows half of it."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import stat
import tempfile
import tokenize
from dataclasses import dataclass

from studio.design.editing.edit import Edit
from studio.errors import EditConflict, EditError


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file as it was read."""

    path: str
    source: str
    """Its text with its line endings. A BOM is kept for the writing, and does not stand here."""
    encoding: str
    digest: str
    """Of its bytes: what tells whether it is still the same."""


def digest(data: bytes) -> str:
    """What the bytes of a file are known by."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def read(path: str) -> SourceFile:
    """Read a file as Python does: in the encoding that it declares.

    Raises:
        EditError: it cannot be read, or not written back to the byte.
    """
    data = read_bytes(path)
    name = os.path.basename(path)
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        source = data.decode(encoding)
        same = source.encode(encoding) == data
    except (SyntaxError, UnicodeError, LookupError) as error:
        raise EditError(f"it is not text in its encoding: {error}", path=name) from None
    if not same:
        raise EditError(
            f"its encoding {encoding} does not give its bytes back", path=name, fix="Edit it by hand."
        )
    return SourceFile(path, source, encoding, digest(data))


def read_bytes(path: str) -> bytes:
    """The bytes of a file.

    Raises:
        EditError: it cannot be read.
    """
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise EditError(f"it cannot be read: {error.strerror}", path=path) from error


def encoded(file: SourceFile, edit: Edit) -> bytes:
    """The bytes that an edit makes of a file.

    Raises:
        EditConflict: the edit was made for another text.
        EditError: the file's encoding lacks a character.
    """
    if edit.before != file.source:
        raise _changed(file.path)
    try:
        return edit.source.encode(file.encoding)
    except UnicodeEncodeError as error:
        raise EditError(
            f"its encoding {file.encoding} has no {error.object[error.start]!r}",
            path=os.path.basename(file.path),
            line=edit.line,
        ) from None


def write(path: str, data: bytes, expected: str) -> None:
    """Replace what is in a file, all at once and durably; a link stays, and what it names is replaced.

    Args:
        expected: the digest of what must be in it now.

    Raises:
        EditConflict: something else is; the file is left alone.
        EditError: it cannot be written; the file is as it was.
    """
    real = os.path.realpath(path)
    folder, name = os.path.split(real)
    part = ""
    try:
        # Beside it: a rename is atomic within one file system. No *.py: nobody is to load it.
        handle, part = tempfile.mkstemp(prefix=f".{name}.", suffix=".part", dir=folder)
        with open(handle, "wb") as file:
            file.write(data)
            _like(file.fileno(), os.stat(real))
            file.flush()
            os.fsync(file.fileno())
        # As late as can be: whoever writes between here and the next line is overwritten.
        if not os.path.exists(real) or digest(read_bytes(real)) != expected:
            raise _changed(path)
        os.replace(part, real)
        part = ""
        _sync(folder)
    except FileNotFoundError as error:
        raise _changed(path) from error
    except OSError as error:
        raise EditError(f"it cannot be written: {error.strerror}", path=path) from error
    finally:
        if part:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(part)


def _changed(path: str) -> EditConflict:
    return EditConflict(
        "the file has changed on disk since it was read, and nothing was written",
        path=os.path.basename(path),
        fix="Read it again, then edit it.",
    )


def _like(handle: int, old: os.stat_result) -> None:
    """Give a new file the mode and, where this user may, the owner of the old."""
    if hasattr(os, "fchown"):
        with contextlib.suppress(PermissionError):
            os.fchown(handle, old.st_uid, old.st_gid)
    # After the owner: changing that takes setuid bits away.
    if hasattr(os, "fchmod"):
        os.fchmod(handle, stat.S_IMODE(old.st_mode))


def _sync(folder: str) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
