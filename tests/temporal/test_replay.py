"""Recorded histories of users' workflows are replayed by the code of today: it stops nobody who waits."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

pytest.importorskip("temporalio", reason="the extra is not installed: pip install 'journey-studio[temporal]'")

from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

from studio.temporal.user_workflow import UserJourneys
from tests.temporal.record import USERS
from tests.temporal.support import HISTORIES

FILES = sorted(HISTORIES.iterdir())


def test_runs_that_go_on_and_that_end_are_among_them() -> None:
    users = {file.name.split("-")[1] for file in FILES}
    assert users == set(USERS)
    assert sum("-flood-" in file.name for file in FILES) > 1


@pytest.mark.parametrize(("user", "has"), [("gus", '"signalName": "driving"'), ("big", '"core_patch"')])
def test_what_came_late_into_the_workflows_code_is_among_them(user: str, has: str) -> None:
    found = [gzip.decompress(file.read_bytes()).decode() for file in FILES if f"-{user}-" in file.name]
    assert any(has in text for text in found)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name.removesuffix(".json.gz"))
async def test_a_recorded_history_is_replayed(file: Path) -> None:
    id = f"user/{file.name.split('-')[1]}"
    history = WorkflowHistory.from_json(id, gzip.decompress(file.read_bytes()).decode())
    replayer = Replayer(workflows=[UserJourneys], workflow_runner=UnsandboxedWorkflowRunner())
    await replayer.replay_workflow(history)
