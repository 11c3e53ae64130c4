from __future__ import annotations

import pickle

import pytest

from studio import errors
from studio.errors import StudioError, WorkflowError


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
    [value for value in vars(errors).values() if isinstance(value, type)],
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
