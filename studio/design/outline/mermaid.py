"""The map as a Mermaid flowchart, for a README or a pull request."""

from __future__ import annotations

from collections.abc import Mapping

from studio.design.outline.flow import drawn, edges
from studio.design.outline.labels import arm_of, remarks, title
from studio.design.outline.map_glyphs import SIGNS, sign
from studio.design.outline.model import Node, Outline
from studio.design.outline.tally import NodeTally
from studio.text.printable import clean, cut

LABEL_CELLS = 80

_SHAPES = {
    "start": ("([", "])"),
    "wait": ("{{", "}}"),
    "any": ("{{", "}}"),
    "all": ("{{", "}}"),
    "branch": ("{", "}"),
    "loop": ("{", "}"),
    "return": ("([", "])"),
    "raise": ("([", "])"),
    "new_pass": ("([", "])"),
}


def mermaid(outline: Outline, counts: Mapping[str, NodeTally] | None = None) -> str:
    """The source of a flowchart."""
    numbers: dict[str, str] = {}
    lines = ["flowchart TD"]
    for node in drawn(outline.nodes):
        numbers[node.id] = f"n{len(numbers) + 1}"
        opened, closed = _SHAPES.get(node.kind, ("[", "]"))
        lines.append(f'    {numbers[node.id]}{opened}"{_label(node, counts)}"{closed}')
    for edge in edges(outline):
        arrow = "-.->" if edge.caught else "-->"
        label = f'|"{_escaped(edge.label)}"|' if edge.label else ""
        lines.append(f"    {numbers[edge.source]} {arrow}{label} {numbers[edge.target]}")
    return "\n".join(lines) + "\n"


def _label(node: Node, counts: Mapping[str, NodeTally] | None) -> str:
    words = [f"{sign(node, SIGNS)[0]} {title(node)}".strip(), *remarks(node)]
    text = "  ".join(_escaped(word) for word in words if word)
    tally = counts.get(node.id) if counts else None
    for side in node.sides if node.kind in ("any", "all") else ():
        for member in side.body:
            more = "  ".join(_escaped(word) for word in (title(member), *remarks(member)) if word)
            text += f"<br/>{sign(member, SIGNS)[0]} {more}"
    for side in node.sides if node.kind == "split" else ():
        drawn = tally.arms.get(arm_of(side.text)) if tally is not None else None
        text += f"<br/>{_escaped(side.text)}" + (f", {drawn:,} drawn" if drawn is not None else "")
    if tally is not None:
        text += f"<br/>{tally.now:,} now, {tally.ever:,} ever"
        if node.kind in ("wait", "any", "all") and tally.left:
            text += f", {tally.percent(tally.matched)}% matched"
    return text


def _escaped(text: str) -> str:
    """Text as it may stand in quotes (mermaid.js.org, flowchart, "Entity codes to escape characters")."""
    shown = cut(clean(text), LABEL_CELLS)
    return "".join(_ENTITIES.get(char, char) for char in shown)


_ENTITIES = {
    "#": "#35;",
    '"': "#quot;",
    "<": "#lt;",
    ">": "#gt;",
    "&": "#amp;",
    "`": "#96;",
    "\\": "#92;",
    "|": "#124;",
    ";": "#59;",
}
