"""The first workflow file, for whoever starts with none."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from studio.design import scaffold
from studio.errors import NoWorkflows, WorkflowError
from studio.language.definition import Workflow

NAME = "welcome"


def welcome_path(workflows: str) -> Path:
    """Where the file would be written: into the folder, or as the very file that was named."""
    path = Path(workflows)
    return path if path.suffix == ".py" else path / f"{NAME}.py"


def write_welcome(workflows: str) -> Path:
    """Write the file; one that is there already is never touched.

    Raises:
        StudioError: it is there, or it cannot be written.
    """
    path = welcome_path(workflows)
    scaffold.write_new(path, scaffold.source(NAME, NAME))
    return path


def is_first_start(workflows: Mapping[str, Workflow], problems: list[WorkflowError]) -> bool:
    """Whether there is no workflow file at all: neither one that loads nor one that does not."""
    return not workflows and not any(
        problem.line is not None or isinstance(problem, NoWorkflows) or _is_file(problem)
        for problem in problems
    )


def _is_file(problem: WorkflowError) -> bool:
    return Path(problem.path).is_file()
