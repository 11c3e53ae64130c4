"""A project as a person has it, and pytest run in it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import entry_points
from pathlib import Path

WELCOME = """
from studio import Journey, workflow


def send_mail(to: str, text: str) -> str:
    raise RuntimeError("no mail leaves a test")


@workflow(trigger="signup", exit_on="left")
async def welcome(journey: Journey):
    await journey.step("send welcome", send_mail, journey.user.id, "hello", retries=3)
    for number in (1, 2):
        if await journey.wait_for("activated", timeout="30d"):
            return {"reminders": number - 1}
        journey.log(f"reminder {number}")
        await journey.ingest("reminder/sent", {"number": number})
    return {"reminders": 2}
"""

PASSES_ONE = """
def test_welcome(journeys):
    journeys.stub("send *")
    journeys.send("signup", user="ada")
    assert journeys.journey("ada").waits_for == "activated"


def test_wrong(journeys):
    journeys.stub("send *")
    journeys.send("signup", user="ada")
    assert journeys.logs() == ["never"]
"""

PLUGIN = ("-p", "studio.testing")
AS_INSTALLED = (
    () if entry_points(group="pytest11", name="studio.testing") else ("-p", "journey_studio.pytest_plugin")
)
"""The plugin that is found by itself where it is installed."""

# As a project has it that takes warnings for errors.
INI = """
[pytest]
filterwarnings = error
asyncio_default_fixture_loop_scope = function
"""


def project(folder: Path) -> Path:
    """A folder with a workflow and a place for tests."""
    (folder / "workflows").mkdir()
    (folder / "workflows" / "welcome.py").write_text(WELCOME)
    (folder / "tests" / "journeys").mkdir(parents=True)
    (folder / "pytest.ini").write_text(INI)
    return folder


def run_pytest(folder: Path, *arguments: str, plugin: Sequence[str] = PLUGIN) -> tuple[int, str]:
    """Exit code and output of pytest in a folder. The plugin is named, since it may not be installed."""
    command = [sys.executable, "-m", "pytest", *plugin, "-p", "no:cacheprovider", *arguments]
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8", "COLUMNS": "120"}
    done = subprocess.run(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120
    )
    return done.returncode, done.stdout.decode()
