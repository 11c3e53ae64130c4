"""A profile to begin with: written from a workflow's outline, commented, for people to put right."""

from __future__ import annotations

import json

from studio.design.outline.model import Node, Outline
from studio.language.definition import Workflow

USUAL_EVENT = "form.submitted"


def first_profile(workflow: Workflow, outline: Outline) -> str:
    """The text of a profile with all events that the workflow waits for."""
    waits: dict[str, Node] = {}
    for node in outline.walk():
        if node.kind == "wait" and node.name is not None and "*" not in node.name:
            waits.setdefault(node.name, node)
    parts = workflow.trigger.parts
    trigger = next((part for part in parts if "*" not in part), USUAL_EVENT)
    lines = [
        f"# Made-up users for {workflow.name}. Every number here is a guess until you put it right,",
        "# or until --fit takes it from a store.",
        "",
        "[arrivals]",
        f"event = {json.dumps(trigger)}   # with this each of them comes",
        'over = "30d"   # they come evenly over so long',
        'data = {email = "{user}@example.com"}',
        '# user = {timezone = "Europe/Berlin"}   # what is known of each from the start',
    ]
    for name, node in waits.items():
        lines += [
            "",
            f"[events.{json.dumps(name)}]   # waited for in {node.place}",
            "chance = 0.5   # so many of those who come ever do it",
            'p50 = "6h"   # half of them by then',
            'p90 = "3d"   # nine of ten by then',
        ]
    named = {
        node.name: node
        for node in outline.walk()
        if node.kind in ("step", "message") and node.name is not None
    }
    for name, node in named.items():
        event = next(iter(waits), None)
        if event is not None:
            lines += [
                "",
                f"# What {json.dumps(name)} ({node.place}) brings about, each time it is done:",
                f"# [events.{json.dumps(event)}.after.{json.dumps(name)}]",
                "# chance = 0.1",
                '# p50 = "4h"',
                '# p90 = "2d"',
            ]
    return "\n".join([*lines, ""])
