"""What is said of a node in words: the same in every form of the map."""

from __future__ import annotations

from collections import Counter

from studio.design.outline.model import Node, Outline, Side, walk

_NAMED = (
    "past",
    "id",
    "pause",
    "retries",
    "once",
    "user",
    "level",
    "key",
    "gone",
    "if_past",
    "days",
    "priority",
    "valid_for",
    "transactional",
    "quiet",
    "at_most",
    "count",
)
"""Arguments that say nothing without their name."""


def title(node: Node) -> str:
    """What a node is about."""
    if node.kind == "start":
        return "any event" if node.text == "*" else node.text
    if node.kind in ("any", "all"):
        count = str(len(node.sides)) if all(_is_one(side) for side in node.sides) else "several"
        return f"first of {count}" if node.kind == "any" else f"all of {count}"
    if node.kind == "until":
        return f"until {node.text}"
    if node.kind == "note":
        return f"note {node.text}"
    if node.kind == "return":
        return _return(node)
    if node.kind in ("new_pass", "leave", "again"):
        return {"new_pass": "new pass", "leave": "leaves the loop", "again": "next round"}[node.kind]
    if node.kind == "raise":
        return f"raise {node.text}".rstrip()
    if node.kind == "await":
        return f"await {node.text}"
    return node.text


def _is_one(member: Side) -> bool:
    return len(member.body) == 1 and member.body[0].kind not in ("loop", "branch")


def _return(node: Node) -> str:
    if node.outcome == "pass":
        return "next pass"
    if node.outcome == "completed":
        return f"completed {node.text}"
    return f"return {node.text}".rstrip()


def remarks(node: Node) -> list[str]:
    """The arguments of a node that it is told by, the most telling first."""
    if node.kind == "start":
        given = dict(node.details)
        found = ["starts a pass"]
        found += [f"one journey per {given['key']}"] if "key" in given else []
        if "again" in given:
            again = given["again"]
            found.append("again after its end" if again == "True" else f"again {again} after its beginning")
        found += [f"in {given['timezone']}"] if "timezone" in given else []
        found += [f"goal {given['goal']}"] if "goal" in given else []
        found += [f"refuses by {given['refuse']}"] if "refuse" in given else []
        found += [f"holds out {given['holdout']}%"] if "holdout" in given else []
        return found + ([f"exits on {given['exit_on']}"] if "exit_on" in given else [])
    if node.kind == "log":
        return []
    found = []
    for name, text in node.details:
        if name in ("again", "folded", "at") and node.kind == "call":
            found.append(text)
        elif name in _NAMED:
            found.append(f"{name} {text}" if name != "once" else "once")
        else:
            found.append(text)
    if node.kind == "events":
        found.insert(0, "so far")
    return found


def times_drawn(outline: Outline) -> Counter[tuple[str, str]]:
    """How often each place and kind is drawn: more than once where a helper is used again."""
    return Counter((node.place, node.id.split(" ")[1]) for node in outline.walk())


def hidden(sides: tuple[Side, ...]) -> int:
    """How many nodes stand in sides."""
    return sum(1 for side in sides for _ in walk(side.body))


def arm_of(text: str) -> str:
    """The arm that a side of a split is, of its text: "a 50%"."""
    return text.rpartition(" ")[0]
