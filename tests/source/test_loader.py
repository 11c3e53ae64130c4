from __future__ import annotations

import importlib
import pickle
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from studio.design.checks.check import check
from studio.design.outline.flow_reader import read
from studio.errors import WorkflowError
from studio.language.definition import workflow
from studio.language.journey import Journey
from studio.source.loader import Library, collect, load, told_passed_over

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
        (
            "from studio import workflow\n\n@workflow\ndef x(journey):\n    pass\n",
            "x is not an async function",
        ),
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


def test_two_folders_at_once_have_helpers_and_modules_of_their_own(tmp_path: Path) -> None:
    """Files of one name in two folders are two modules, and so are the helpers beside them."""
    folders = [tmp_path / name / "workflows" for name in ("first", "second")]
    for at, folder in enumerate(folders):
        folder.mkdir(parents=True)
        write(folder, "_words.py", f"NAME = 'n{at}'\n")
        write(
            folder,
            "welcome.py",
            """
            from dataclasses import dataclass
            from _words import NAME
            from studio import workflow

            @dataclass
            class Kept:
                name: str = NAME

            @workflow(name=NAME)
            async def welcome(journey):
                import _words
                return pickle.loads(pickle.dumps(Kept())).name, _words.NAME
            """.replace("from _words", "import pickle\n            from _words"),
        )
    library = Library(folders)
    first, second = library.load().workflows.values()
    assert library.loaded.problems == []
    assert (first.name, second.name) == ("n0", "n1")
    assert first.__module__ != second.__module__
    for each in (first, second):
        kept = sys.modules[each.__module__]
        assert kept.__file__ == each.path
        assert pickle.loads(pickle.dumps(kept.Kept())).name == each.name
    assert [module.text for each in (first, second) for module in each.modules] == [
        "NAME = 'n0'\n",
        "NAME = 'n1'\n",
    ]
    # One of them is edited: the other's is not taken for it.
    write(folders[0], "_words.py", "NAME = 'changed'\n")
    assert list(library.load().workflows) == ["changed", "n1"]


@pytest.mark.parametrize("name", ["calendar", "email", "pytest", "click", "helpful"])
def test_a_workflow_file_hides_no_module_of_pythons_or_an_installed_one(folder: Path, name: str) -> None:
    good(folder, name)
    write(
        folder,
        "w.py",
        f"""
        import {name} as meant
        from studio import workflow

        @workflow(name="w", trigger=(meant.__file__ or "").replace("/", "-")[-40:])
        async def w(journey):
            return 1
        """,
    )
    kept = {each: sys.modules.pop(each) for each in list(sys.modules) if each.partition(".")[0] == name}
    try:
        loaded = load(folder)
    finally:
        sys.modules.update(kept)
    assert loaded.problems == []
    assert sorted(loaded.workflows) == sorted((name, "w"))
    beside = loaded.workflows["w"].trigger.text.endswith(f"workflows-{name}.py")
    assert beside == (name == "helpful"), "what nobody else has is had from the folder"


def test_a_helper_that_begins_with_an_underscore_comes_before_what_is_installed(folder: Path) -> None:
    write(folder, "_pytest.py", "NAME = 'ours'\n")
    write(folder, "welcome.py", "from _pytest import NAME\n" + GOOD.format(name="welcome"))
    kept = {each: sys.modules.pop(each) for each in list(sys.modules) if each.partition(".")[0] == "_pytest"}
    try:
        assert load(folder).problems == []
    finally:
        sys.modules.update(kept)


@pytest.mark.parametrize("start", [".", "workflows", "elsewhere"])
@pytest.mark.parametrize("package", ["__init__.py", None])
def test_the_projects_packages_are_had_wherever_one_starts(
    folder: Path, monkeypatch: pytest.MonkeyPatch, start: str, package: str | None
) -> None:
    (folder.parent / "shop" / "more").mkdir(parents=True)
    (folder.parent / "elsewhere").mkdir()
    if package:
        write(folder.parent / "shop", package, "")
    write(folder.parent / "shop" / "more", "mail.py", "def greet(): return 'hello'\n")
    write(folder.parent / "shop", "late.py", "WORD = 'late'\n")
    write(
        folder,
        "welcome.py",
        """
        from shop.more.mail import greet
        from studio import workflow

        def late():
            import shop.late
            import _only_now
            return shop.late.WORD + _only_now.WORD

        @workflow
        async def welcome(journey):
            return greet()
        """,
    )
    write(folder, "_only_now.py", "WORD = 'r'\n")
    monkeypatch.chdir(folder.parent / start)
    path = list(sys.path)
    loaded = load(folder)
    assert loaded.problems == []
    assert sys.path == path
    module = sys.modules[loaded.workflows["welcome"].__module__]
    assert module.late() == "later"
    assert [each.name for each in loaded.workflows["welcome"].modules] == (
        ["shop", "shop.more.mail"] if package else ["shop.more.mail"]
    )


def test_what_is_imported_late_is_found_for_the_users_own_code_alone(folder: Path) -> None:
    write(folder, "_only_here.py", "")
    good(folder, "welcome")
    load(folder)
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("_only_here")


def test_folders_within_are_named_unless_they_are_imported(folder: Path) -> None:
    good(folder, "welcome")
    for name in ("_kept", ".git", "empty", "emails", "used", "deep/er"):
        (folder / name).mkdir(parents=True)
    for name in ("_kept", ".git", "emails", "used", "deep/er"):
        good(folder / name, "more")
    write(folder, "user.py", "import used.more\n" + GOOD.format(name="user"))
    loaded = load(folder)
    assert loaded.problems == []
    assert sorted(loaded.workflows) == ["user", "welcome"]
    assert told_passed_over(loaded.passed_over) == (
        "workflows/deep, workflows/emails are passed over:"
        " workflows are the files of the folder itself, and what these import."
    )


@pytest.mark.parametrize("encoding", ["utf-8-sig", "latin-1"])
def test_a_file_is_read_as_python_reads_it(folder: Path, encoding: str) -> None:
    text = ("# coding: latin-1" if encoding == "latin-1" else "") + GOOD.format(name="welcome")
    (folder / "welcome.py").write_bytes((text + "    return 'é'\n").encode(encoding))
    loaded = load(folder)
    assert loaded.problems == []
    assert [finding.rule for finding in check(loaded.workflows)] == ["no-timeout"]
    assert read(loaded.workflows["welcome"]).nodes


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

    with pytest.raises(WorkflowError, match=r"'welcome' is not a workflow\. Put @workflow above it\."):
        collect(welcome)  # type: ignore[arg-type]
