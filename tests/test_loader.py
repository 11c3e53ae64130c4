from __future__ import annotations

import sys
from pathlib import Path
from textwrap import dedent

import pytest

from studio.definition import workflow
from studio.errors import WorkflowError
from studio.journey import Journey
from studio.loader import collect, load

GOOD = """
from studio import Journey, workflow

@workflow
async def {name}(journey: Journey):
    await journey.wait_for("paid")
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for workflow files, from whose parent messages show paths."""
    monkeypatch.chdir(tmp_path)
    place = tmp_path / "workflows"
    place.mkdir()
    return place


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(dedent(text))
    return path


def good(folder: Path, name: str) -> Path:
    return write(folder, f"{name}.py", GOOD.format(name=name))


@pytest.fixture(autouse=True)
def forget_modules() -> object:
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        del sys.modules[name]
    return None


def test_a_folder_gives_the_workflows_of_its_files(folder: Path) -> None:
    good(folder, "welcome")
    good(folder, "trial")
    loaded = load(folder)
    assert sorted(loaded.workflows) == ["trial", "welcome"]
    assert loaded.problems == []
    assert loaded.workflows["welcome"].path == str(folder / "welcome.py")


def test_a_file_alone_may_be_given(folder: Path) -> None:
    good(folder, "trial")
    assert list(load(good(folder, "welcome")).workflows) == ["welcome"]


def test_a_syntax_error_is_told_with_its_line_and_the_others_load(folder: Path) -> None:
    good(folder, "welcome")
    write(folder, "broken.py", "from studio import workflow\n\nasync def x(journey):\n    await journey.(\n")
    loaded = load(folder)
    assert list(loaded.workflows) == ["welcome"]
    (problem,) = loaded.problems
    assert str(problem) == "workflows/broken.py:4: SyntaxError: invalid syntax"
    assert (problem.path, problem.line) == ("workflows/broken.py", 4)


def test_an_import_error_is_told_with_the_line_of_the_import(folder: Path) -> None:
    good(folder, "welcome")
    write(folder, "broken.py", "import json\nimport no_such_module_here\n")
    loaded = load(folder)
    assert list(loaded.workflows) == ["welcome"]
    assert [str(problem) for problem in loaded.problems] == [
        "workflows/broken.py:2: ModuleNotFoundError: No module named 'no_such_module_here'"
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1\ny = x / 0\n", "workflows/broken.py:2: ZeroDivisionError: division by zero"),
        ("import sys\nsys.exit('no')\n", "workflows/broken.py:2: SystemExit: no"),
        ("import asyncio\nraise asyncio.CancelledError('no')\n", "workflows/broken.py:2: CancelledError: no"),
        ("from studio import workflow\n\n@workflow\ndef x(journey):\n    pass\n", "x is no async function"),
    ],
)
def test_whatever_a_file_raises_is_told_with_its_line(folder: Path, text: str, said: str) -> None:
    good(folder, "welcome")
    write(folder, "broken.py", text)
    loaded = load(folder)
    assert list(loaded.workflows) == ["welcome"]
    (problem,) = loaded.problems
    assert said in str(problem)
    assert "broken.py:" in str(problem)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"a = '\x00'\n", b"# coding: nonsense\n"])
def test_a_file_that_is_no_source_is_a_problem_of_its_own(folder: Path, content: bytes) -> None:
    good(folder, "welcome")
    (folder / "broken.py").write_bytes(content)
    loaded = load(folder)
    assert list(loaded.workflows) == ["welcome"]
    assert len(loaded.problems) == 1
    assert str(loaded.problems[0]).startswith("workflows/broken.py")


def test_a_folder_named_like_a_file_is_a_problem_of_its_own(folder: Path) -> None:
    good(folder, "welcome")
    (folder / "odd.py").mkdir()
    loaded = load(folder)
    assert list(loaded.workflows) == ["welcome"]
    assert len(loaded.problems) <= 1


def test_two_workflows_of_one_name_are_told_with_both_places(folder: Path) -> None:
    write(folder, "a.py", GOOD.format(name="welcome"))
    write(folder, "b.py", "\n\n" + GOOD.format(name="welcome"))
    loaded = load(folder)
    assert loaded.workflows["welcome"].path == str(folder / "a.py")
    assert [str(problem) for problem in loaded.problems] == [
        'workflows/b.py:6: the workflow "welcome" is there twice; the other is workflows/a.py:4.'
        " Rename one, or give it @workflow(name=…)."
    ]


