"""A batch: causes carried out one by one, over what the store holds, to be written in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Set
from typing import Any

from studio.engine.work.drive_monitor import ThreadMonitor
from studio.engine.work.unit_of_work import StoreUnit
from studio.kernel.ports import Part
from studio.kernel.transition import Transition
from studio.kernel.triggers import Routes
from studio.language.commands import Key


class Batch(Transition):
    """The rules at work over SQLite, with what the engine keeps beside them."""

    def __init__(
        self,
        unit: StoreUnit,
        routes: Routes,
        *,
        watch: ThreadMonitor | None = None,
        running: Set[tuple[int, int, Key, int]] = frozenset(),
        ask: bool = False,
    ) -> None:
        self.unit = unit
        self.watch = watch or ThreadMonitor()
        super().__init__(unit, routes, monitor=self.watch, live=self.watch.live, running=running, ask=ask)
        self.lines: list[Any] = []
        """What was logged, for the application's own handlers."""
        self.watch.lines = self.lines
        self.take_backs: list[Callable[[], None]] = []
        """Called, the newest first, should it come to nothing: what it has done outside the store."""
        self.part: Part = "other"
