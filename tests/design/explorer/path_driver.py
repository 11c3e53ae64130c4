"""A path of the explorer on which what is told to happen happens, and steps are run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from studio.design.explorer.path import Onlooker, Path
from studio.kernel.transition import Transition
from studio.language.definition import Workflow
from tests.kernel.memory_driver import MemoryDriver


class PathDriver(MemoryDriver):
    """Gives a path the causes that are told: all of them are one batch."""

    def __init__(self, workflows: Iterable[Workflow], at: int, seed: str = "", salt: str = "") -> None:
        workflows = list(workflows)
        super().__init__(workflows, at, seed, salt)
        named = {workflow.name: workflow for workflow in workflows}
        loaded = self.unit.history
        self._stand_on(Path(named, at, seed=seed, salt=salt))
        for name, row in zip(named, loaded, strict=True):
            self.unit.append(row[1], row[2], None, None, self.unit.name_id(name))

    def _stand_on(self, path: Path) -> None:
        self._path = path
        self.unit = path.history
        path.listen()

    def _carry_out(self, cause: Callable[[Transition], Any]) -> None:
        path = self._path
        path.now = self.now
        path.carry_out(cause)
        while path.launches:
            path.step_ends(self._attempt(path.launches[0]))

    def close(self) -> None:
        """Nothing more is carried out."""
        self._path.close()
        super().close()


class ForkingDriver(PathDriver):
    """Leaves its path after each cause, and goes on from there on another."""

    def _carry_out(self, cause: Callable[[Transition], Any]) -> None:
        super()._carry_out(cause)
        left = self._path
        self._stand_on(left.fork(Onlooker()))
        left.close()