def test_two_workflows_of_one_name_in_one_file_are_told(folder: Path) -> None:
    write(
        folder,
        "a.py",
        """
        from studio import workflow

        @workflow
        async def welcome(journey):
            return 1

        @workflow(name="welcome")
        async def other(journey):
            return 2
        """,
    )
    loaded = load(folder)
    assert len(loaded.workflows) == 1
    assert len(loaded.problems) == 1
    assert "there twice" in str(loaded.problems[0])


def test_an_empty_folder_says_what_to_do(folder: Path) -> None:
    loaded = load(folder)
    assert loaded.workflows == {}
    assert [str(problem) for problem in loaded.problems] == [
        "workflows: there is no workflow file in this folder."
        " Write one, such as welcome.py with an @workflow function."
    ]


def test_a_folder_that_is_not_there_is_told(folder: Path) -> None:
    loaded = load(folder / "none")
    assert loaded.workflows == {}
    assert "workflows/none: there is no such file or folder" in str(loaded.problems[0])


def test_a_file_without_a_workflow_is_told_when_it_was_meant(folder: Path) -> None:
    path = write(folder, "helpers.py", "x = 1\n")
    assert "there is no workflow in this file" in str(load(path).problems[0])
    good(folder, "welcome")
    assert load(folder).problems == []


def test_files_that_begin_with_an_underscore_are_helpers(folder: Path) -> None:
    write(folder, "_words.py", "HELLO = 'hello'\n")
    write(folder, ".hidden.py", "1 / 0\n")
    write(
        folder,
        "welcome.py",
        """
        from _words import HELLO
        from studio import workflow

        @workflow(name=HELLO)
        async def welcome(journey):
            return HELLO
        """,
    )
    path = list(sys.path)
    loaded = load(folder)
    assert loaded.problems == []
    assert list(loaded.workflows) == ["hello"]
    assert sys.path == path


def test_a_syntax_error_in_a_helper_is_told_at_the_helper(folder: Path) -> None:
    write(folder, "_broken.py", "x = (\n")
    write(folder, "welcome.py", "import _broken\n")
    (problem,) = load(folder).problems
    assert str(problem).startswith("workflows/_broken.py:1: SyntaxError: ")


def test_an_error_in_a_helper_is_told_at_the_line_that_imports_it(folder: Path) -> None:
    write(folder, "_raises.py", "x = 1\n\n1 / 0\n")
    write(folder, "welcome.py", "import json\nimport _raises\n")
    (problem,) = load(folder).problems
    assert str(problem) == "workflows/welcome.py:2: ZeroDivisionError: division by zero"


def test_each_folder_has_helpers_of_its_own(tmp_path: Path) -> None:
    """Two folders in one process, each with a `_words.py`: neither gets the other's."""
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        write(tmp_path / name, "_words.py", f"NAME = {name!r}\n")
        write(
            tmp_path / name,
            "welcome.py",
            """
            from _words import NAME
            from studio import workflow

            @workflow(name=NAME)
            async def welcome(journey):
                return NAME
            """,
        )
    assert list(load(tmp_path / "first").workflows) == ["first"]
    assert list(load(tmp_path / "second").workflows) == ["second"]


def test_a_workflow_that_is_only_imported_is_not_found_twice(folder: Path) -> None:
    good(folder, "a")
    write(folder, "b.py", "from a import a\n")
    loaded = load(folder)
    assert list(loaded.workflows) == ["a"]
    assert loaded.problems == []


@workflow
async def here(journey: Journey) -> None:
    """Defined in a test."""


@workflow(name="here")
async def another(journey: Journey) -> int:
    return 1


def test_workflows_themselves_may_be_given(folder: Path) -> None:
    assert collect(here).workflows == {"here": here}
    assert list(collect([here, good(folder, "welcome")]).workflows) == ["here", "welcome"]
    assert collect(()).workflows == {}
    assert collect([here, here]).problems == []
    assert len(collect([here, another]).problems) == 1


def test_a_plain_function_is_refused_with_what_to_write() -> None:
    async def welcome(journey: Journey) -> None:
        """Without @workflow."""

    with pytest.raises(WorkflowError, match=r"'welcome' is no workflow\. Put @workflow above it\."):
        collect(welcome)  # type: ignore[arg-type]
