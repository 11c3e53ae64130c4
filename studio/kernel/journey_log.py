"""What a journey says while it is driven: its lines of the log, and which of them were said before."""

from __future__ import annotations

from studio.kernel.drive import printable
from studio.kernel.log_limit import Bound
from studio.kernel.ports import UnitOfWork
from studio.kernel.records import Cause
from studio.kernel.state import JourneyState
from studio.language.commands import Place
from studio.language.journey import Journey
from studio.language.kinds import LEVELS

MAX_MESSAGE = 64 * 1024
"""Characters of a log entry."""


class JourneyLog:
    """Takes what the journey says that is driven now."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work
        self._bound = Bound()
        self._current: tuple[JourneyState, Cause] | None = None

    def begin(self, state: JourneyState, cause: Cause) -> None:
        """A drive begins."""
        self._current = (state, cause)
        if self._bound.lines:
            self._bound = Bound()

    def over(self) -> None:
        """It has come to where it ends, or waits."""
        self._current = None

    def write(self, journey: Journey, level: str, message: str, place: Place) -> bool:
        """Write what the driven journey says to its log. False when it has said too much to be written."""
        assert self._current is not None
        state, cause = self._current
        message = printable(message, MAX_MESSAGE)
        if level == "note":
            state.note, state.touched = message, True
        if (taken := self._bound.take(level, message)) is None:
            return False
        kind, message = LEVELS[taken[0]], taken[1]
        work = self._work
        work.append(
            cause.at,
            kind,
            state.user.id,
            state,
            None,
            None,
            work.place_id(place),
            cause.seq,
            message,
            cause.late,
        )
        return True

    def mute_what_was_said(self, state: JourneyState, journey: Journey, since: int = 0) -> None:
        """After `resume` the end of the pass runs once more: it says again only what is new.

        Args:
            since: this batch has no entry of the journey before this seq.
        """
        said: dict[str, int] = {}
        for message in self._work.said(state, since):
            said[message] = said.get(message, 0) + 1
        journey._muted = said
        journey._live = True
        state.resuming = False
