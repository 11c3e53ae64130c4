"""Commands as a shell calls them: real processes, real pipes."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from studio.store.views import Views

COMMAND = [sys.executable, "-m", "studio.cli"]
ROOT = Path(__file__).parent.parent.parent

WELCOME = """
from studio import Journey, workflow


@workflow(trigger="signup")
async def welcome(journey: Journey):
    journey.log(f"hello {journey.user.email}")
    activated = await journey.wait_for("activated", timeout="7d")
    if not activated:
        raise RuntimeError("never came back")
    return {"ok": True}
"""


def project(folder: Path) -> Path:
    """A folder with one workflow, as a person has it; gives the folder."""
    (folder / "workflows").mkdir(parents=True)
    (folder / "workflows" / "welcome.py").write_text(WELCOME)
    return folder


def shell(folder: Path, *args: str, stdin: str | bytes | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    given = stdin.encode() if isinstance(stdin, str) else stdin
    done = subprocess.run([*COMMAND, *args], cwd=folder, input=given, capture_output=True, timeout=180)
    return subprocess.CompletedProcess(args, done.returncode, done.stdout.decode(), done.stderr.decode())


def begin(folder: Path, *args: str) -> subprocess.Popen[str]:
    """Start a command that goes on."""
    return subprocess.Popen(
        [*COMMAND, *args],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def until(what: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait for something to come true."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.02)


def kinds(store: Path) -> list[str]:
    """The kinds of all entries of a store."""
    with Views(store) as views:
        return [e.kind for e in views.entries(limit=10_000)]
