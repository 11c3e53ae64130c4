"""Stores for ":memory:": files in memory that go with their engine."""

from __future__ import annotations

import os
import re
import secrets
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from studio.store.beside import CHANGE_SUFFIX, LOCK_SUFFIX, PAUSED_SUFFIX, STOP_SUFFIX

PREFIX = "journey-studio-"
SUFFIXES = ("", "-wal", "-shm", PAUSED_SUFFIX, LOCK_SUFFIX, CHANGE_SUFFIX, STOP_SUFFIX)
FORGOTTEN_SECONDS = 24 * 3600.0
"""A file without a lock beside it is taken for one that is being made, for so long."""


def temporary_store() -> Path:
    """Where a store may be made that goes when its engine stops. Nothing is there yet."""
    return _folder() / f"{PREFIX}{secrets.token_hex(8)}.db"


def remove_store(path: Path) -> None:
    """Delete a store with what lies beside it."""
    for suffix in SUFFIXES:
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def sweep() -> None:
    """Delete what engines that were killed have left in memory. Those that run hold their lock."""
    pattern = re.compile(re.escape(PREFIX) + r"\w+\.db")
    with os.scandir(_folder()) as entries:
        names = {match[0] for entry in entries if (match := pattern.match(entry.name)) and _is_ours(entry)}
    for name in names:
        # Another process may be sweeping, or its engine be ending.
        with suppress(OSError, Timeout):
            _remove_forgotten(_folder() / name)


def _is_ours(entry: os.DirEntry[str]) -> bool:
    """Whether a file belongs to this user. One that has gone meanwhile does not: other engines end."""
    try:
        return entry.stat(follow_symlinks=False).st_uid == os.getuid()
    except FileNotFoundError:
        return False


def _remove_forgotten(path: Path) -> None:
    lock = path.with_name(path.name + LOCK_SUFFIX)
    if lock.exists():
        with FileLock(lock, timeout=0):
            remove_store(path)
    elif time.time() - path.stat().st_mtime > FORGOTTEN_SECONDS:
        remove_store(path)


def _folder() -> Path:
    memory = "/dev/shm"
    return Path(memory) if os.access(memory, os.W_OK) else Path(tempfile.gettempdir())
