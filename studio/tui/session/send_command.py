"""An event as the command that sends it, to be pasted into a shell. Pure."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from studio.source.project import STORE, absolute

MOST_ARGUMENT_BYTES = 100_000
"""Longer arguments are refused by the system; those events go through stdin."""


def send_command(
    event: str,
    user: str,
    data: Mapping[str, Any] | None,
    store: Path,
    usual: Path | None = Path(STORE),
    more: Sequence[str] = (),
) -> str:
    """`journey-studio send …` for this event, quoted for a POSIX shell.

    Args:
        usual: the store that the command takes by itself; None names `store` in any case.
        more: further options.
    """
    named = usual is None or absolute(store) != absolute(usual)
    place = f" --store={shlex.quote(str(absolute(store)))}" if named else ""
    place += "".join(f" {shlex.quote(each)}" for each in more)
    text = json.dumps(data, ensure_ascii=False) if data else ""
    if event == "-" or len(text.encode(errors="replace")) > MOST_ARGUMENT_BYTES:
        line = json.dumps({"event": event, "user": user, "data": dict(data or {})}, ensure_ascii=False)
        return f"printf '%s\\n' {shlex.quote(line)} | journey-studio send -{place}"
    name = f"-- {shlex.quote(event)}" if event.startswith("-") else shlex.quote(event)
    # With "=": an id may begin with a dash.
    parts = [f"--user={shlex.quote(user)}", *([f"--data {shlex.quote(text)}"] if text else [])]
    options = " ".join(parts) + place
    return (
        f"journey-studio send {options} {name}"
        if event.startswith("-")
        else f"journey-studio send {name} {options}"
    )
