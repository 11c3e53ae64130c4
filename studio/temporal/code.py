"""The workflows of one worker, as turns are driven by them."""

from __future__ import annotations

from collections.abc import Mapping

from studio.kernel.triggers import Routes
from studio.language.definition import Workflow


class Code:
    """Workflows by name, with what journeys draw from.

    Args:
        salt: what random, uuid and idempotency keys are made from: the same for all workers of a namespace.
    """

    def __init__(self, workflows: Mapping[str, Workflow], salt: str) -> None:
        self.workflows = dict(workflows)
        self.salt = salt
        self.hashes = {name: workflow.code for name, workflow in self.workflows.items()}
        self.routes = Routes(self.workflows)
