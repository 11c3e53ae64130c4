"""The person's own editor at a line of a file, as $VISUAL or $EDITOR name it."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from textual.app import App, SuspendNotSupported

from studio.errors import StudioError, WorkflowError
from studio.source.project import short

PLUS = frozenset(
    {"vi", "vim", "nvim", "view", "nano", "pico", "emacs", "emacsclient", "joe", "jed", "ne", "mg"}
)
"""Take `+LINE FILE`, as POSIX says of vi."""
PLUS |= {"micro", "kak", "vis", "mcedit", "gedit", "kakoune"}
COLON = frozenset({"hx", "helix", "subl", "zed", "ee"})
"""Take `FILE:LINE`."""
GOTO = frozenset({"code", "code-insiders", "codium", "cursor", "windsurf"})
"""Take `--goto FILE:LINE`."""


@dataclass(frozen=True, slots=True)
class CursorPlace:
    """A line of a file."""

    path: Path
    line: int | None

    def __str__(self) -> str:
        name = short(self.path)
        return f"{name}:{self.line}" if self.line else name


def place_of(problems: Sequence[WorkflowError]) -> CursorPlace | None:
    """Where the first problem that lies in a file is."""
    for problem in problems:
        path = Path(problem.path)
        if problem.path and path.is_file():
            return CursorPlace(path.absolute(), problem.line)
    return None


def go(app: App[object], place: CursorPlace) -> str:
    """Open the editor there in the place of the studio; gives what is to be said.

    Raises:
        StudioError: the editor cannot be run.
    """
    if app.is_web:
        return f"a browser has no editor: {place} lies on the machine of the studio"
    program = editor()
    if not program:
        app.copy_to_clipboard(f"{place.path}:{place.line}" if place.line else str(place.path))
        return f"copied {place} · with $EDITOR set it is opened"
    before = place.path.stat().st_mtime_ns
    try:
        with app.suspend():
            edit(program, place.path, place.line)
    except SuspendNotSupported:
        return f"this terminal cannot be lent to an editor: {place}"
    if place.path.stat().st_mtime_ns == before:
        return f"{short(place.path)} was not changed"
    return f"{short(place.path)} was changed: it is loaded when the studio starts again"


def editor() -> list[str]:
    """The program and its arguments; empty when none is named.

    Raises:
        StudioError: what is named cannot be read as a command.
    """
    for name in ("VISUAL", "EDITOR"):
        text = os.environ.get(name, "").strip()
        if text:
            try:
                return shlex.split(text)
            except ValueError as error:
                raise StudioError(f"{text!r} is not a command: {error}", where=f"${name}") from None
    return []


def command(program: list[str], path: Path, line: int | None) -> list[str]:
    """What to run to see a line of a file; of an editor that is not known, the file."""
    name = Path(program[0]).name
    if line is None:
        return [*program, str(path)]
    if name in PLUS:
        return [*program, f"+{line}", str(path)]
    if name in COLON:
        return [*program, f"{path}:{line}"]
    if name in GOTO:
        return [*program, "--goto", f"{path}:{line}"]
    return [*program, str(path)]


def edit(program: list[str], path: Path, line: int | None) -> None:
    """Run the editor until it is left. The terminal must be its own meanwhile.

    Raises:
        StudioError: it cannot be run, or it failed.
    """
    run = command(program, path, line)
    # Ctrl+c in the editor is for the editor. (A handler is not inherited, SIG_IGN would be.)
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        code = subprocess.run(run, check=False).returncode
    except OSError as error:
        raise StudioError(f"the editor cannot be run: {error.strerror}", where=run[0]) from error
    finally:
        signal.signal(signal.SIGINT, before)
    if code:
        raise StudioError(f"the editor ended with code {code}", where=run[0])
