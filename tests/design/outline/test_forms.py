"""Mermaid, SVG and JSON: whole, escaped, and saying the same as the drawing."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from studio.design.outline.as_json import as_json
from studio.design.outline.drawing import draw
from studio.design.outline.flow import Edge, drawn, edges
from studio.design.outline.flow_reader import read
from studio.design.outline.mermaid import mermaid
from studio.design.outline.model import Outline
from studio.design.outline.svg import svg
from studio.design.outline.tally import NodeTally
from studio.source import loader
from tests.design.outline.support import body

ROOT = Path(__file__).parents[3]
EXAMPLES = {name: read(each) for name, each in loader.load(ROOT / "workflows").workflows.items()}
HOSTILE = body(
    """
    got = await journey.wait_for('a"]; click n1 "x" <b>|`\\\\ \\x1b & # end')
    if got["]"] == '}"' and x < 3:
        journey.log("-->| subgraph")
    for n in range(2):
        try:
            await journey.step("s", f)
        except ValueError:
            break
        finally:
            print("z")
    else:
        raise Stop
    """
)
ALL = {**EXAMPLES, "hostile": HOSTILE}

NODE = re.compile(r'    (n\d+)(\(\[|\{\{|\{|\[)"([^"]*)"(\]\)|\}\}|\}|\])')
EDGE = re.compile(r'    (n\d+) (-->|-\.->)(\|"[^"]*"\|)? (n\d+)')
CLOSES = {"([": "])", "{{": "}}", "{": "}", "[": "]"}


@pytest.mark.parametrize("found", ALL.values(), ids=ALL)
def test_mermaid_is_a_flowchart(found: Outline) -> None:
    first, *lines = mermaid(found).splitlines()
    assert first == "flowchart TD"
    nodes = [match for line in lines if (match := NODE.fullmatch(line))]
    ways = [match for line in lines if (match := EDGE.fullmatch(line))]
    assert len(nodes) + len(ways) == len(lines), "each line is a node or an edge"
    assert all(CLOSES[match[2]] == match[4] for match in nodes)
    ids = [match[1] for match in nodes]
    assert len(set(ids)) == len(ids) == len(list(drawn(found.nodes)))
    assert {id for match in ways for id in (match[1], match[4])} <= set(ids)
    # All but the start are reached.
    assert {match[4] for match in ways} == set(ids[1:])
    entity = re.compile(r"#(?:\d+|quot|lt|gt|amp);")
    for text in [match[3].replace("<br/>", "") for match in nodes] + [match[3] or "" for match in ways]:
        bare = entity.sub("", text).strip("|").strip('"')
        assert not set(bare) & set('"<>&#;|`\\\x1b')


def test_the_ways_of_a_loop_lead_back_and_on() -> None:
    found = body("for n in x:\n    if n:\n        break\n    if m:\n        continue\n    print(n)\nprint(2)")
    short = {node.id: f"{node.kind}:{node.line}" for node in found.walk()}
    ways = {(short[edge.source], short[edge.target], edge.label) for edge in edges(found)}
    assert ways == {
        ("start:1", "loop:2", ""),
        ("loop:2", "branch:3", "each round"),
        ("branch:3", "leave:4", "if n"),
        ("branch:3", "branch:5", "else"),
        ("branch:5", "again:6", "if m"),
        ("branch:5", "log:7", "else"),
        ("again:6", "loop:2", "next round"),
        ("log:7", "loop:2", "next round"),
        ("loop:2", "log:8", "after the last"),
        ("leave:4", "log:8", ""),
        ("log:8", "return:8", ""),
    }


def test_an_exception_leads_to_what_catches_it() -> None:
    found = body("try:\n    print(1)\nexcept ValueError:\n    print(2)\nfinally:\n    print(3)")
    by_line = {node.line: node.id for node in found.walk() if node.kind in ("try", "log")}
    ways = edges(found)
    assert Edge(by_line[2], by_line[5], "except ValueError", True) in ways
    assert Edge(by_line[3], by_line[7]) in ways
    assert Edge(by_line[5], by_line[7]) in ways


@pytest.mark.parametrize("found", ALL.values(), ids=ALL)
def test_svg_shows_every_row(found: Outline) -> None:
    rows = draw(found, 100)
    root = ElementTree.fromstring(svg(rows, f"The journey {found.name}"))
    space = "{http://www.w3.org/2000/svg}"
    texts = [text.text or "" for text in root.iter(f"{space}text")]
    for row in rows:
        for text, tone in row.segments:
            if tone != "faint" and text.strip():
                assert text.strip() in texts
    width = float(root.attrib["width"])
    assert all(float(text.attrib["x"]) < width for text in root.iter(f"{space}text"))


@pytest.mark.parametrize("found", ALL.values(), ids=ALL)
def test_json_holds_every_node_and_way(found: Outline) -> None:
    counts = {found.nodes[1].id: NodeTally(now=2, matched=3, timed_out=1, median_ms=5)}
    whole = json.loads(json.dumps(as_json(found, counts)))

    def ids(nodes: list[dict[str, object]]) -> list[object]:
        return [
            id
            for node in nodes
            for id in (node["id"], *(each for side in node["sides"] for each in ids(side["nodes"])))  # type: ignore[attr-defined]
        ]

    assert ids(whole["nodes"]) == [node.id for node in found.walk()]
    assert len(whole["edges"]) == len(edges(found))
    assert {edge["from"] for edge in whole["edges"]} <= {node.id for node in found.walk()}
    assert whole["nodes"][1]["counts"]["ever"] == 6
    assert "counts" not in whole["nodes"][0]
