"""What to do about a path that fails because a sample is missing."""

from __future__ import annotations

from typing import Any

from studio.design.explorer.sampled import noting
from studio.design.explorer.samples import Samples
from studio.language.commands import Command, Group, Step

UNKNOWN = ("TypeError", "AttributeError", "KeyError", "IndexError")
"""What is raised by code that works with a result which nobody knows."""


class Hints:
    """What was asked for on a path, and is in no sample."""

    def __init__(self, samples: Samples) -> None:
        self._samples = samples
        self.missed: tuple[str, str] | None = None
        """The field that was asked for last and is not in a sample, and where it was looked for."""
        self.unknown_step: str | None = None
        """The newest step whose result nobody knows."""

    def noting(self, command: Command[Any], value: Any) -> Any:
        """What a step gives, also one in a group, so that it notes what it has not."""
        if isinstance(command, Step):
            return noting(value, self._miss, f"step:{command.name}")
        if isinstance(command, Group) and isinstance(value, list):
            pairs = zip(command.members, value, strict=True)
            return [self.noting(member, each) for member, each in pairs]
        return value

    def _miss(self, field_name: str, source: str) -> None:
        self.missed = (field_name, source)

    def for_failure(self, type: str, text: str) -> str:
        """What to do about a failure; "" when that is not known.

        Args:
            text: type and message.
        """
        if type == "KeyError" and self.missed is not None and repr(self.missed[0].rpartition(".")[2]) in text:
            field_name, source = self.missed
            return f"No sample of {source} has the field {field_name}. {_sample_for(source, field_name)}"
        if type in UNKNOWN and self.unknown_step:
            name = self.unknown_step
            return f'It is not known what the step "{name}" gives. {_sample_for(f"step:{name}", "")}'
        return ""


def _sample_for(source: str, field_name: str) -> str:
    """What to write so that it is there."""
    data = f'{{"{field_name}": …}}' if field_name else "…"
    if source == "the user":
        return f"Give --user '{data}'."
    return f"Give --sample '{source}={data}'."
