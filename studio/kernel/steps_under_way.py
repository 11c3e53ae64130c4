"""Which steps are being run, and which are to be run once the causes at hand are durable."""

from __future__ import annotations

from collections.abc import Collection, Set

from studio.kernel.records import Launch
from studio.kernel.state import Record
from studio.language.commands import Key


class StepsUnderWay:
    """The steps of one process, as far as the rules must know of them."""

    def __init__(self, running: Set[tuple[int, int, Key, int]]) -> None:
        self._running = running
        """Each as `Launch.which`."""
        self.launches: list[Launch] = []
        """Those that are to run once this is durable."""
        self.relaunch: set[int] = set()
        """Started steps that never ran here: a drive launches them as they stand."""
        self.on_hold: Collection[int] = ()
        """Started steps that wait for a yes."""
        self.charge = 1
        """What a start counts of a step whose process died under it; 0 when something else killed that."""
        self.once_done: dict[tuple[int, str, str, int], Record] = {}
        """Results of `once=True` steps that are not written yet, by journey and key."""

    def is_running(self, journey: int, pass_no: int, key: Key, start: int) -> bool:
        """Whether this start of a step is being run by this process, or will be."""
        if start in self.on_hold or (journey, pass_no, key, start) in self._running:
            return True
        return any(launch.start == start for launch in self.launches)
