"""The studio in a real pseudo-terminal: how soon it paints, what it holds, how it answers.

Times are taken at the bytes that reach the terminal, not in the program.
"""

from __future__ import annotations

import os
import re
import signal
import sys
import threading
import time
from pathlib import Path
from typing import cast

import pexpect
import psutil

from bench.big_store import make, name_of
from bench.checks import BenchError
from bench.numbers import Numbers, percentile
from studio import Engine, incoming
from studio.store.inbox import send

WORKFLOW = """
from studio import Journey, workflow


@workflow(trigger="signup")
async def reference(journey: Journey):
    activated = await journey.wait_for("activated", timeout=journey.trigger.get("timeout", "7d"))
    journey.log("activated" if activated else "not activated")
    return {"ok": True}
"""
ROWS, COLUMNS = 36, 120
BIG_ROWS, BIG_COLUMNS = 60, 200
FRAME = b"\x1b[?2026h"
"""How a terminal is told that a frame begins (synchronized output)."""
ASKS_FOR_FRAMES = b"\x1b[?2026$p"
HAS_FRAMES = "\x1b[?2026;2$y"
"""The question whether the terminal knows frames, and yes."""
ESCAPE = "\x1b"
KEYS = (("4", "level"), ("1", "order"), ("?", "esc closes"))
"""Keys, and what each shows: two panes, and the help over the whole screen. Esc is none of them: Textual
waits a tenth of a second whether more of a sequence comes."""
SETTLE_SECONDS = 3.0
LIMIT_SECONDS = 30.0


def write_workflow(folder: Path) -> Path:
    """The folder with the one workflow, made."""
    workflows = folder / "workflows"
    workflows.mkdir(exist_ok=True)
    (workflows / "reference.py").write_text(WORKFLOW)
    return workflows


class Screen:
    """The command in a pseudo-terminal; what it writes is kept with its moment."""

    def __init__(self, folder: Path, store: Path, rows: int = ROWS, columns: int = COLUMNS) -> None:
        workflows = write_workflow(folder)
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
        environment = {name: value for name, value in environment.items() if name not in ("COLUMNS", "LINES")}
        self.began = time.perf_counter()
        self._child = pexpect.spawn(
            sys.executable,
            ["-m", "studio.cli", "--workflows", str(workflows), "--store", str(store)],
            env=environment,
            dimensions=(rows, columns),
        )
        # Else pexpect waits 50 ms before it sends.
        self._child.delaybeforesend = None
        self.frames = 0
        self.bytes = 0
        self._tail = b""

    def read(self, seconds: float) -> None:
        """Take what comes for so long."""
        end = time.perf_counter() + seconds
        while (rest := end - time.perf_counter()) > 0:
            self._take(rest)

    def until(self, *texts: str) -> float:
        """Read until each of these texts was written; gives the moment (`time.perf_counter()`).

        Raises:
            BenchError: it did not come.
        """
        missing = {text.encode() for text in texts}
        end = time.perf_counter() + LIMIT_SECONDS
        while missing:
            if (rest := end - time.perf_counter()) <= 0:
                raise BenchError(f"{texts} did not come to the screen")
            seen = self._take(min(rest, 1.0))
            missing = {text for text in missing if text not in seen}
        return time.perf_counter()

    def press(self, key: str) -> float:
        """Press a key; gives the moment."""
        moment = time.perf_counter()
        self._child.send(key)
        return moment

    def cpu_seconds(self) -> float:
        """Time that the process has computed until now, its own and the system's for it."""
        times = psutil.Process(self._child.pid).cpu_times()
        return float(times.user + times.system)

    def rss_mb(self) -> float:
        """Memory that the process holds now."""
        return float(psutil.Process(self._child.pid).memory_info().rss) / 1e6

    def forget(self) -> None:
        """What was written until now is not looked at again."""
        self._tail = b""

    def close(self) -> None:
        """End it, however long a busy machine needs for that."""
        if self._child.isalive():
            self._child.kill(signal.SIGKILL)
            self._child.wait()
        self._child.close()

    def _take(self, seconds: float) -> bytes:
        try:
            data = cast(bytes, self._child.read_nonblocking(65536, timeout=seconds))
        except pexpect.TIMEOUT:
            data = b""
        except pexpect.EOF:
            raise BenchError("the studio ended") from None
        if ASKS_FOR_FRAMES in data:
            self._child.send(HAS_FRAMES)
        self.bytes += len(data)
        self.frames += data.count(FRAME)
        # Colours between the letters are not part of a text.
        plain = re.sub(rb"\x1b\[[0-9;]*m", b"", data)
        self._tail = (self._tail + plain)[-262_144:]
        return self._tail


