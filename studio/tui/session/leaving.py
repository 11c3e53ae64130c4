"""Leaves when the process is told to end, or its terminal is gone, whatever the screen's thread is at.

That thread cannot see to it alone. What it draws goes to the terminal through a short queue, so that a
terminal which takes nothing, stopped or at the end of a dead line, soon holds it up for ever; then it hears
no signal. And a terminal that is closed sends none to a program of another session: reading gives nothing, at
once and for ever. So a thread apart asks the app to leave, and ends the process when it does not. What was
acknowledged is on the disk at any moment.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import termios
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

LEAVE_SECONDS = 5.0
"""In which an app that is asked to leave has left. An engine gets two of them."""
SIGNALS = (signal.SIGTERM, signal.SIGHUP)
HANGUP = select.POLLHUP | select.POLLERR


class Leaving:
    """Watches as long as it is entered; once it was told to leave, until the process ends.

    Args:
        leave: asks the app to leave; called in a thread of its own, when it runs or does not run yet.
        terminal: the file of the terminal; None for none.
    """

    def __init__(self, leave: Callable[[], None], terminal: int | None) -> None:
        self._leave = leave
        self._terminal = terminal
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_write, False)
        self._number = int(signal.SIGHUP)
        self._begun = False
        self._before: dict[int, Any] = {}
        self._modes: list[Any] | None = None

    def __enter__(self) -> Leaving:
        with contextlib.suppress(termios.error):
            self._modes = termios.tcgetattr(self._terminal) if self._terminal is not None else None
        # Not the loop's own, which the loop alone hears: this one is heard where a lock is waited for, too.
        # Signals are the main thread's; a program that opens the studio in another sees to them itself.
        for number in SIGNALS if threading.current_thread() is threading.main_thread() else ():
            self._before[number] = signal.signal(number, self._hear)
        threading.Thread(target=self._watch, name="leaving", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)
        if not self._begun:
            self._wake(b"x")
            os.close(self._wake_write)

    def _hear(self, number: int, _: FrameType | None) -> None:
        self._number = number
        self._wake(b"!")

    def _wake(self, what: bytes) -> None:
        with contextlib.suppress(BlockingIOError):
            os.write(self._wake_write, what)

    def _watch(self) -> None:
        if not self._wait():
            os.close(self._wake_read)
            return
        self._begun = True
        self._leave()
        threading.Event().wait(LEAVE_SECONDS)
        if self._terminal is not None and self._modes is not None:
            with contextlib.suppress(termios.error):
                termios.tcsetattr(self._terminal, termios.TCSANOW, self._modes)
        os._exit(128 + self._number)

    def _wait(self) -> bool:
        """Whether to leave: a signal came, or the terminal is gone. False when it is over."""
        poll = select.poll()
        poll.register(self._wake_read, select.POLLIN)
        if self._terminal is not None:
            # Nothing to read is asked for: that it is gone is told all the same (poll(2)).
            poll.register(self._terminal, 0)
        while True:
            for descriptor, event in poll.poll():
                if descriptor == self._wake_read:
                    return os.read(self._wake_read, 1) == b"!"
                if event & HANGUP:
                    return True
                # Some systems cannot tell it of a terminal.
                poll.unregister(descriptor)


def terminal_of(stream: Any) -> int | None:
    """The file of a stream that is a terminal; None for none."""
    return stream.fileno() if stream is not None and stream.isatty() else None
