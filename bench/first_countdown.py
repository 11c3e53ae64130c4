"""From nothing to the first countdown: a wheel, an empty folder, a terminal, and what the welcome says.

    python -m bench.first_countdown
    python -m bench.first_countdown --by venv --json

It is no part of `python -m bench`, since it fetches packages. Measured are
- *cold*: `uvx --from WHEEL journey-studio` with an empty cache, up to the countdown on the screen: what
  somebody waits who has nothing yet (`venv`: `python -m venv`, `pip install WHEEL` and the program);
- *warm*: the same once more in another empty folder, with the cache that is left;
- *installed*: the program alone, several times: up to the welcome, and up to the countdown; and *again* on
  the folder of the first, where a countdown is to be seen at once.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pexpect
import pyte

from bench.checks import BenchError
from bench.fresh import ROOT

ROWS, COLUMNS = 36, 120
LIMIT_SECONDS = 600.0
WELCOME = "No journeys here yet."
EXAMPLE = "⏎ sends this example"
COUNTDOWN = "next user1"
"""In the bar of the clock: whose deadline comes next, with how long it is."""
TIMES = 5
LEFT_OUT = ("COLUMNS", "LINES", "VIRTUAL_ENV", "PYTHONDONTWRITEBYTECODE")
"""Of the environment: what people who start it do not have."""


@dataclass(frozen=True)
class Took:
    """Seconds since a command was begun."""

    what: str
    by: str
    welcome: float | None
    """The welcome stands on the screen; None where there is none."""
    countdown: float


class Terminal:
    """A program in a pseudo-terminal, and what stands on its screen."""

    def __init__(self, command: Sequence[str], folder: Path, environment: dict[str, str]) -> None:
        self._screen = pyte.Screen(COLUMNS, ROWS)
        self._stream = pyte.ByteStream(self._screen)
        self.began = time.perf_counter()
        self._child = pexpect.spawn(
            command[0],
            [*command[1:]],
            cwd=str(folder),
            env={**environment, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"},
            dimensions=(ROWS, COLUMNS),
            timeout=LIMIT_SECONDS,
        )

    @property
    def text(self) -> str:
        """What stands on the screen."""
        return "\n".join(self._screen.display)

    def until(self, text: str) -> float:
        """Wait until a text stands on the screen; gives the seconds since the program was begun.

        Raises:
            BenchError: it does not come, with what stands there.
        """
        while text not in self.text:
            left = LIMIT_SECONDS - (time.perf_counter() - self.began)
            try:
                read: bytes = self._child.read_nonblocking(65536, timeout=max(0.0, left))  # type: ignore[assignment]
                self._stream.feed(read)
            except (pexpect.TIMEOUT, pexpect.EOF):
                raise BenchError(f"{text!r} does not come:\n{self.text}") from None
        return time.perf_counter() - self.began

    def press(self, keys: str) -> None:
        """Press keys."""
        self._child.send(keys)

    def leave(self) -> None:
        """End the program, and wait for it."""
        # Also out of a field.
        self._child.send("\x11")
        try:
            self._child.expect(pexpect.EOF, timeout=10)
        except pexpect.TIMEOUT:
            self._child.terminate(force=True)
        self._child.close()


def first_countdown(
    command: Sequence[str], folder: Path, environment: dict[str, str], began: float | None = None
) -> tuple[float, float]:
    """Do what the welcome says in an empty folder; gives the seconds up to it, and up to the countdown.

    Args:
        began: when what comes before the command was begun, as `time.perf_counter` has it.
    """
    terminal = Terminal(command, folder, environment)
    before = 0.0 if began is None else terminal.began - began
    try:
        welcome = terminal.until(WELCOME)
        terminal.press("\r")
        terminal.until(EXAMPLE)
        terminal.press("\r")
        countdown = terminal.until(COUNTDOWN)
    finally:
        terminal.leave()
    return before + welcome, before + countdown


def build(folder: Path) -> Path:
    """The wheel of this checkout."""
    _run([sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(folder), str(ROOT)])
    (wheel,) = folder.glob("*.whl")
    return wheel


def uv_program(folder: Path) -> Path:
    """uv: the one that is there, else one that is fetched for this."""
    if (found := shutil.which("uv")) is not None:
        return Path(found)
    _run([sys.executable, "-m", "pip", "install", "-q", "--target", str(folder), "uv"])
    return folder / "bin" / "uv"


def environment_of(folder: Path, *, cache: str) -> dict[str, str]:
    """Own settings, and a cache of its own."""
    environment = {name: value for name, value in os.environ.items() if name not in LEFT_OUT}
    environment["XDG_CONFIG_HOME"] = str(folder / "settings")
    for name in ("UV_CACHE_DIR", "PIP_CACHE_DIR", "UV_TOOL_DIR"):
        environment[name] = str(folder / f"{cache}-{name.lower()}")
    if (index := _pip_index()) is not None:
        # uv reads no settings of pip.
        environment.setdefault("UV_INDEX_URL", index)
    return environment


def _pip_index() -> str | None:
    asked = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
    found = subprocess.run(asked, capture_output=True, text=True, check=False)
    return found.stdout.strip() or None


def by_uv(wheel: Path, folder: Path) -> tuple[list[Took], list[str]]:
    """Cold and warm by `uvx`; gives the command of the installed program, too."""
    uv = uv_program(folder / "uv")
    environment = environment_of(folder, cache="uv")
    command = [str(uv), "tool", "run", "--python", sys.executable, "--from", str(wheel), "journey-studio"]
    found = []
    for what in ("cold", "warm"):
        found.append(Took(what, "uvx", *first_countdown(command, _empty(folder, f"uv-{what}"), environment)))
    _run([str(uv), "tool", "install", "-q", "--python", sys.executable, str(wheel)], environment)
    return found, [str(folder / "uv-uv_tool_dir" / "journey-studio" / "bin" / "journey-studio")]


def by_venv(wheel: Path, folder: Path) -> tuple[list[Took], list[str]]:
    """Cold and warm by `python -m venv` and pip."""
    environment = environment_of(folder, cache="venv")
    found, command = [], [""]
    for what in ("cold", "warm"):
        place, began = folder / f"venv-{what}", time.perf_counter()
        _run([sys.executable, "-m", "venv", str(place)])
        python = place / "bin" / "python"
        _run([str(python), "-m", "pip", "install", "-q", str(wheel)], environment)
        command = [str(place / "bin" / "journey-studio")]
        took = first_countdown(command, _empty(folder, f"in-venv-{what}"), environment, began)
        found.append(Took(what, "venv, pip", *took))
    return found, command


WAYS: dict[str, Callable[[Path, Path], tuple[list[Took], list[str]]]] = {"uv": by_uv, "venv": by_venv}


def installed(command: list[str], folder: Path, times: int) -> list[Took]:
    """The program alone: in empty folders, and again where a countdown stands already."""
    environment, starts, again = environment_of(folder, cache="installed"), [], []
    for number in range(times):
        empty = _empty(folder, f"installed-{number}")
        starts.append(first_countdown(command, empty, environment))
        terminal = Terminal(command, empty, environment)
        again.append(terminal.until(COUNTDOWN))
        terminal.leave()
    welcome, countdown = (statistics.median(each) for each in zip(*starts, strict=True))
    return [
        Took("installed", "", welcome, countdown),
        Took("installed, again", "", None, statistics.median(again)),
    ]


def _empty(folder: Path, name: str) -> Path:
    made = folder / name
    made.mkdir()
    return made


def _run(command: list[str], environment: dict[str, str] | None = None) -> None:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchError(f"{' '.join(command)}: {done.stderr.strip()[-2000:]}")


def text(found: list[Took], load: float) -> str:
    """A table, with how busy the machine was."""
    lines = ["| | by | welcome | first countdown |", "|---|---|--:|--:|"]
    for each in found:
        welcome = "" if each.welcome is None else f"{each.welcome:.1f} s"
        lines.append(f"| {each.what} | {each.by} | {welcome} | {each.countdown:.1f} s |")
    return "\n".join([*lines, "", f"Load of the machine before: {load:.1f} of {os.cpu_count()} cores."])


def main(arguments: list[str] | None = None) -> int:
    """Measure, and print the table; gives 1 when something could not be measured."""
    options = argparse.ArgumentParser(prog="python -m bench.first_countdown")
    options.add_argument("--by", choices=sorted(WAYS), default="uv", help="how it is installed")
    options.add_argument("--times", type=int, default=TIMES, help="starts of the installed program")
    options.add_argument("--json", action="store_true")
    given = options.parse_args(arguments)
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="first-countdown-") as name:
        folder = Path(name)
        try:
            found, command = WAYS[given.by](build(folder), folder)
            found += installed(command, folder, given.times)
        except BenchError as error:
            print(error, file=sys.stderr)
            return 1
    if given.json:
        print(json.dumps({"load": load, "took": [asdict(each) for each in found]}, indent=2))
    else:
        print(text(found, load))
    return 0


if __name__ == "__main__":
    sys.exit(main())
