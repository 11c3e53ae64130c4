"""Events as clients of Inngest, Segment and CloudEvents send them, empty and null fields included."""

from __future__ import annotations

from pathlib import Path

from studio.errors import EventError
from studio.events.adapters import parse_line

SHAPES = Path(__file__).parent / "sdk-shapes" / "shapes.jsonl"


def test_each_line_is_of_its_user_or_refused_for_what_is_wrong() -> None:
    found = []
    for number, line in enumerate(SHAPES.read_text().splitlines(), 1):
        try:
            found.append([event.user for event in parse_line(line, f"line {number}", 0)])
        except EventError as error:
            found.append([error.what])
    assert found == [
        ["u1"],
        ["u1"],
        ["the field data.user_id is a number and must be text"],
        ["the field ts is 1767225600000.5, and milliseconds since 1970 are read"],
        ["an1"],
        ["u2"],
        ["the field userId is a number and must be text"],
        ["an2"],
        ["the field type is 'Track' and none of track, identify, page, screen, group, alias"],
        ["u3"],
        ["the field data is a list, not an object"],
        ["u4"],
        ["the field subject is missing"],
    ]