def opening(folder: Path, users: int) -> Numbers:
    """From the start of the process to the first paint and to the first users, on a store of many."""
    store = folder / "big.db"
    make(store, users, time.time_ns() // 1_000_000 - 3_600_000)
    # Once untimed: compiling the modules and warming the file happen once in a life.
    for _ in range(2):
        screen = Screen(folder, store)
        try:
            painted = screen.until("Users") - screen.began
            filled = screen.until("user-") - screen.began
            screen.read(SETTLE_SECONDS)
            rss = screen.rss_mb()
        finally:
            screen.close()
    return {"first_paint_s": painted, "first_users_s": filled, "rss_mb": rss}


def filtering(folder: Path, users: int, tries: int) -> Numbers:
    """From the last letter of a filter to the first user that it means, on a store of many.

    What is typed stands in the middle of an id, so that no index has it; some of these users are
    among the newest, some are the very first, and all the others are looked through before them.
    """
    store = folder / "filtered.db"
    make(store, users, time.time_ns() // 1_000_000 - 3_600_000)
    screen = Screen(folder, store, BIG_ROWS, BIG_COLUMNS)
    try:
        screen.until("user-")
        screen.read(SETTLE_SECONDS)
        screen.press("1")
        took = []
        # Once untimed: what a filter needs is imported at the first.
        for number in range(tries + 1):
            wanted = name_of(1 + number * (users - 1) // tries)
            screen.press("/")
            screen.read(0.3)
            screen.forget()
            pressed = screen.press(wanted.removeprefix("user-"))
            # In the title of the timeline, which follows the row that is marked.
            took.append(screen.until(f"2 {wanted}") - pressed)
            screen.press(ESCAPE)
            screen.read(1.0)
        return {"first_hit_p50_s": percentile(took[1:], 0.5), "first_hit_max_s": max(took[1:])}
    finally:
        screen.close()


def resting(folder: Path, waits: int, seconds: float) -> Numbers:
    """What the studio computes while nothing happens but that time passes, on a big screen.

    The nearest deadline comes after what is measured, and some thirty more within its minute.
    """
    store = folder / "resting.db"
    with Engine(str(write_workflow(folder)), store=store) as engine:
        events = [
            incoming("signup", f"user{n:04}", {"timeout": f"{int(seconds) + 20 + n // 4}s"})
            for n in range(waits)
        ]
        if events:
            engine.submit(events).result()
    screen = Screen(folder, store, BIG_ROWS, BIG_COLUMNS)
    try:
        screen.until("Users")
        screen.press("3")
        screen.read(SETTLE_SECONDS)
        used, start, screen.bytes, screen.frames = screen.cpu_seconds(), time.perf_counter(), 0, 0
        screen.read(seconds)
        took = time.perf_counter() - start
        return {
            "cpu_percent": (screen.cpu_seconds() - used) / took * 100,
            "bytes_per_s": screen.bytes / took,
            "frames_per_s": screen.frames / took,
        }
    finally:
        screen.close()


def answering(folder: Path, rate: int, presses: int) -> Numbers:
    """Keys, redraws and arrivals while events flow; and what it writes when nothing happens."""
    store = folder / "flood.db"
    screen = Screen(folder, store)
    try:
        screen.until("Users")
        screen.read(SETTLE_SECONDS)
        arrivals = []
        for number in range(presses):
            user = f"n{number:04}"
            start = time.perf_counter()
            send(store, [incoming("visit", user)])
            arrivals.append(screen.until(user) - start)
            screen.read(0.05)
        # Out of the form: there a question mark is a letter.
        for _ in range(2):
            screen.press(ESCAPE)
            screen.read(0.3)
        flood = Flood(store, rate)
        flood.start()
        screen.read(1.0)
        screen.frames, start = 0, time.perf_counter()
        answers = []
        # Once untimed: what a key shows is imported at its first press.
        for _ in range(presses + 1):
            for key, text in KEYS:
                screen.forget()
                pressed = screen.press(key)
                answers.append(screen.until(text) - pressed)
                screen.read(0.1)
            screen.press(ESCAPE)
            screen.read(0.3)
        frames = screen.frames / (time.perf_counter() - start)
        flood.stop()
        screen.read(SETTLE_SECONDS)
        screen.bytes = 0
        screen.read(SETTLE_SECONDS)
        return {
            "arrival_p50_ms": percentile(arrivals, 0.5) * 1e3,
            "arrival_p99_ms": percentile(arrivals, 0.99) * 1e3,
            "key_p50_ms": percentile(answers[len(KEYS) :], 0.5) * 1e3,
            "key_p99_ms": percentile(answers[len(KEYS) :], 0.99) * 1e3,
            "frames_per_s": frames,
            "events_per_s": flood.sent / flood.seconds,
            "idle_bytes_per_s": screen.bytes / SETTLE_SECONDS,
        }
    finally:
        screen.close()


class Flood(threading.Thread):
    """Sends so many events a second from this process."""

    def __init__(self, store: Path, rate: int) -> None:
        super().__init__(daemon=True)
        self._store = store
        self._rate = rate
        self._ended = threading.Event()
        self.sent = 0
        self.seconds = 0.0

    def run(self) -> None:
        start = time.perf_counter()
        while not self._ended.wait(0.05):
            due = int((time.perf_counter() - start) * self._rate) - self.sent
            send(self._store, [incoming("visit", f"user{(self.sent + n) % 1000}") for n in range(due)])
            self.sent += due
        self.seconds = time.perf_counter() - start

    def stop(self) -> None:
        """End it."""
        self._ended.set()
        self.join()
