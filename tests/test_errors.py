from __future__ import annotations

import ast
import pickle
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from studio import errors
from studio.cli.advice import WORDS, worded
from studio.errors import StoreError, StudioError, WorkflowError
from studio.tui.format.advice import KEYS, keyed


def test_a_message_says_what_where_and_what_to_do() -> None:
    error = StudioError("it is a folder", where="data", fix="Name a file.")
    assert str(error) == "data: it is a folder. Name a file."
    assert (error.what, error.where, error.fix) == ("it is a folder", "data", "Name a file.")


def test_a_full_stop_is_not_doubled() -> None:
    assert str(StudioError("it ended.", fix="Begin again.")) == "it ended. Begin again."


def test_a_message_may_have_neither_place_nor_remedy() -> None:
    assert str(StudioError("it ended")) == "it ended"


def test_an_error_of_a_workflow_has_its_file_and_line() -> None:
    error = WorkflowError("no", path="welcome.py", line=14, fix="Yes.")
    assert str(error) == "welcome.py:14: no. Yes."
    assert (error.path, error.line) == ("welcome.py", 14)
    assert str(WorkflowError("no", path="welcome.py")) == "welcome.py: no"
    assert str(WorkflowError("no")) == "no"


@pytest.mark.parametrize(
    "error",
    [
        value
        for value in vars(errors).values()
        if isinstance(value, type) and value.__module__ == errors.__name__
    ],
    ids=lambda error: error.__name__,
)
def test_every_error_meant_for_people_has_one_base(error: type[Exception]) -> None:
    assert issubclass(error, StudioError)
    assert error.__doc__


def test_an_error_survives_the_way_to_another_process() -> None:
    for error in (StudioError("a", where="b", fix="c."), WorkflowError("a", path="b.py", line=3, fix="c.")):
        again = pickle.loads(pickle.dumps(error))
        assert str(again) == str(error)
        assert vars(again) == vars(error)


# -- words ---------------------------------------------------------------------------------

STUDIO = Path(errors.__file__).parent
SPOKEN = [path for room in ("engine", "store") for path in sorted((STUDIO / room).glob("**/*.py"))]
COMMANDS, KEY_NAMES = (
    r"journey-studio |\W--[a-z]",
    r"\b(ctrl|esc|enter|tab)\b|\b[A-Za-z] (in the studio|rewinds)",
)
FACES = re.compile(f"{COMMANDS}|{KEY_NAMES}")


def texts(tree: ast.AST) -> Iterator[str]:
    """Every text that an error or a finding is made of."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else ""
            if name.endswith("Error") or name.startswith("Store") or name in ("CheckResult", "Failed"):
                for part in ast.walk(node):
                    if isinstance(part, ast.Constant) and isinstance(part.value, str):
                        yield part.value


def test_the_engine_and_the_store_speak_no_words_of_a_face() -> None:
    found = [text for path in SPOKEN for text in texts(ast.parse(path.read_text()))]
    assert len(found) > 200
    assert [text for text in found if FACES.search(text)] == []


def test_every_advice_has_words_in_a_face() -> None:
    assert set(get_args(errors.Advice)) == set(WORDS) | set(KEYS)
    error = StudioError("there is nothing to undo", fix="A rewind goes to any entry.", advice="rewind")
    assert keyed(error) == "there is nothing to undo. R rewinds to any entry."
    assert worded(error) == str(error)
    assert keyed(StudioError("a", fix="b.")) == worded(StudioError("a", fix="b.")) == "a. b."


def test_what_a_command_says_is_its_own() -> None:
    error = StoreError("no engine runs", where="s.db", fix="Start one.", advice="start an engine")
    assert str(error) == "s.db: no engine runs. Start one."
    assert worded(error) == "s.db: no engine runs. Start journey-studio, or journey-studio run."
