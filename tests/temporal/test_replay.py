"""Recorded histories of users' workflows are replayed by the code of today: it stops nobody who waits."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

pytest.importorskip("temporalio", reason="the extra is not installed: pip install 'journey-studio[temporal]'")

from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

from studio.temporal.user_workflow import UserJourneys
from tests.temporal.support import HISTORIES

FILES = sorted(HISTORIES.iterdir())


def test_runs_that_go_on_and_that_end_are_among_them() -> None:
    users = {file.name.split("-")[1] for file in FILES}
    assert users == {"ada", "bob", "crm", "eve", "flood"}
    assert sum("-flood-" in file.name for file in FILES) > 1


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name.removesuffix(".json.gz"))
async def test_a_recorded_history_is_replayed(file: Path) -> None:
    id = f"user/{file.name.split('-')[1]}"
    history = WorkflowHistory.from_json(id, gzip.decompress(file.read_bytes()).decode())
    replayer = Replayer(workflows=[UserJourneys], workflow_runner=UnsandboxedWorkflowRunner())
    await replayer.replay_workflow(history)
