"""A statement goes, with what is for it alone."""

from __future__ import annotations

import pytest

from studio.design.editing import remove
from studio.errors import EditError
from tests.design.editing.support import body_of, node, refused, source


def left(body: str, kind: str, line: int | None = None) -> str:
    text = source(body)
    return body_of(remove(text, node(text, kind, line))).strip("\n")


def test_a_wait_goes_with_its_timed_out_branch() -> None:
    body = """
        # Why.
        got = await journey.wait_for("a", timeout="1s")  # a second
        if not got:
            n = 1
            journey.log(f"{got} {n}")
            return

            # Left.

        # Next.
        journey.log("b")
    """
    assert left(body, "wait") == '# Why.\n\n# Next.\njourney.log("b")'


def test_a_branch_that_asks_for_more_stays_and_keeps_its_wait() -> None:
    body = 'got = await journey.wait_for("a", timeout="1s")\nif not got and x:\n    journey.log("b")'
    text = source(body)
    with pytest.raises(EditError, match=r"flow\.py:7: got, which line 6 makes, is used here"):
        remove(text, node(text, "wait"))


def test_others_go_alone() -> None:
    assert left('journey.log("a")\nif x:\n    journey.log("b")', "log") == 'if x:\n    journey.log("b")'
    assert left('await journey.sleep("1h")\njourney.log("b")', "sleep") == 'journey.log("b")'
    assert left('n = await journey.step("s", f)\njourney.log("b")', "step") == 'journey.log("b")'
    assert left('x = await journey.ingest("s")\njourney.log("b")', "ingest") == 'journey.log("b")'
    group = (
        'a, b = await journey.wait_any(\n    journey.wait_for("a"),\n    journey.wait_for("b"),\n)\nprint(1)'
    )
    assert left(group, "any") == "print(1)"


def test_an_emptied_block_gets_a_pass() -> None:
    assert (
        left('if x:\n    # why\n    journey.log("b")\nprint(1)', "log")
        == "if x:\n    # why\n    pass\nprint(1)"
    )
    assert left('await journey.wait_for("b")', "wait") == "pass"


@pytest.mark.parametrize(
    ("body", "kind", "why"),
    [
        (
            "got = await journey.wait_for('a')\nprint(1)\nprint(got.first)",
            "wait",
            "flow.py:8: got, which line 6",
        ),
        (
            "got = await journey.wait_for('a')\nif not got:\n    n = 1\n    print(2)\nprint(n)",
            "wait",
            "flow.py:10: n, which",
        ),
        ("got = await journey.wait_for('a')\nif got:\n    print(1)", "wait", "flow.py:7: got"),
        (
            "got = await journey.wait_for('a')\nif not got:\n    print(1)\nelse:\n    print(2)",
            "wait",
            "flow.py:7: got",
        ),
        ("if x:\n    got = await journey.wait_for('a')\nprint(got)", "wait", "flow.py:8: got"),
        ("x.y = await journey.wait_for('a')", "wait", "its result is kept in x.y"),
        ("return await journey.ingest('a')", "ingest", "flow.py:6: its result is used in the same statement"),
        ("x = (await journey.wait_for('a')).first", "wait", "its result is used in the same statement"),
        ("if not await journey.wait_for('a'):\n    print(1)", "wait", "its result is used"),
        ("a, b = await journey.wait_any(journey.wait_for('a'), f)", "wait", "its result is used"),
        ("await journey.step('s', f, await journey.wait_for('a'))", "step", "something else is awaited"),
        ("print(1); print(2)", "log", "several statements"),
        ("if x: print(2)", "log", "it stands on the line"),
        ("return None", "return", "decides how the journey goes on"),
        ("if x:\n    print(2)", "branch", "decides how the journey goes on"),
        ("await journey.new_pass()", "new_pass", "decides how"),
    ],
)
def test_what_something_hangs_on_stays(body: str, kind: str, why: str) -> None:
    text = source(body)
    with pytest.raises(EditError) as raised:
        remove(text, node(text, kind))
    assert why in refused(raised)


def test_it_tells_what_went() -> None:
    text = source('got = await journey.wait_for("a", timeout="1s")\nif not got:\n    return\n\nprint(1)')
    edit = remove(text, node(text, "wait"))
    assert edit.sentence == "wait a and its timed-out branch removed"
    assert edit.source.splitlines()[edit.line - 1] == "    print(1)"
