"""A value of a node becomes another, and nothing else does."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from studio.design.editing import change
from studio.design.editing.edit import Edit
from studio.design.editing.fields import REMOVED
from studio.design.outline.flow_reader import read_source
from studio.errors import EditError
from tests.design.editing.support import ROOT, body_of, node, refused, source


def changed(body: str, kind: str, what: str, value: Any, key: str = "") -> str:
    text = source(body)
    return body_of(change(text, node(text, kind), what, value, key=key)).rstrip("\n")


W = "await journey.wait_for"
M = "await journey.message"
S = 'await journey.split("subject", '


@pytest.mark.parametrize(
    ("before", "kind", "what", "value", "after"),
    [
        (f'{W}("a", timeout="6s")', "wait", "timeout", "10s", f'{W}("a", timeout="10s")'),
        (f"{W}('a', timeout='6s')  # why", "wait", "timeout", "10s", f"{W}('a', timeout='10s')  # why"),
        (f'{W}("a", timeout=6)', "wait", "timeout", 7.5, f'{W}("a", timeout=7.5)'),
        (f'{W}("a")', "wait", "timeout", "10s", f'{W}("a", timeout="10s")'),
        (f'{W}("a",)', "wait", "timeout", "10s", f'{W}("a", timeout="10s",)'),
        (f'{W}("a", timeout=None)', "wait", "timeout", "10s", f'{W}("a", timeout="10s")'),
        (
            'await journey.collect("a", quiet="1h")',
            "wait",
            "event",
            "b",
            'await journey.collect("b", quiet="1h")',
        ),
        (f'{W}("a", None, "5s")', "wait", "timeout", "10s", f'{W}("a", None, "10s")'),
        (f'{W}("a", None, "5s")', "wait", "timeout", REMOVED, f'{W}("a", None)'),
        (f'{W}("a", timeout="6s", past=False)', "wait", "timeout", None, f'{W}("a", past=False)'),
        (f'{W}("a", timeout="6s")', "wait", "event", "b/c", f'{W}("b/c", timeout="6s")'),
        (f'{W}(event="a")', "wait", "event", ["b", "c"], f'{W}(event=["b", "c"])'),
        (f'{W}(("a", "b"))', "wait", "event", "c", f'{W}("c")'),
        (f'{W}("a" "b")', "wait", "event", "c", f'{W}("c")'),
        ('await journey.sleep("1h", 3)', "sleep", "duration", "2h", 'await journey.sleep("2h", 3)'),
        ('await journey.step("s", f)', "step", "retries", 3, 'await journey.step("s", f, retries=3)'),
        ('await journey.step("s", f, *x)', "step", "once", True, 'await journey.step("s", f, *x, once=True)'),
        ('await journey.step("s", f, once=True)', "step", "once", False, 'await journey.step("s", f)'),
        ('await journey.step("s", f)', "step", "name", "t", 'await journey.step("t", f)'),
        ('await journey.step("s", f)', "step", "timeout", "1m", 'await journey.step("s", f, timeout="1m")'),
        ('await journey.ingest("e", {})', "ingest", "event", "f", 'await journey.ingest("f", {})'),
        ('journey.log("a", level="debug")', "log", "text", 'é"\n', 'journey.log(\'é"\\n\', level="debug")'),
        ('print("a")', "log", "text", "b", 'print("b")'),
        ('journey.note("a")', "note", "text", "b", 'journey.note("b")'),
        (
            'await journey.collect("a", quiet="1h")',
            "wait",
            "at_most",
            "2h",
            'await journey.collect("a", quiet="1h", at_most="2h")',
        ),
        (
            'await journey.collect("a", quiet="1h", count=5)',
            "wait",
            "quiet",
            None,
            'await journey.collect("a", count=5)',
        ),
        ('await journey.until("09:00")', "until", "time", "10:30", 'await journey.until("10:30")'),
        ('await journey.until("09:00")', "until", "days", 1, 'await journey.until("09:00", days=1)'),
        (f'{M}(email, "day 1", f)', "message", "name", "day 2", f'{M}(email, "day 2", f)'),
        (f'{M}(email, "day 1", f)', "message", "valid_for", "6h", f'{M}(email, "day 1", f, valid_for="6h")'),
        (f'{M}(email, "day 1", f, priority=9)', "message", "priority", 5, f'{M}(email, "day 1", f)'),
        (
            f'{M}(email, "day 1", f)',
            "message",
            "transactional",
            True,
            f'{M}(email, "day 1", f, transactional=True)',
        ),
        (f'{S}{{"a": 50, "b": 50}})', "split", "arms", {"a": 60, "c": 40}, f'{S}{{"a": 60, "c": 40}})'),
        (f'{S}{{"a": 50, "b": 50}})', "split", "arms", {"b": 100}, f'{S}{{"b": 100}})'),
        (f'{S}{{"a": 50, "b": 50}})', "split", "gone", "a", f'{S}{{"a": 50, "b": 50}}, gone="a")'),
        (
            'await journey.wait_any(*[journey.wait_for("a")])',
            "any",
            "timeout",
            "1h",
            'await journey.wait_any(*[journey.wait_for("a")], timeout="1h")',
        ),
    ],
)
def test_an_argument_is_written_as_a_person_would(
    before: str, kind: str, what: str, value: Any, after: str
) -> None:
    assert changed(before, kind, what, value) == after


@pytest.mark.parametrize(
    ("before", "key", "value", "after"),
    [
        ("", "id", 1, ', match={"id": 1}'),
        (", match=None", "id", 1, ', match={"id": 1}'),
        (", match={}", "id", 1, ', match={"id": 1}'),
        (', match={"id": 1}', "id", [True, None, {"a": 1.5}], ', match={"id": [True, None, {"a": 1.5}]}'),
        (", match={'id': 1}", "a.b", "x", ", match={'id': 1, 'a.b': 'x'}"),
        (', match={**user, "id": 1,}', "b", 2, ', match={**user, "id": 1, "b": 2,}'),
        (', match={"id": 1, "b": 2}', "b", REMOVED, ', match={"id": 1}'),
        (', match={"id": 1, "b": 2}', "id", REMOVED, ', match={"b": 2}'),
        (', match={"id": 1}, timeout="1s"', "id", REMOVED, ', timeout="1s"'),
        (', {"id": 1}, "1s"', "id", REMOVED, ', None, "1s"'),
        (', match={"id": 1}', "id", None, ', match={"id": None}'),
    ],
)
def test_keys_of_a_match_are_set_added_and_removed(before: str, key: str, value: Any, after: str) -> None:
    assert changed(f'{W}("a"{before})', "wait", "match", value, key) == f'{W}("a"{after})'


def test_arguments_on_lines_of_their_own_stay_so() -> None:
    before = """
        await journey.wait_for(
            "a",
            match={
                "id": 1,  # the first
            },  # whose
        )
    """
    with_timeout = changed(before, "wait", "timeout", "1h")
    assert with_timeout.splitlines()[4:] == ["    },  # whose", '    timeout="1h",', ")"]
    with_key = changed(before, "wait", "match", 2, "b")
    assert with_key.splitlines()[3:6] == [
        '        "id": 1,  # the first',
        '        "b": 2,',
        "    },  # whose",
    ]


def test_a_line_that_grows_too_long_is_laid_out() -> None:
    long = f'{W}("{"a" * 60}", match={{"id": 1}})'
    assert changed(long, "wait", "timeout", "1h").splitlines() == [
        f"{W}(",
        f'    "{"a" * 60}", match={{"id": 1}}, timeout="1h"',
        ")",
    ]
    assert changed(long, "wait", "match", "b" * 50, "b").splitlines() == [
        f"{W}(",
        f'    "{"a" * 60}",',
        f'    match={{"id": 1, "b": "{"b" * 50}"}},',
        ")",
    ]


@pytest.mark.parametrize(
    ("body", "kind", "what", "value", "why"),
    [
        (f"x = 1\n{W}('a', timeout=x)", "wait", "timeout", "1s", "flow.py:7: the timeout is the variable x"),
        (f"{W}('a', timeout=f'{{x}}s')", "wait", "timeout", "1s", "is put together in f'{x}s'"),
        (f"{W}('a', timeout=2 * x)", "wait", "timeout", None, "flow.py:6: the timeout is computed: 2 * x"),
        (f"{W}('a',\n  timeout=2 * x)", "wait", "timeout", None, "flow.py:7: the timeout"),
        (f"{W}(*x)", "wait", "timeout", "1s", "the timeout may be in *x"),
        (f"{W}('a', **x)", "wait", "timeout", "1s", "the timeout may be in **x"),
        (f"{W}('a', match=x)", "wait", "match", 1, "the match is the variable x"),
        (f"{W}('a', match={{'k': x}})", "wait", "match", 1, "the match for 'k' is the variable x"),
        (f"{W}('a', match={{'k': 1, 'k': 2}})", "wait", "match", 1, "'k' twice"),
        (f"{W}('a', timeout='1s')", "wait", "timeout", "1s", "the timeout is 1s already"),
        (f"{W}('a')", "wait", "timeout", None, "there is no timeout"),
        (f"{W}('a', timeout='1s')", "wait", "timeout", "soon", "not a duration. Write it as"),
        (f"{W}('a', timeout='1s')", "wait", "timeout", "3000y", "more than 1,000 years"),
        (f"{W}('a', timeout='1s')", "wait", "timeout", [], "cannot be written down"),
        (f"{W}('a')", "wait", "event", "", "is empty"),
        (f"{W}('a')", "wait", "event", REMOVED, "cannot be without its event"),
        (f"{W}('a')", "wait", "match", float("nan"), "a match that JSON cannot hold"),
        (f"{W}('a')", "wait", "retries", 3, "but timeout, event, match"),
        (f"{W}(  # the event\n  'a'  # here\n  'b')", "wait", "event", "c", "a comment stands in the event"),
        ("await journey.step('s', f)", "step", "retries", -1, "whole number"),
        ("await journey.step('s', f)", "step", "retries", True, "whole number"),
        ("await journey.step('s', f)", "step", "name", "a\nb", "control character"),
        ("await journey.ingest(e)", "ingest", "event", "b", "the variable e"),
        ("journey.log(f'{x}')", "log", "text", "b", "put together in"),
        ("journey.log('a', x)", "log", "text", "b", "not one plain text"),
        ("journey.log('a')", "log", "text", 3, "is not text"),
        ("journey.note(text='a')", "note", "text", "b", "not one plain text"),
        ("if x:\n    journey.log('a')", "branch", "text", "x", "of a branch cannot be changed"),
    ],
)
def test_what_is_no_plain_edit_is_refused_with_its_line(
    body: str, kind: str, what: str, value: Any, why: str
) -> None:
    text = source(body)
    with pytest.raises(EditError) as raised:
        change(text, node(text, kind), what, value, key="k")
    assert why in refused(raised)
    assert "flow.py:" in refused(raised)


def test_what_a_helper_is_given_is_refused_by_its_name() -> None:
    text = "async def ask(journey, name):\n    await journey.wait_for(name)\n\n" + source(
        "await ask(journey, 'a')"
    )
    with pytest.raises(EditError, match=r"flow\.py:2: the event is what ask\(\) is given as name"):
        change(text, node(text, "wait"), "event", "b")


def test_a_map_of_another_text_is_not_used() -> None:
    text = source(f"{W}('a', timeout='1s')")
    other = source(f"{W}('a', timeout='2s')")
    with pytest.raises(EditError, match="Read the map again"):
        change(other, node(text, "wait"), "timeout", "3s")
    with pytest.raises(EditError, match="SyntaxError"):
        change(text + "(", node(text, "wait"), "timeout", "3s")


def test_a_wait_that_is_used_twice_is_changed_once() -> None:
    text = "async def ask(journey):\n    await journey.wait_for('a', timeout='1s')\n\n\n"
    text += source("await ask(journey)\nawait ask(journey)")
    edit = change(text, node(text, "wait"), "timeout", "2s")
    waits = [each for each in read_source(edit.source, "flow", "flow.py").walk() if each.kind == "wait"]
    assert [each.detail("timeout") for each in waits] == ["2s", "2s"]


def test_characters_that_the_encoding_lacks_are_spelled_out() -> None:
    text = "# coding: latin-1\n" + source("journey.log('a')")
    edit = change(text, node(text, "log"), "text", "é→😀")
    assert r"journey.log('é\u2192\U0001f600')" in edit.source


def test_an_edit_tells_what_it_does() -> None:
    path = ROOT / "workflows" / "onboarding.py"
    text = path.read_text()
    found = read_source(text, "onboarding", str(path))
    wait = next(each for each in found.walk() if each.text == "app/email.verified")
    edit: Edit = change(text, wait, "timeout", "10s")
    assert edit.sentence == "timeout of app/email.verified 6s -> 10s"
    assert (edit.path, edit.line, edit.before) == (str(path), wait.line, text)
    minus, plus = (line for line in edit.diff.splitlines()[2:] if line[0] in "+-")
    assert minus.replace('"6s"', '"10s"')[1:] == plus[1:]
    assert edit.diff.startswith("--- onboarding.py\n+++ onboarding.py\n@@ -33,7 +33,7 @@\n")


def test_what_libcst_would_not_write_back_is_refused() -> None:
    text = source(f"print(1)\n{W}('a', timeout='1s')").replace("    await", "\x0c    await")
    with pytest.raises(EditError, match=r"flow\.py: its spelling would not survive"):
        change(text, node(text, "wait"), "timeout", "2s")


def test_libcst_is_loaded_with_the_first_edit() -> None:
    code = "import sys, studio.design.editing; print('libcst' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert told.stdout == "False\n"


@pytest.mark.parametrize(
    ("body", "kind", "what", "value", "why"),
    [
        ('await journey.collect("a", quiet="1h")', "wait", "quiet", None, "has nothing that ends it"),
        ('await journey.collect("a", count=5)', "wait", "count", 0, "has count=0"),
        ('await journey.until("09:00", on="thu")', "until", "date", "2026-05-01", "another day besides"),
        ('await journey.until("09:00")', "until", "if_past", "skip", "is never past"),
        ('await journey.until("09:00")', "until", "on", "noday", "names no days of the week"),
        ('await journey.until("09:00")', "until", "time", "9", "which is no time of day"),
        (f'{M}(email, "a", f)', "message", "priority", 101, "from 0 to 100"),
        (f'{M}(email, "a", f)', "message", "valid_for", "6x", "valid_for '6x'"),
        (f'{S}{{"a": 50, "b": 50}})', "split", "arms", {"a": 50, "b": 51}, "add up to 101, not to 100"),
        (f'{S}{{"a": 50, "b": 50}})', "split", "gone", "c", "none of its arms. There is a, b"),
        (f"{S}arms)", "split", "arms", {"a": 100}, "the arms is the variable arms"),
    ],
)
def test_what_the_engine_would_refuse_is_refused(
    body: str, kind: str, what: str, value: Any, why: str
) -> None:
    text = source(body)
    with pytest.raises(EditError) as raised:
        change(text, node(text, kind), what, value)
    assert why in refused(raised)
