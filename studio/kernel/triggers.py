"""Which workflows an event concerns by its name, and which of their journeys by its key."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from studio.kernel.matching import MISSING, look_up
from studio.language.definition import Workflow
from studio.text import json_text as jsontext


class Routes:
    """Which workflows an event of a name starts or ends; in order of their names.

    Args:
        paused: names of those that nothing starts now: their goals and exits count all the same.
    """

    def __init__(self, workflows: Mapping[str, Workflow], paused: Collection[str] = ()) -> None:
        self.workflows = dict(sorted(workflows.items()))
        self._starting = {name: each for name, each in self.workflows.items() if name not in paused}
        self._known: dict[str, tuple[list[Workflow], list[Workflow]]] = {}
        self._goals = [each for each in self.workflows.values() if each.goal is not None]

    def asked(self, name: str) -> Workflow | None:
        """The workflow of a name that somebody asks to begin; None when there is none, or it is paused."""
        return self._starting.get(name)

    def goals(self, name: str) -> list[Workflow]:
        """Workflows whose goal it may be."""
        if not self._goals:
            return self._goals
        return [each for each in self._goals if each.goal is not None and each.goal.names.meets(name)]

    def of(self, name: str) -> tuple[list[Workflow], list[Workflow]]:
        """Workflows that end at it, and workflows that it starts."""
        found = self._known.get(name)
        if found is None:
            if len(self._known) > 10_000:
                self._known.clear()
            exits = [w for w in self.workflows.values() if w.exit_on is not None and w.exit_on.meets(name)]
            starts = [w for w in self._starting.values() if w.trigger.meets(name)]
            found = self._known[name] = (exits, starts)
        return found


def key_value(workflow: Workflow, data: Mapping[str, Any]) -> str:
    """The value of a workflow's `key=` field as JSON; null when an event does not carry it."""
    assert workflow.key is not None
    value = look_up(data, workflow.key)
    return "null" if value is MISSING else jsontext.dumps(value)
