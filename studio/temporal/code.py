"""The workflows of one worker, as turns are driven by them: what counts, of its own files or of a source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from studio.errors import WorkflowError
from studio.kernel.triggers import Routes
from studio.language.definition import Workflow
from studio.language.modules import Module
from studio.source.loader import workflows_of
from studio.temporal.deployed import Deployed


@dataclass(frozen=True, slots=True)
class CodeVersion:
    """What counts since a deploy."""

    number: int
    workflows: dict[str, Workflow]
    hashes: dict[str, str]
    routes: Routes = field(repr=False)


class Code:
    """Workflows by name, with what journeys draw from.

    Args:
        own: those of the worker's own files.
        salt: what random, uuid and idempotency keys are made from: the same for all workers of a namespace.
    """

    def __init__(self, own: Mapping[str, Workflow], salt: str) -> None:
        self.own = dict(own)
        self.salt = salt
        self._made = {(name, workflow.code): workflow for name, workflow in self.own.items()}
        self.counting = self._version(0, {name: workflow.code for name, workflow in self.own.items()})
        """The newest that is known here; before anything was deployed the worker's own files."""

    def take(self, deployed: Deployed) -> None:
        """Something was deployed.

        Raises:
            WorkflowError: a source does not load in this process.
        """
        if deployed.number > self.counting.number:
            for name, hash in deployed.hashes.items():
                if (name, hash) not in self._made:
                    source = deployed.sources[f"{name}@{hash}"]
                    self._made[(name, hash)] = _made_of(name, source)
            self.counting = self._version(deployed.number, deployed.hashes)

    def workflow(self, name: str, hash: str | None) -> Workflow | None:
        """One version of a workflow; that which counts when it is not known here."""
        return self._made.get((name, hash or "")) or self.counting.workflows.get(name)

    @property
    def differs(self) -> list[str]:
        """Workflows of the own files that are not what counts, by name."""
        hashes = self.counting.hashes
        return sorted(name for name, workflow in self.own.items() if hashes.get(name) != workflow.code)

    def _version(self, number: int, hashes: dict[str, str]) -> CodeVersion:
        workflows = {name: self._made[(name, hash)] for name, hash in hashes.items()}
        return CodeVersion(number, workflows, dict(hashes), Routes(workflows))


def _made_of(name: str, source: dict[str, Any]) -> Workflow:
    modules = tuple(Module(*each) for each in source["modules"])
    for found in workflows_of(Path(source["file"]), source["source"], modules):
        if found.name == name:
            return found
    raise WorkflowError(f'there is no workflow "{name}" in the version that counts', path=source["file"])
