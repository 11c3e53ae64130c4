"""One tab: a viewer in a process of its own, which never outlives this one."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable, Sequence

from textual_serve.app_service import AppService
from textual_serve.download_manager import DownloadManager

QUIT_SECONDS = 2.0
"""How long a tab may take to leave by itself."""


class Tab(AppService):
    """A viewer, and the pipes to it.

    It leads a process group, so that ctrl+c at the terminal is for the server alone and so that
    nothing it started is left behind. It holds the reading end of a pipe whose writing end only
    the server has: when the server is gone, however it went, the tab reads the end and leaves.

    Args:
        command: the program and its arguments; the number of the pipe's end is put behind.
        life: the reading end.
    """

    def __init__(
        self,
        command: Sequence[str],
        life: int,
        *,
        write_bytes: Callable[[bytes], Awaitable[None]],
        write_str: Callable[[str], Awaitable[None]],
        close: Callable[[], Awaitable[object]],
        downloads: DownloadManager,
    ) -> None:
        async def end() -> None:
            await close()

        super().__init__(
            " ".join(command),
            write_bytes=write_bytes,
            write_str=write_str,
            close=end,
            download_manager=downloads,
        )
        self._program = [*command, str(life)]
        self._life = life

    async def _open_app_process(self, width: int = 80, height: int = 24) -> Process:
        # Not through a shell, which would stay between us and the process that is to end.
        environment = self._build_environment(width, height)
        # The browser reads UTF-8, whatever the locale here.
        environment |= {"PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1"}
        self._process = process = await asyncio.create_subprocess_exec(
            *self._program,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            env=environment,
            start_new_session=True,
            pass_fds=(self._life,),
        )
        self._stdin = process.stdin
        return process

    async def stop(self) -> None:
        """Ask it to leave; end its whole group when it does not. Calling it again does nothing."""
        task, self._task = self._task, None
        process = self._process
        if task is None or process is None:
            return
        await self._download_manager.cancel_app_downloads(app_service_id=self.app_service_id)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(QUIT_SECONDS):
                await self.send_meta({"type": "quit"})
                await asyncio.shield(process.wait())
        # Its number is not given to another group while one of its members lives.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
