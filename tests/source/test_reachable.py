"""Workflows wherever a file keeps them: found, or told."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from studio.errors import NoWorkflows
from studio.source.loader import Loaded, load

HEAD = """
from collections import ChainMap, OrderedDict, UserDict, defaultdict, deque, namedtuple
from dataclasses import dataclass
from enum import Enum
from functools import partial
from types import MappingProxyType, SimpleNamespace

from studio import Journey, workflow


def make(name):
    @workflow(trigger="a", name=name)
    async def made(journey: Journey):
        return {"from": name}

    return made


"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    place = tmp_path / "workflows"
    place.mkdir()
    return place


def written(folder: Path, body: str, name: str = "w.py") -> Loaded:
    (folder / name).write_text(HEAD + dedent(body))
    return load(folder)


LINE = HEAD.count("\n") + 1


BODIES = """
one = make("one")
---
ALL = [make("one")]
---
ALL = (make("one"), 2)
---
ALL = {make("one")}
---
ALL = deque([make("one")])
---
ALL = {"x": {"y": [make("one")]}}
---
ALL = OrderedDict(a=make("one"))
---
ALL = defaultdict(list, a=[make("one")])
---
ALL = UserDict(a=make("one"))
---
ALL = ChainMap({}, {"a": make("one")})
---
ALL = MappingProxyType({"a": make("one")})
---
ALL = SimpleNamespace(one=make("one"))
---
ALL = namedtuple("All", "one")(make("one"))
---
class All:
    one = make("one")
---
class All:
    class Inner:
        one = make("one")
---
class All:
    @workflow(trigger="a")
    async def one(journey):
        return 1
---
class All:
    def __init__(self):
        self.kept = [make("one")]

ALL = All()
---
class All:
    __slots__ = ("kept", "never")

    def __init__(self):
        self.kept = make("one")

ALL = All()
---
class All(list):
    def __iter__(self):
        raise RuntimeError("no")

ALL = All([make("one")])
---
class All(dict):
    def values(self):
        raise RuntimeError("no")

ALL = All(a=make("one"))
---
@dataclass(frozen=True, slots=True)
class All:
    one: object

ALL = All(make("one"))
---
class All(Enum):
    ONE = (make("one"),)
---
class Kept:
    async def one(self, journey):
        return 1

one = workflow(trigger="a")(Kept().one)
---
async def both(journey, *, x):
    return x

one = workflow(trigger="a", name="one")(partial(both, x=1))
---
async def one(journey, x):
    return x

flow = workflow(trigger="a")(partial(one, x=1))
"""


@pytest.mark.parametrize("body", BODIES.split("---\n"))
def test_it_is_found(folder: Path, body: str) -> None:
    loaded = written(folder, body)
    assert loaded.problems == []
    assert list(loaded.workflows) == ["one"]
    assert loaded.workflows["one"].file == str(folder / "w.py")


def test_what_the_authors_classes_do_is_not_called(folder: Path) -> None:
    loaded = written(
        folder,
        """
        class Strange:
            one = make("one")

            def __getattribute__(self, name):
                raise RuntimeError("touched")

            def __eq__(self, other):
                raise RuntimeError("compared")

            __hash__ = None

        STRANGE = Strange()
        CIRCLE = [STRANGE]
        CIRCLE.append(CIRCLE)
        """,
    )
    assert loaded.problems == []
    assert list(loaded.workflows) == ["one"]


@pytest.mark.parametrize(
    ("body", "line", "what"),
    [
        (
            "make('one')\ntwo = make('two')",
            0,
            'the workflow "one" is made here, but no name of w.py holds it',
        ),
        (
            "two = make('two')\nwrapped = lambda: (one := make('one'))\nwrapped()",
            2,
            'the workflow "one" is made',
        ),
        (
            "def traced(function):\n    return lambda journey: function(journey)\n\n"
            "@traced\n@workflow(trigger='a')\nasync def one(journey):\n    return 1\n\ntwo = make('two')",
            4,
            'the workflow "one" is made here, but no name of w.py holds it',
        ),
        ("two = make('two')\ntwo = make('two')", 0, 'the workflow "two" is there twice'),
    ],
)
def test_what_was_made_and_let_go_is_told_at_its_line(folder: Path, body: str, line: int, what: str) -> None:
    loaded = written(folder, body)
    assert list(loaded.workflows) == ["two"]
    (problem,) = loaded.problems
    assert (problem.path, problem.line) == ("workflows/w.py", LINE + line)
    assert problem.what.startswith(what)


def test_workflows_that_a_helper_has_ready_are_found_where_they_are_imported(folder: Path) -> None:
    (folder / "_ready.py").write_text(HEAD + "one, two = make('one'), make('two')\n")
    (folder / "w.py").write_text("from _ready import one\n")
    (folder / "v.py").write_text("from _ready import one, two\n")
    loaded = load(folder)
    assert loaded.problems == [], "one that two files take is the same"
    assert {n: Path(w.file).name for n, w in loaded.workflows.items()} == {"one": "v.py", "two": "v.py"}


def test_a_helpers_workflows_of_which_none_is_taken_are_told(folder: Path) -> None:
    (folder / "_ready.py").write_text(HEAD + "one = make('one')\n")
    (folder / "w.py").write_text("import _ready\n")
    (problem,) = load(folder).problems
    assert str(problem).startswith(
        f'workflows/_ready.py:{LINE}: workflows/w.py imports it, and the workflow "one" is made here, but'
    )


def test_two_of_one_name_from_one_helper_are_told_where_they_are_made(folder: Path) -> None:
    (folder / "_factory.py").write_text(HEAD)
    (folder / "w.py").write_text("from _factory import make\n\none = make('one')\nother = make('one')\n")
    (problem,) = load(folder).problems
    assert str(problem) == (
        'workflows/w.py:4: the workflow "one" is there twice; the other is workflows/w.py:3.'
        " Rename one, or give it @workflow(name=…)."
    )


def test_a_folder_in_whose_files_there_is_none_is_told_with_them(folder: Path) -> None:
    (folder / "b.py").write_text("x = 1\n")
    loaded = written(folder, "", "a.py")
    assert loaded.workflows == {}
    (problem,) = loaded.problems
    assert isinstance(problem, NoWorkflows)
    assert str(problem) == (
        "workflows: there is no workflow in a.py, b.py."
        " Put @workflow above an async function; files whose names begin with _ are helpers."
    )
