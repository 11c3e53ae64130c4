"""Maps from source texts, told in short lines."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import dedent

from studio.design.outline.drawing import draw, text_of
from studio.design.outline.flow_reader import read_source
from studio.design.outline.model import Node, Outline


def outline(source: str, function: str = "flow", others: Mapping[str, str] | None = None) -> Outline:
    """The map of a function; `others` are the modules beside it."""
    files = {name: dedent(text) for name, text in (others or {}).items()}

    def resolve(importer: str, name: str, level: int) -> tuple[str, str] | None:
        return (f"{name}.py", files[name]) if name in files else None

    return read_source(dedent(source), function, "flow.py", resolve)


def body(text: str, head: str = "async def flow(journey):") -> Outline:
    """The map of a function of these statements."""
    lines = dedent(text).strip("\n").splitlines()
    return outline("\n".join([head, *(f"    {line}" for line in lines)]) + "\n")


def told(found: Outline) -> list[str]:
    """Each node as "kind text", what stands in sides indented under the side."""
    return _told(found.nodes[1:], "")


def _told(nodes: tuple[Node, ...], lead: str) -> list[str]:
    lines = []
    for node in nodes:
        lines.append(f"{lead}{node.kind} {node.text}".rstrip())
        for side in node.sides:
            if side.body or side.written:
                lines.append(f"{lead}  {side.text or side.kind}" + (f" [{side.role}]" if side.role else ""))
                lines += _told(side.body, lead + "    ")
    return lines


def picture(found: Outline, width: int = 100) -> str:
    """The map as it is drawn, without its first rows."""
    return "\n".join(text_of(draw(found, width)))
