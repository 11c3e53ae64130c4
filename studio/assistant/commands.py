"""Commands of the command line, each in a process of its own.

So a tool sees the workflow files as they are now, however often they were edited; and what the author's code
prints, breaks or never ends is not the server's.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from studio.errors import StudioError

SECONDS = 60.0
"""A command that takes longer is ended."""
MOST_CHARS = 60_000
"""Of an answer: an assistant reads no more at once."""


class ProjectCommands:
    """Runs commands in a project's folder.

    Args:
        folder: the project's.
        options: said to each command: where workflows and store are.
    """

    def __init__(self, folder: Path, options: Sequence[str], seconds: float = SECONDS) -> None:
        self._folder = folder
        self._options = list(options)
        self._seconds = seconds

    async def run(self, *words: str, store: Path | None = None, given: str | None = None) -> str:
        """Run a command; gives what it wrote to stdout.

        Args:
            words: name, arguments and options. What came from outside stands behind "--", or is one word with
                its option ("--user=…"), so that it is never taken for an option.
            store: another store than the project's.
            given: to its stdin.

        Raises:
            StudioError: it failed, with its own words; or took too long.
        """
        options = [*self._options, *([] if store is None else [f"--store={store}"])]
        name, *rest = words
        return await self.python("-m", "studio.cli", name, *options, *rest, given=given)

    async def python(self, *words: str, given: str | None = None, fails: bool = True) -> str:
        """Run Python; gives what it wrote.

        Args:
            fails: an exit code other than 0 is an error; else it is told at the end.
        """
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *words,
            cwd=self._folder,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            # A group of its own: what it has started goes with it.
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(self._seconds):
                out, err = await process.communicate(None if given is None else given.encode())
        except TimeoutError:
            raise StudioError(f"it did not end within {self._seconds:g} s, and was stopped") from None
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        said, told = (text.decode(errors="replace") for text in (out, err))
        if process.returncode and fails:
            raise StudioError(told.strip() or said.strip() or f"it ended with {process.returncode}")
        return _bounded("\n".join(part for part in (said.rstrip(), told.strip()) if part))


def _bounded(text: str) -> str:
    if len(text) <= MOST_CHARS:
        return text
    return f"{text[:MOST_CHARS]}\n… {len(text) - MOST_CHARS:,} characters more; ask for less"
