"""The signs of the map, in the visual language of the screens, and the tone of each."""

from __future__ import annotations

from dataclasses import dataclass

from studio.design.outline.model import Kind, Node


@dataclass(frozen=True, slots=True)
class MapGlyphs:
    """One character for each thing that a map shows; a screen hands in its own."""

    event: str = "●"
    sent: str = "◆"
    matched: str = "◉"
    timeout: str = "┃"
    wait: str = "◷"
    no_limit: str = "∞"
    sleep: str = "☾"
    done: str = "■"
    failed: str = "✗"
    completed: str = "✓"
    again: str = "↻"
    log: str = "›"
    warning: str = "!"
    branch: str = "◇"
    looked: str = "○"
    leave: str = "↓"
    back: str = "←"
    unread: str = "?"
    folded: str = "⋯"


SIGNS = MapGlyphs()

_TONES: dict[Kind, str] = {
    "start": "primary",
    "wait": "warning",
    "any": "warning",
    "all": "warning",
    "sleep": "secondary",
    "until": "secondary",
    "step": "success",
    "ingest": "primary",
    "split": "accent",
    "message": "success",
    "events": "muted",
    "raise": "error",
    "await": "warning",
}


def sign(node: Node, signs: MapGlyphs) -> tuple[str, str]:
    """A node's sign and its tone."""
    if node.kind == "return":
        if node.outcome == "pass":
            return signs.again, "muted"
        return (signs.back, "muted") if node.outcome == "back" else (signs.completed, "success")
    if node.kind == "log" and node.detail("level") in ("warning", "error"):
        return signs.warning, "warning"
    found = {
        "start": signs.event,
        "wait": signs.wait,
        "any": signs.wait,
        "all": signs.wait,
        "sleep": signs.sleep,
        "until": signs.sleep,
        "step": signs.done,
        "ingest": signs.sent,
        "split": signs.branch,
        "message": signs.sent,
        "events": signs.looked,
        "log": signs.log,
        "note": signs.log,
        "new_pass": signs.again,
        "branch": signs.branch,
        "loop": signs.again,
        "call": signs.folded,
        "await": signs.unread,
        "raise": signs.failed,
        "leave": signs.leave,
        "again": signs.again,
    }.get(node.kind, "")
    return found, _TONES.get(node.kind, "muted")
