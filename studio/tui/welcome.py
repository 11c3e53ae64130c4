"""The first workflow file, for whoever starts with none."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from studio.definition import Workflow
from studio.errors import StudioError, WorkflowError
from studio.loader import short

NAME = "welcome.py"

TEMPLATE = '''\
"""The first journey: greet who signs up, and ask again when nothing comes of it."""

from studio import Journey, workflow


@workflow(trigger="signup")
async def welcome(journey: Journey):
    await journey.step("send welcome", send_email, journey.user.email, "welcome", retries=3)
    activated = await journey.wait_for("activated", timeout="3d")
    if not activated:
        await journey.step("send reminder", send_email, journey.user.email, "still there?", retries=3)
    return {"activated": bool(activated)}


async def send_email(to: str, text: str):
    print(f"mail to {to}: {text}")  # Here: your mail service.
'''


def welcome_path(workflows: str) -> Path:
    """Where the file would be written: into the folder, or as the very file that was named."""
    path = Path(workflows)
    return path if path.suffix == ".py" else path / NAME


def write_welcome(workflows: str) -> Path:
    """Write the file; one that is there already is never touched.

    Raises:
        StudioError: it is there, or it cannot be written.
    """
    path = welcome_path(workflows)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as opened:
            opened.write(TEMPLATE)
    except FileExistsError:
        raise StudioError("it is there already and was left as it is", where=short(path)) from None
    except OSError as error:
        raise StudioError(f"it cannot be written: {error.strerror}", where=short(path)) from error
    return path


def is_first_start(workflows: Mapping[str, Workflow], problems: list[WorkflowError]) -> bool:
    """Whether there is no workflow file at all: neither one that loads nor one that does not."""
    return not workflows and all(problem.line is None and not _is_file(problem) for problem in problems)


def _is_file(problem: WorkflowError) -> bool:
    return Path(problem.path).is_file()
