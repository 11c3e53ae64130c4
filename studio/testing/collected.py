"""What the journeys of tests have gone so far, in this process: `pytest --journey-coverage`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from studio.design.coverage.map_walk import Way
from studio.design.coverage.turns import Went, as_told, read_told
from studio.language.definition import Workflow

Key = tuple[str, str]
"""The file of a workflow, and its name."""


@dataclass(slots=True)
class WorkflowGone:
    """What tests have gone of one workflow."""

    workflow: Workflow | None
    """None where it ran in another process."""
    ways: set[Way] = field(default_factory=set)
    went: set[Went] = field(default_factory=set)
    journeys: int = 0


class Collected:
    """What tests have gone, of all workflows that ran."""

    def __init__(self) -> None:
        self.by_key: dict[Key, WorkflowGone] = {}
        self.problems: dict[str, None] = {}
        """What could not be found out, each once."""

    def take(self, store: str | Path, workflows: Mapping[str, Workflow]) -> None:
        """Take what the journeys of an engine have gone, while its store is still there."""
        from studio.design.coverage.recorded_journeys import gone_in

        gone, problems = gone_in(store, workflows)
        self.problems |= dict.fromkeys(problems)
        for name, each in gone.items():
            key = (str(Path(workflows[name].path).resolve()), name)
            mine = self.by_key.setdefault(key, WorkflowGone(workflows[name]))
            mine.ways |= each.ways
            mine.went |= each.went
            mine.journeys += each.journeys

    def told(self, without: Iterable[Path] = ()) -> dict[str, Any]:
        """As JSON holds it, for the process that reports.

        Args:
            without: files whose workflows are left out.
        """
        left_out = {str(path.resolve()) for path in without}
        return {
            "workflows": [
                {
                    "file": file,
                    "name": name,
                    "ways": [list(way) for way in sorted(each.ways)],
                    "went": [as_told(went) for went in each.went],
                    "journeys": each.journeys,
                }
                for (file, name), each in self.by_key.items()
                if file not in left_out
            ],
            "problems": list(self.problems),
        }

    def add_told(self, told: Mapping[str, Any]) -> None:
        """Add what another process has told."""
        for each in told["workflows"]:
            mine = self.by_key.setdefault((each["file"], each["name"]), WorkflowGone(None))
            mine.ways |= {Way(source, target, caught) for source, target, caught in each["ways"]}
            mine.went |= {read_told(went) for went in each["went"]}
            mine.journeys += each["journeys"]
        self.problems |= dict.fromkeys(told["problems"])


_collected: Collected | None = None


def collect_from_here() -> Collected:
    """Take from here on what tests go."""
    global _collected
    if _collected is None:
        _collected = Collected()
    return _collected


def take(store: str | Path, workflows: Mapping[str, Workflow]) -> None:
    """Take what the journeys of an engine have gone, if anybody asks for it."""
    if _collected is not None:
        _collected.take(store, workflows)
