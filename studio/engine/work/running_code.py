"""Which workflows run: by their names, by the events that concern them, and in which version."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from studio.kernel.triggers import Routes
from studio.language.definition import Workflow


class RunningCode:
    """The workflows of one engine. Changed in the engine's thread alone."""

    def __init__(self, workflows: Mapping[str, Workflow]) -> None:
        self.workflows = dict(workflows)
        self.routes = Routes(self.workflows)
        self.codes: dict[str, int] = {}
        """codes.id of each workflow's running version."""

    def replace(self, workflows: Mapping[str, Workflow]) -> Callable[[], None]:
        """Go over to others; gives what takes that back."""
        before = (self.workflows, self.routes, dict(self.codes))
        self.workflows, self.routes = dict(workflows), Routes(workflows)

        def take_back() -> None:
            self.workflows, self.routes = before[:2]
            self.codes.clear()
            self.codes.update(before[2])

        return take_back
