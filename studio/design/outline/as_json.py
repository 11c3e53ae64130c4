"""The map as JSON: the nodes with their sides, and the ways between them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from studio.design.outline.flow import edges
from studio.design.outline.model import Node, Outline
from studio.design.outline.tally import NodeTally


def as_json(outline: Outline, counts: Mapping[str, NodeTally] | None = None) -> dict[str, Any]:
    """A value that JSON can hold."""
    return {
        "workflow": outline.name,
        "file": outline.file,
        "line": outline.line,
        "cut": outline.cut,
        "nodes": [_node(node, counts) for node in outline.nodes],
        "edges": [
            {"from": edge.source, "to": edge.target, "label": edge.label, "caught": edge.caught}
            for edge in edges(outline)
        ],
    }


def _node(node: Node, counts: Mapping[str, NodeTally] | None) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": node.id,
        "kind": node.kind,
        "text": node.text,
        "file": node.span.file,
        "line": node.span.line,
        "end_line": node.span.end_line,
        "column": node.span.col,
        "place": node.place,
        "name": node.name,
        "details": [{"name": name, "text": text} for name, text in node.details],
        "outcome": node.outcome or None,
        "ends": node.ends,
        "sides": [
            {
                "kind": side.kind,
                "text": side.text,
                "line": side.line,
                "role": side.role or None,
                "waits": list(side.waits),
                "written": side.written,
                "ends": side.ends,
                "nodes": [_node(each, counts) for each in side.body],
            }
            for side in node.sides
        ],
    }
    tally = counts.get(node.id) if counts is not None else None
    if tally is not None:
        found["counts"] = {
            "now": tally.now,
            "ever": tally.ever,
            "matched": tally.matched,
            "timed_out": tally.timed_out,
            "closed": tally.closed,
            "median_ms": tally.median_ms,
        }
        if tally.arms:
            found["counts"]["arms"] = dict(tally.arms)
    return found
