"""What the engine's thread is at, for the threads that look at it."""

from __future__ import annotations

from studio.commands import Place
from studio.engine.drive import Failed
from studio.journey import Journey


class Watch:
    """Which journey is driven at this moment; another thread looks at it."""

    def __init__(self) -> None:
        self.journey: int | None = None
        self.since = 0.0
        """`time.monotonic()` when its drive began."""
        self.speaker: Journey | None = None
        """Whose log takes what is printed."""
        self.subject: int | None = None
        """The journey that the current cause is about, when that is known beforehand."""
        self.moment = 0
        """The moment of the newest cause."""
        self.echoes = 0
        """Events sent in answer to events that journeys sent, since time moved or one came from outside."""
        self.committing = False
        self.abandoned = False
        """The driving thread hung and was given up; it must not go on when it comes back."""
        self.poisoned: dict[int, Failed] = {}
        """Journeys that never came back from a drive, with how they failed."""

    def hear(self, level: str, message: str, place: Place) -> bool:
        """Take what is printed or logged in the engine's thread: it is the driven journey's."""
        journey = self.speaker
        if journey is None:
            return False
        if journey._live and not journey._closing:
            journey._say(level, message, place)
        return True
