"""The named pipe of a store, by which whoever has added to its inbox wakes its engine up.

Without one an engine has to look often, and each look wakes a thread up, which costs more than the look.
What is written into it says nothing: the engine looks, and finds what was committed. So nothing is lost
where a pipe cannot be made, or where a sender cannot write into it (another machine, another user): the
engine looks by itself, too.

It stands in a folder of the user's among the temporary files, and not beside the store: whoever copies that
with `cp` would wait for what comes out of it.
"""

from __future__ import annotations

import os
import stat
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from studio.text.private import FILE, FOLDER

REST_SECONDS = 0.03
"""After a wake-up the next is heard no sooner: of a thousand senders not each makes a batch of its own."""
MOST_BYTES = 4_096


def wake_path(store: Path) -> Path:
    """The pipe of a store, which is known by its device and inode: a link to a store is the same store.

    Raises:
        OSError: there is no such store.
    """
    found = store.stat()
    return _folder() / f"{found.st_dev:x}-{found.st_ino:x}.wake"


def _folder() -> Path:
    return Path(tempfile.gettempdir()) / f"journey-studio-{os.getuid()}"


def wake_engine(store: Path) -> None:
    """Have the engine of a store look at its inbox now. Where none listens, nothing happens."""
    if not hasattr(os, "mkfifo"):
        return
    # Not found, or nobody reads from it: no engine runs, or it looks by itself.
    with suppress(OSError):
        pipe = os.open(wake_path(store), os.O_WRONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
        try:
            # Into a file of that name nothing is written.
            if stat.S_ISFIFO(os.fstat(pipe).st_mode):
                os.write(pipe, b"!")
        finally:
            os.close(pipe)


class WakePipe:
    """The engine's end of it, from which a thread of its own reads.

    Args:
        path: where it is made, in a folder that is this user's alone.

    Raises:
        OSError: it cannot be made here.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        folder = path.parent
        folder.mkdir(FOLDER, exist_ok=True)
        # Others may make files there, too.
        owner = folder.lstat()
        if not stat.S_ISDIR(owner.st_mode) or owner.st_uid != os.getuid() or owner.st_mode & 0o077:
            raise PermissionError(f"{folder} is not this user's alone")
        # What an engine left behind that was killed is used again.
        with suppress(FileExistsError):
            os.mkfifo(path, FILE)
        # With a writer of its own, so that the end of another one is not the end of all.
        self._pipe = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
        if not stat.S_ISFIFO(os.fstat(self._pipe).st_mode):
            os.close(self._pipe)
            raise FileExistsError(f"{path} is no named pipe")
        # Of its own, since whoever ends it may not write into what the thread has closed.
        self._end = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def listen(self, ring: Callable[[], None]) -> None:
        """Call `ring` in a thread of its own whenever somebody has written."""
        self._thread = threading.Thread(target=self._listen, args=(ring,), name="journey-wake", daemon=True)
        self._thread.start()

    def _listen(self, ring: Callable[[], None]) -> None:
        while os.read(self._pipe, MOST_BYTES) and not self._closing.is_set():
            ring()
            if self._closing.wait(REST_SECONDS):
                break
        os.close(self._pipe)

    def remove(self) -> None:
        """Take the pipe away, before another engine may make its own there."""
        with suppress(OSError):
            self._path.unlink()

    def close(self) -> None:
        """Listen no more. Waits for nobody."""
        self._closing.set()
        if self._thread is None:
            os.close(self._pipe)
        # Wakes the thread up, which closes what it reads from. A pipe that is full has woken it.
        with suppress(BlockingIOError, BrokenPipeError):
            os.write(self._end, b"!")
        os.close(self._end)


def open_wake_pipe(store: Path) -> WakePipe | None:
    """The pipe of a store, for the engine that has its lock; None where there can be none."""
    if not hasattr(os, "mkfifo"):
        return None
    try:
        return WakePipe(wake_path(store))
    except OSError:
        return None
