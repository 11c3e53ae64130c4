"""Which version of each workflow runs, which ran before, and which is missing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from studio.engine.reload.versions import Change, register
from studio.language.definition import Workflow
from tests.engine.bench import Bench
from tests.engine.reloading import loaded


class Versions:
    """Starts of an engine on one store, one after another."""

    def __init__(self, path: Path) -> None:
        self.bench = Bench(path)
        self.codes: dict[str, int] = {}

    def start(self, *workflows: Workflow, gone: str = "not loaded") -> tuple[list[Change], bool, list[Any]]:
        self.bench.workflows.clear()
        self.bench.swap(*workflows)
        changes, returned = register(self.bench.batch, self.codes, 50, {}, gone)
        told = [(each[0], each[4]) for each in self.bench.told()]
        self.bench.write()
        return changes, returned, told


@pytest.fixture
def versions(tmp_path: Path) -> Versions:
    return Versions(tmp_path / "a.db")


@pytest.fixture
def old(tmp_path: Path) -> Workflow:
    return loaded(tmp_path, "await journey.wait_for('paid')")


@pytest.fixture
def new(tmp_path: Path) -> Workflow:
    return loaded(tmp_path, "await journey.wait_for('paid', timeout='1d')")


LOADED = ("workflow.loaded", {"file": "welcome.py"})


def test_a_version_is_told_and_kept_once(versions: Versions, old: Workflow) -> None:
    assert versions.start(old) == ([], False, [LOADED])
    assert versions.start(old) == ([], False, [])
    assert versions.codes == {"welcome": 1}
    ((name, hash, source),) = versions.bench.store.rows("SELECT workflow, hash, source FROM codes")
    assert (name, hash, source) == ("welcome", old.code, old.source)


def test_another_version_is_a_change_and_so_is_one_that_ran_before(
    versions: Versions, old: Workflow, new: Workflow
) -> None:
    versions.start(old)
    (change,), _, told = versions.start(new)
    assert (change.name, change.hash, told) == ("welcome", new.code, [LOADED])
    (back,), _, told = versions.start(old)
    assert (back.hash, back.loaded > change.loaded) == (old.code, True)
    # Its source is kept already: the entry says which it is.
    assert told == [("workflow.loaded", {"file": "welcome.py", "code": old.code})]
    assert versions.codes == {"welcome": 1}


def test_one_that_is_missing_is_told_when_it_was_deleted_and_when_it_is_back(
    versions: Versions, old: Workflow
) -> None:
    versions.start(old)
    assert versions.start() == ([], False, [])
    changes, returned, told = versions.start(old)
    assert (changes, returned) == ([], True)
    assert told == [("workflow.loaded", {"file": "welcome.py", "code": old.code})]
    _, _, told = versions.start(gone="deleted")
    assert [kind for kind, _ in told] == ["workflow.failed"]
    assert versions.codes == {}
    # It is told once.
    assert versions.start(gone="deleted") == ([], False, [])
