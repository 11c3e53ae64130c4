"""Which workflows run: by their names, by the events that concern them, and in which version."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from studio.kernel.triggers import Routes
from studio.language.definition import Workflow


class RunningCode:
    """The workflows of one engine. Changed in the engine's thread alone."""

    def __init__(self, workflows: Mapping[str, Workflow]) -> None:
        self.workflows = dict(workflows)
        """All that are loaded."""
        self.paused: frozenset[str] = frozenset()
        """Names of those that are paused; also of some that are not loaded."""
        self.codes: dict[str, int] = {}
        """codes.id of each workflow's running version."""
        self._sort()

    def _sort(self) -> None:
        self.active = {name: each for name, each in self.workflows.items() if name not in self.paused}
        """Those by which journeys are driven."""
        self.standing = {name: each for name, each in self.workflows.items() if name in self.paused}
        """Those that are paused."""
        self.routes = Routes(self.workflows, self.paused)

    def pause(self, names: Collection[str]) -> None:
        """Let these stand still, and no others."""
        self.paused = frozenset(names)
        self._sort()

    def replace(self, workflows: Mapping[str, Workflow]) -> Callable[[], None]:
        """Go over to others; gives what takes that back."""
        before = (self.workflows, dict(self.codes))
        self.workflows = dict(workflows)
        self._sort()

        def take_back() -> None:
            self.workflows = before[0]
            self._sort()
            self.codes.clear()
            self.codes.update(before[1])

        return take_back
