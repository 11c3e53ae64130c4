"""The picture of the ways: whole, well-formed, and legible."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from studio.reports.flows import Flow
from studio.reports.sankey import HEIGHT, sankey

LABELS = {0: "start", 1: "wait <b>&\x1b[31m", 2: "step greet"}
FLOWS = [
    Flow(0, 1, 10),
    Flow(1, 2, 6),
    Flow(1, "exited", 1),
    Flow(2, "completed", 6),
    Flow(1, "completed", 3),
]


def drawn(flows: list[Flow]) -> ET.Element:
    """The picture, read as XML."""
    return ET.fromstring(sankey(flows, LABELS, "all <of> them"))


def texts(picture: ET.Element) -> list[str]:
    return ["".join(each.itertext()) for each in picture.iter("{http://www.w3.org/2000/svg}text")]


def test_each_node_and_each_end_has_its_name_and_its_journeys() -> None:
    assert texts(drawn(FLOWS)) == [
        *("start 10", r"wait <b>&\x1b[31m 10", "step greet 6"),
        *("completed 9", "exited 1"),
    ]


def test_bands_meet_the_node_that_they_end_at_without_a_gap() -> None:
    bars = list(drawn(FLOWS).iter("{http://www.w3.org/2000/svg}rect"))
    heights = [float(bar.get("height", 0)) for bar in bars]
    assert heights[0] == HEIGHT
    assert heights[3] == 9 * HEIGHT / 10


def test_a_way_that_goes_back_and_one_that_comes_back_to_itself_do_no_harm() -> None:
    picture = drawn([*FLOWS, Flow(2, 1, 2), Flow(2, 2, 1)])
    assert "completed 9" in texts(picture)


def test_a_workflow_with_more_nodes_than_python_allows_calls_is_drawn() -> None:
    chain = [Flow(n, n + 1, 1) for n in range(3_000)]
    assert len(texts(drawn([*chain, Flow(3_000, "inside", 1)]))) == 3_002


def test_nobody_is_an_empty_picture() -> None:
    assert texts(drawn([])) == []
