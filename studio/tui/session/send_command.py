"""An event as the command that sends it, to be pasted into a shell. Pure."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from studio.source.project import STORE, short

DEFAULT_STORE = str(Path(STORE))
MOST_ARGUMENT_BYTES = 100_000
"""Longer arguments are refused by the system; those events go through stdin."""


def send_command(event: str, user: str, data: Mapping[str, Any] | None, store: Path) -> str:
    """`journey-studio send …` for this event, quoted for a POSIX shell."""
    place = "" if short(store) == DEFAULT_STORE else f" --store {shlex.quote(str(store))}"
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
