"""What holds for every edit of every file: all else stays, and the way back gives the very bytes."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from studio.design.editing import change, files, insert, remove
from studio.design.editing.edit import Edit, lines_of
from studio.design.editing.fields import FIELDS, REMOVED
from studio.design.editing.templates import NewLog, NewReminder, NewSleep, NewStep, NewWait
from studio.design.editing.undo import Edits
from studio.design.outline.flow_reader import read_each, read_source
from studio.design.outline.model import Node
from studio.errors import EditError
from tests.design.editing.odd import FILES
from tests.design.editing.support import ROOT

ALL = FILES | {path.name: path.read_bytes() for path in sorted((ROOT / "workflows").glob("*.py"))}

words = st.text(alphabet="abé/\"'\\{* ", min_size=1, max_size=12)
values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 10**6),
    st.floats(allow_nan=False),
    words,
    st.lists(words, max_size=2),
    st.dictionaries(words, st.integers(), max_size=2),
)
durations = st.sampled_from(["1s", "2h30m", "7d", "0.5s", "soon", 3, 1.5])
matches = st.dictionaries(words, values, max_size=2)
templates = st.one_of(
    st.builds(NewWait, words, st.none() | durations.filter(lambda each: isinstance(each, str)), matches),
    st.builds(NewSleep, durations),
    st.builds(NewReminder, words, matches),
    st.builds(NewStep, words, st.integers(0, 3)),
    st.builds(NewLog, words),
)


def nodes_of(source: str, path: str) -> list[Node]:
    """All nodes of the maps of a file."""
    return [each for outline in read_each(source, path) for each in outline.walk()]


@st.composite
def edits(draw: st.DrawFn) -> tuple[str, Node, str, tuple[Any, ...], dict[str, Any]]:
    """A file, a node of its map and what to do with it."""
    name = draw(st.sampled_from(sorted(ALL)))
    source = files_source(ALL[name])
    node = draw(st.sampled_from(nodes_of(source, "flow.py")))
    act = draw(st.sampled_from(["change", "insert", "remove"]))
    if act == "insert":
        return name, node, act, (draw(st.sampled_from(["before", "after"])), draw(templates)), {}
    if act == "change" and node.kind in FIELDS:
        what = draw(st.sampled_from(FIELDS[node.kind]))
        given_ = durations if what in ("timeout", "duration", "pause") else values
        key = draw(st.sampled_from(["id", "deep", "new"])) if what == "match" else ""
        return name, node, act, (what, draw(given_ | st.just(REMOVED))), {"key": key}
    return name, node, "remove", (), {}


def files_source(data: bytes) -> str:
    """A file's text, as it is read."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "flow.py")
        Path(path).write_bytes(data)
        return files.read(path).source


ACTS: dict[str, Any] = {"change": change, "insert": insert, "remove": remove}


def made(source: str, chosen: tuple[str, Node, str, tuple[Any, ...], dict[str, Any]]) -> Edit | None:
    """An edit; None when it is refused, which is told with its place."""
    _, node, act, arguments, named = chosen
    try:
        edit: Edit = ACTS[act](source, node, *arguments, **named)
    except EditError as error:
        note(str(error))
        told = str(error)
    else:
        return edit
    assert told.startswith("flow.py:")
    return None


@pytest.mark.long
@settings(max_examples=150)
@given(edits())
def test_an_edit_touches_its_statements_alone_and_is_taken_back_to_the_byte(
    chosen: tuple[str, Node, str, tuple[Any, ...], dict[str, Any]],
) -> None:
    name, node, act, arguments, _ = chosen
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "flow.py"
        path.write_bytes(ALL[name])
        file = files.read(str(path))
        edit = made(file.source, chosen)
        if edit is None:
            return
        note(edit.sentence)
        note(edit.diff)
        compile(edit.source, "flow.py", "exec")
        check_lines(node, act, edit)
        check_map(node, act, arguments, edit)
        done = Edits()
        done.apply(file, edit)
        assert files.read(str(path)).source == edit.source
        done.undo(str(path))
        assert path.read_bytes() == ALL[name]


def check_lines(node: Node, act: str, edit: Edit) -> None:
    """All lines but those of the statement are there, in their order, with their very endings."""
    before, after = lines_of(edit.before), lines_of(edit.source)
    assert edit.before.endswith(("\n", "\r")) == edit.source.endswith(("\n", "\r"))
    assert 1 <= edit.line <= len(after)
    # At the end of a file that does not end with a new line, a line gains or loses one.
    bare_before, bare_after = ([line.rstrip("\r\n") for line in each] for each in (before, after))
    if act == "change":
        first, last = node.span.line, node.span.end_line
        assert after[: first - 1] == before[: first - 1]
        rest = len(before) - last
        assert after[len(after) - rest :] == before[last:]
    elif act == "insert":
        assert not Counter(bare_before) - Counter(bare_after)
        left = iter(bare_after)
        assert all(any(line == other for other in left) for line in bare_before)
    else:
        new = Counter(bare_after) - Counter(bare_before)
        assert all(line.strip() == "pass" for line in new.elements())
        left = iter(bare_before)
        kept = [line for line in bare_after if line not in new]
        assert all(any(line == other for other in left) for line in kept)


def check_map(node: Node, act: str, arguments: tuple[Any, ...], edit: Edit) -> None:
    """The map shows what was asked for."""
    before, after = (nodes_of(each, "flow.py") for each in (edit.before, edit.source))
    if act == "change":
        assert [each.kind for each in before] == [each.kind for each in after]
        found = next(each for each in after if (each.kind, each.place) == (node.kind, node.place))
        what, value = arguments
        if what in ("timeout", "retries", "pause", "once") and value not in (REMOVED, None, False):
            assert found.detail(what) == (value.strip() if isinstance(value, str) else repr(value))
    elif act == "insert":
        kinds = {NewWait: "wait", NewSleep: "sleep", NewReminder: "ingest", NewStep: "step", NewLog: "log"}
        kind = kinds[type(arguments[1])]
        assert any(each.kind == kind and each.line == edit.line for each in after if each.line >= edit.line)
    else:
        assert len(after) < len(before)


def accepted(act: Any, *arguments: Any) -> bool:
    """Whether an edit is not refused."""
    try:
        act(*arguments)
    except EditError:
        return False
    return True


@pytest.mark.long
def test_every_odd_file_can_be_edited() -> None:
    """So that the law above is about something: of each file many edits are accepted."""
    counts = {}
    for name, data in ALL.items():
        source = files_source(data)
        nodes = nodes_of(source, "flow.py")
        counts[name] = sum(accepted(insert, source, node, "before", NewSleep("9d")) for node in nodes[:9])
        counts[name] += sum(
            accepted(change, source, each, FIELDS[each.kind][0], "9d")
            for each in nodes
            if each.kind in FIELDS
        )
    assert min(counts.values()) >= 5, counts


def test_the_files_are_workflows() -> None:
    for name, data in FILES.items():
        source = files_source(data)
        assert len(read_source(source, "flow", "flow.py").nodes) > 3, name
