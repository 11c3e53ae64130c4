"""Which version of each workflow counts, and the sources of all that counted: what `deploy` raises.

A version is known by the hash of its source and of the author's own modules that it imports. A user's state
says by which versions its journeys wait; a worker that has other files makes what counts of the source.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from studio.kernel.packed import pack, unpack
from studio.language.definition import Workflow

MOST_SOURCES = 200
"""Sources that are kept: of older ones only what counts."""


@dataclass(slots=True)
class Deployed:
    """What counts on a queue."""

    number: int = 0
    """Raised by each deploy; 0: nothing was deployed so far."""
    hashes: dict[str, str] = field(default_factory=dict)
    """The version of each workflow that counts."""
    sources: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By "workflow@hash": `file`, `source`, and `modules` as name, path and text."""

    def packed(self) -> bytes:
        """It as bytes."""
        return pack([self.number, self.hashes, self.sources])

    def deploy(self, hashes: dict[str, str], sources: dict[str, dict[str, Any]]) -> bool:
        """Let other versions count; workflows that are not among them go on with what they have.

        Returns:
            Whether that is another state than before.
        """
        changed = {name: hash for name, hash in hashes.items() if self.hashes.get(name) != hash}
        if not changed:
            return False
        self.number += 1
        self.hashes = {**self.hashes, **hashes}
        for key, source in sources.items():
            # The newest stand last.
            self.sources.pop(key, None)
            self.sources[key] = source
        counting = {f"{name}@{hash}" for name, hash in self.hashes.items()}
        for key in [key for key in self.sources if key not in counting]:
            if len(self.sources) <= MOST_SOURCES:
                break
            del self.sources[key]
        return True


def deployed_from(data: bytes) -> Deployed:
    """What such bytes say."""
    return Deployed(*unpack(data))


def sources_of(workflows: dict[str, Workflow]) -> dict[str, dict[str, Any]]:
    """The sources of workflows, as a deploy brings them."""
    return {
        f"{name}@{workflow.code}": {
            "file": workflow.file,
            "source": workflow.source,
            "modules": [[module.name, module.path, module.text] for module in workflow.modules],
        }
        for name, workflow in workflows.items()
    }
