"""What the engine's thread is at, for the threads that look at it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from studio.engine.work.log_lines import LogLine
from studio.kernel.drive import Failed
from studio.kernel.live_coroutines import LiveCoroutines
from studio.language.commands import Place
from studio.language.journey import Journey
from studio.text.source_code import SourceFiles


class PendingOutput(Protocol):
    """Takes what is said in one thread."""

    rest: str
    """What was written and has no end yet."""

    def flush(self) -> None:
        """Take that: nothing more comes."""


@dataclass(frozen=True, slots=True)
class EventReading:
    """An event of the inbox that its class is reading."""

    number: int
    """Of its row."""
    name: str
    user: str
    own: object
    """The type that reads it."""


class ThreadMonitor:
    """Which journey is driven at this moment, or which event is read; another thread looks at it."""

    def __init__(self) -> None:
        self.journey: int | None = None
        self.reading: EventReading | None = None
        """The event that is read: what its class does is the author's code, too."""
        self.since = 0.0
        """`time.monotonic()` when its drive, or the reading, began."""
        self.speaker: Journey | None = None
        """Whose log takes what is printed."""
        self.subject: int | None = None
        """The journey that the current cause is about, when that is known beforehand."""
        self.moment = 0
        """The moment of the newest cause."""
        self.fan_out = 0
        """Events sent in answer to events that journeys sent, since time moved or one came from outside."""
        self.longest = 0.0
        """Seconds that the longest drive of the current cause took."""
        self.slowest = ""
        """The text id of the journey that was driven then."""
        self.committing = False
        self.abandoned = False
        """The driving thread hung and was given up; it must not go on when it comes back."""
        self.quarantined: dict[int, Failed] = {}
        """Journeys that never came back from a drive, with how they failed."""
        self.lines: list[LogLine] = []
        """What the present batch has logged, for the application's own handlers."""
        self.listener: PendingOutput | None = None
        """Takes what is said in the driving thread, once somebody listens there (`effects/capture.py`)."""
        self.code = SourceFiles()
        self.live = LiveCoroutines(self)
        """Functions that stand where they wait, until the batch ends."""

    def is_hanging(self, after: float) -> bool:
        """Whether the drive of one journey, or the reading of one event, has lasted for so many seconds."""
        busy = self.journey is not None or self.reading is not None
        return busy and time.monotonic() - self.since >= after

    @contextmanager
    def read(self, reading: EventReading) -> Iterator[None]:
        """An event is read inside."""
        self.since, self.reading = time.monotonic(), reading
        try:
            yield
        finally:
            self.reading = None

    def begin(self, journey: Journey, id: int) -> None:
        """A drive begins: what is said from here on is the journey's."""
        self.since, self.speaker, self.journey = time.monotonic(), journey, id

    def over(self) -> float:
        """The drive has come to where it ends, or waits; gives the seconds that it took."""
        took = time.monotonic() - self.since
        if self.speaker is not None and took > self.longest:
            self.longest, self.slowest = took, self.speaker.id
        if self.listener is not None and self.listener.rest:
            self.listener.flush()
        self.journey = self.speaker = None
        return took

    def hear(self, level: str, message: str, place: Place, line: LogLine | None) -> bool:
        """Take what is printed or logged in the engine's thread: it is the driven journey's."""
        journey = self.speaker
        if journey is None:
            return False
        if journey._live and not journey._closing:
            is_new = journey._say(level, message, place)
            if is_new and line is not None and line.is_wanted:
                self.lines.append(line)
        return True
