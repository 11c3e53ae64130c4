"""How a step's attempt ended in this process."""

from __future__ import annotations

from dataclasses import dataclass, field

from studio.engine.work.log_lines import LogLine
from studio.kernel.records import StepResult


@dataclass(slots=True)
class AttemptResult(StepResult):
    """The result of an attempt that was made here, with what it logged."""

    lines: list[LogLine] = field(default_factory=list)
    """For the application's own handlers."""
