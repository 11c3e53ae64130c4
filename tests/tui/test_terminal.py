"""End to end in a real pseudo-terminal: start, inject, see the countdown, kill -9, start again."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
import threading
import time
from pathlib import Path
from typing import cast

import pexpect
import pyte
import pytest

from studio import Engine
from studio.language.incoming import incoming
from studio.store.inbox import send
from studio.store.views import Views
from tests.sampling import sampled

ROOT = Path(__file__).parents[2]


class Terminal:
    """The command in a pseudo-terminal, and what a person would see."""

    def __init__(
        self,
        store: Path,
        columns: int = 120,
        rows: int = 36,
        options: tuple[str, ...] = (),
        command: tuple[str, ...] = (),
    ) -> None:
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
        # They would win over the size of the terminal.
        environment = {name: value for name, value in environment.items() if name not in ("COLUMNS", "LINES")}
        environment["XDG_CONFIG_HOME"] = str(store.parent / "config")
        words = [
            *("-m", "studio.cli", *command),
            "--workflows",
            str(ROOT / "workflows"),
            "--store",
            str(store),
            *options,
        ]
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self.process = pexpect.spawn(
            sys.executable, words, env=environment, dimensions=(rows, columns), cwd=str(ROOT)
        )

    def look(self, seconds: float = 0.05) -> str:
        """What stands on the screen after a while."""
        end = time.monotonic() + seconds
        while (rest := end - time.monotonic()) > 0:
            try:
                data = cast(bytes, self.process.read_nonblocking(65536, timeout=rest))
            except (pexpect.TIMEOUT, pexpect.EOF):
                break
            # pyte takes the > of "report your version" (CSI > q) for text.
            self._stream.feed(re.sub(rb"\x1b\[[<>=][0-9;]*[a-zA-Z]", b"", data))
        return "\n".join(self.screen.display)

    def until(self, text: str, seconds: float = 60.0) -> str:
        """Wait until this stands on the screen."""
        end = time.monotonic() + seconds
        while text not in (shown := self.look()):
            assert time.monotonic() < end, f"{text!r} does not come:\n{shown}"
            assert self.process.isalive() or text in self.look(0.2), f"it ended:\n{shown}"
        return shown

    def end(self) -> None:
        """Make sure that nothing is left."""
        if self.process.isalive():
            self.process.kill(signal.SIGKILL)
        self.process.close(force=True)


@pytest.mark.xdist_group("terminal")
def test_a_waiting_journey_outlives_kill_9(tmp_path: Path) -> None:
    store = tmp_path / "studio.db"
    first = Terminal(store)
    try:
        first.until("⏎ sends this example")
        first.process.send("\r")
        first.until("sent · started onboarding")
        first.until("waited 1s for account.created")
        shown = first.until("◷ wait app/account.created")
        assert "next user1 account.created ━" in shown
        one = re.search(r"(\d+\.\d)s of ", first.until("s of "))
        first.look(0.4)
        two = re.search(r"(\d+\.\d)s of ", first.until("s of "))
        assert one is not None
        assert two is not None
        assert one[1] != two[1], "the countdown moves"
        first.process.kill(signal.SIGKILL)
        first.process.wait()
    finally:
        first.end()
    second = Terminal(store)
    try:
        shown = second.until("◆ reminder/account.created")
        assert "1 user " in shown
        assert "● app/email.submitted" in second.until("app/email.submitted")
        second.until("waited 2s for account.created")
        second.until("next user1 account.created")
        second.process.send("q")
        begun = time.monotonic()
        second.process.expect(pexpect.EOF, timeout=60)
        second.process.wait()
        assert time.monotonic() - begun < 30
        assert second.process.exitstatus == 0
    finally:
        second.end()


@pytest.mark.xdist_group("terminal")
def test_a_terminal_that_is_told_to_end_ends(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path / "studio.db", 80, 24)
    try:
        terminal.until("⏎ sends this example")
        terminal.process.kill(signal.SIGTERM)
        terminal.process.expect(pexpect.EOF, timeout=60)
        terminal.process.wait()
        assert terminal.process.signalstatus is None, "it left by itself and gave the terminal back"
    finally:
        terminal.end()


@pytest.mark.xdist_group("terminal")
@pytest.mark.parametrize("key", sampled(["q", "\x11"], 2))
def test_quitting_under_a_flood_is_instant_and_loses_nothing(tmp_path: Path, key: str) -> None:
    store = tmp_path / "studio.db"
    terminal = Terminal(store)
    stop = threading.Event()
    sent = 0

    def flood() -> None:
        nonlocal sent
        while not stop.is_set():
            batch = [incoming("app/login", f"user{sent + n}", {"n": n}) for n in range(500)]
            sent += send(store, batch)

    thread = threading.Thread(target=flood)
    try:
        terminal.until("⏎ sends this example")
        terminal.process.send("\x1b")
        terminal.look(0.5)
        thread.start()
        terminal.until("users")
        terminal.look(1.0)
        begun = time.monotonic()
        terminal.process.send(key)
        terminal.process.expect(pexpect.EOF, timeout=60)
        terminal.process.wait()
        assert time.monotonic() - begun < 30
        assert terminal.process.exitstatus == 0
    finally:
        stop.set()
        if thread.ident is not None:
            thread.join(60)
        terminal.end()
    with Engine((), store=store) as engine:
        asyncio.run(engine.run_until_idle())
        with Views(store) as views:
            assert views.totals().events == sent


@pytest.mark.long
@pytest.mark.xdist_group("terminal")
def test_two_studios_on_one_store(tmp_path: Path) -> None:
    store = tmp_path / "studio.db"
    first, second = Terminal(store), None
    try:
        first.until("⏎ sends this example")
        second = Terminal(store)
        second.until(f"VIEWER of pid {first.process.pid}")
        third = Terminal(store, options=("--readonly",))
        try:
            third.until("READ ONLY")
        finally:
            third.end()
    finally:
        first.end()
        if second is not None:
            second.end()
