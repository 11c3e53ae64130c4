"""Functions that stand where they wait, while the batch runs in which they were driven.

Driving a journey from its top at every cause makes a long pass cost the square of its length. So
from its second drive in a batch on, a journey's function is not closed where it blocks: it
stands there, with what its drive knew, and the next cause drives it on. The first drive is closed
at once, which finds code that does not let itself be left (DESIGN rule 14).

This is the driver's, and no state of the rules: whatever stands here may be closed at any moment, and
the next drive begins at the top and comes to the same. So it is at the end of each batch, however that ends.
"""

from __future__ import annotations

from studio.kernel.drive import Failed, SuspendedCoroutine
from studio.kernel.ports import DriveMonitor
from studio.kernel.records import Cause
from studio.kernel.resolver import CommandResolver
from studio.kernel.state import JourneyState
from studio.language.journey import Journey


class LiveCoroutine(SuspendedCoroutine):
    """A journey whose function stands where it waits, or is driven to be left standing."""

    __slots__ = ("cause", "journey", "resolver", "state")

    def __init__(self, state: JourneyState) -> None:
        SuspendedCoroutine.__init__(self)
        self.state = state
        self.journey: Journey
        """What the function was given: it knows the position, and how many commands there were."""
        self.resolver: CommandResolver
        self.cause: Cause
        """Of the newest drive."""


class LiveCoroutines:
    """The functions of one engine's thread that stand. A batch that begins finds none."""

    def __init__(self, monitor: DriveMonitor) -> None:
        self._monitor = monitor
        self._driven: set[int] = set()
        """Journeys that were driven in this batch."""
        self._stands: dict[int, LiveCoroutine] = {}
        """Those that stand; one that is driven just now is not among them."""
        self.stands_at_steps = False
        """Also where a step was launched, since no step is called with what the function gave it."""
        self.replays = False
        """Begin each drive at the top: what is not deterministic shows at once."""

    def stand(self, state: JourneyState) -> LiveCoroutine | None:
        """Where a journey that is driven stands, or is left standing; None to close it where it blocks."""
        id = state.id
        if id not in self._driven:
            self._driven.add(id)
            return None
        if self.replays:
            return None
        return self._stands.pop(id, None) or LiveCoroutine(state)

    def keep(self, stand: LiveCoroutine) -> None:
        """It was driven, and stands where it waits."""
        self._stands[stand.state.id] = stand

    def standing(self) -> list[LiveCoroutine]:
        """All that stand, in the order in which they came there."""
        return list(self._stands.values())

    def any_other(self, journey: int) -> bool:
        """Whether the function of another journey stands. Asked from any thread."""
        return any(id != journey for id in list(self._stands))

    def leave(self, state: JourneyState) -> Failed | None:
        """Close a journey's function, if it stands; gives how it failed that would not be left."""
        stand = self._stands.pop(state.id, None)
        if stand is None:
            return None
        workflow, monitor = state.workflow, self._monitor
        assert workflow is not None
        # Blocks that it leaves are its own code: what they print is mute, and one may hang.
        monitor.begin(stand.journey, state.id)
        failed = stand.leave(stand.journey, workflow, monitor.code)
        monitor.over()
        return failed

    def inherit(self, other: LiveCoroutines) -> None:
        """Take over what stands in a thread that was given up and may never come back: to be closed here."""
        other._stands, self._stands = {}, other._stands

    def end(self) -> None:
        """The batch is over, or has come to nothing: what still stands is closed, and says nothing."""
        for stand in self.standing():
            self.leave(stand.state)
        self._driven.clear()
