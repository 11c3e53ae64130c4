"""Events that `run` takes in from a file or from stdin, and the word that each is durable."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from typing import TYPE_CHECKING

from studio.errors import StudioError
from studio.text.printable import json_line

if TYPE_CHECKING:
    from studio.engine.engine import Engine
    from studio.language.event import Event
    from studio.language.incoming import Incoming

FINISH_SECONDS = 5.0
"""How long events that were handed in may hold up the end, until they are durable and acknowledged."""
HASTE = 0.1
"""The same after ctrl+c."""


class Acknowledgements:
    """Writes a line of JSON for each event that is durable, in their order.

    Args:
        descriptor: where to; the caller's, and left open.
    """

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def write(self, numbers: list[int], events: list[Event]) -> None:
        """Acknowledge events, each with the number of its line.

        Raises:
            BrokenPipeError: nobody reads any more.
            StudioError: it cannot be written.
        """
        text = "".join(
            json_line(
                {
                    "line": number,
                    "id": event.id,
                    "event": event.name,
                    "user": event.user,
                    "seq": event.seq,
                    "duplicate": event.duplicate,
                }
            )
            + "\n"
            for number, event in zip(numbers, events, strict=True)
        )
        left = memoryview(text.encode())
        try:
            while left:
                left = left[os.write(self.descriptor, left) :]
        except BrokenPipeError:
            raise
        except OSError as error:
            raise StudioError(
                f"acknowledgements cannot be written: {error.strerror}", where=f"--acks {self.descriptor}"
            ) from None


class InputReader:
    """Takes events from a file or from stdin into the engine, in a thread: reading may block."""

    def __init__(
        self, engine: Engine, path: str, loop: asyncio.AbstractEventLoop, acks: Acknowledgements | None = None
    ) -> None:
        self._engine = engine
        self._path = path
        self._loop = loop
        self._acks = acks
        self._error: Exception | None = None
        self._lock = threading.Lock()
        """Held from handing events in until they are acknowledged."""
        self._ending = False
        self.done: asyncio.Future[None] = loop.create_future()
        """All is taken in, or reading came to an error."""
        threading.Thread(target=self._read, name="feed", daemon=True).start()

    def finish(self, seconds: float = FINISH_SECONDS) -> None:
        """Take nothing more in; return when what was handed in is acknowledged, or after a while."""
        self._ending = True
        if self._lock.acquire(timeout=seconds):
            self._lock.release()

    async def failed(self) -> None:
        """Ends only when reading came to an error, or nobody reads the acknowledgements."""
        await asyncio.shield(self.done)
        if self._error is None:
            await asyncio.Event().wait()

    def raise_error(self) -> None:
        """Raise what reading came to; that nobody reads the acknowledgements is no error."""
        if self._error is not None and not isinstance(self._error, BrokenPipeError):
            raise self._error

    def _read(self) -> None:
        try:
            self._take()
        except Exception as error:
            self._error = error
        # The loop may be gone: the run ended while a line was waited for.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._tell)

    def _tell(self) -> None:
        if not self.done.done():
            self.done.set_result(None)

    def _take(self) -> None:
        from studio.cli.input_lines import batches, opened
        from studio.events.adapters import parse_line

        start = self._engine.clock.now()
        number = 0
        with opened(self._path) as (descriptor, name):
            for lines in batches(descriptor, name):
                events: list[Incoming] = []
                numbers: list[int] = []
                try:
                    for line in lines:
                        number += 1
                        found = parse_line(line, f"{name}:{number}", start)
                        self._engine.door.check(found, f"{name}:{number}")
                        events += found
                        numbers += [number] * len(found)
                finally:
                    # Up to a line that is wrong, all before it counts.
                    if events:
                        self._hand_in(events, numbers)
                if self._ending:
                    return

    def _hand_in(self, events: list[Incoming], numbers: list[int]) -> None:
        with self._lock:
            if self._ending:
                return
            stored = self._engine.submit(events, patient=True).result()
            if self._acks is not None:
                self._acks.write(numbers, stored)
