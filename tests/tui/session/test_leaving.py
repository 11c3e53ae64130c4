"""The studio ends when it is told to, or its terminal is gone, though its screen's thread is held up."""

from __future__ import annotations

import asyncio
import os
import pty
import select
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from studio.store.inbox import engine_of
from studio.store.views import Views
from studio.tui.session.leaving import Leaving
from studio.tui.session.reader import Reader, ReaderClosed
from tests.store.build import small

ROOT = Path(__file__).parents[3]

HELD_UP = """
import queue, sys
from studio.tui.session import leaving
leaving.LEAVE_SECONDS = 0.2
terminal = leaving.terminal_of(sys.stdin)
with leaving.Leaving(lambda: print("asked", flush=True), terminal):
    print("held up", flush=True)
    full = queue.Queue(1)
    full.put(1)
    full.put(2)
"""
"""As a terminal that takes nothing holds up the thread that draws."""


def held_up(terminal: int | None = None) -> subprocess.Popen[bytes]:
    stdin = subprocess.DEVNULL if terminal is None else terminal
    process = subprocess.Popen(
        [sys.executable, "-c", HELD_UP], stdin=stdin, stdout=subprocess.PIPE, cwd=ROOT, start_new_session=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"held up\n"
    return process


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_who_is_held_up_ends_all_the_same(number: signal.Signals) -> None:
    process = held_up()
    process.send_signal(number)
    assert process.communicate(timeout=60)[0] == b"asked\n"
    assert process.returncode == 128 + number


def test_a_terminal_that_is_closed_ends_who_is_held_up() -> None:
    ours, theirs = pty.openpty()
    process = held_up(theirs)
    os.close(theirs)
    time.sleep(0.3)
    assert process.poll() is None, "a terminal that is there is no reason"
    os.close(ours)
    assert process.communicate(timeout=60)[0] == b"asked\n"
    assert process.returncode == 128 + signal.SIGHUP


def test_who_leaves_by_itself_is_let_alone() -> None:
    before = signal.getsignal(signal.SIGTERM)
    asked: list[int] = []
    with Leaving(lambda: asked.append(1), None):
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before
    for thread in threading.enumerate():
        if thread.name == "leaving":
            thread.join(60)
    assert asked == []


@pytest.mark.long
@pytest.mark.xdist_group("terminal")
def test_a_studio_whose_terminal_was_closed_under_it_ends_and_lets_the_store_go(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    store = tmp_path / "studio.db"
    # Of another session than the terminal's, as under a program that has detached: no signal comes.
    command = [sys.executable, "-m", "studio.cli", "--workflows", "workflows", "--store", str(store)]
    environment = {**os.environ, "TERM": "xterm-256color", "XDG_CONFIG_HOME": str(tmp_path / "config")}
    process = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=ROOT, env=environment, start_new_session=True
    )
    os.close(theirs)
    try:
        end = time.monotonic() + 60
        while engine_of(store) is None:
            assert time.monotonic() < end, "it does not start"
            if select.select([ours], [], [], 0.1)[0]:
                os.read(ours, 1 << 16)
        os.close(ours)
        process.wait(timeout=60)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    assert engine_of(store) is None


async def test_a_question_that_takes_long_does_not_hold_up_who_leaves(tmp_path: Path) -> None:
    store = small(tmp_path / "studio.db")
    begun = threading.Event()

    def endless(views: Views) -> int:
        begun.set()
        return len(
            views._rows(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
            )
        )

    reader = Reader(store)
    asking = asyncio.create_task(reader.ask(endless))
    await asyncio.to_thread(begun.wait, 30)
    reader.close()
    reader.close()
    with pytest.raises(ReaderClosed):
        await asyncio.wait_for(asking, 60)
    with pytest.raises(ReaderClosed):
        await reader.ask(lambda views: views.last_seq())


async def test_what_was_asked_before_a_reader_retires_is_answered(tmp_path: Path) -> None:
    reader = Reader(small(tmp_path / "studio.db"))
    asked = [asyncio.create_task(reader.ask(lambda views: views.last_seq())) for _ in range(3)]
    await asyncio.sleep(0)
    reader.retire()
    reader.retire()
    first, *others = await asyncio.gather(*asked)
    assert first > 0
    assert others == [first, first]
    reader.close()
