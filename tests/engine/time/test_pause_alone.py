"""A workflow is paused where no engine runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio import Engine
from studio.engine.time.pause_alone import pause_alone
from studio.errors import JourneyError, StoreError, StoreLocked
from studio.store.rebuild import compare
from studio.store.views import Views
from tests.engine.support import entries


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with Engine((), store=tmp_path / "s.db"):
        pass
    return tmp_path / "s.db"


def test_the_files_are_asked_for_a_name_that_the_store_does_not_know(path: Path) -> None:
    asked: list[str] = []

    def loaded() -> list[str]:
        asked.append("files")
        return ["welcome"]

    with pytest.raises(JourneyError, match=r"there is no workflow 'welcom'. There is welcome"):
        pause_alone(path, "pause", {"workflow": "welcom"}, loaded)
    pause_alone(path, "pause", {"workflow": "welcome", "by": "ada"}, loaded)
    assert asked == ["files", "files"]
    pause_alone(path, "unpause", {"workflow": "welcome"}, loaded)
    assert len(asked) == 2
    assert [e.kind for e in entries(path)] == ["workflow.paused", "workflow.unpaused"]
    assert compare(path) == []
    with Views(path) as views:
        # Until an engine has started it does not go on.
        assert views.paused_workflows() == ["welcome"]


def test_a_store_that_an_engine_holds_or_that_is_not_there_is_left_alone(path: Path) -> None:
    with Engine((), store=path), pytest.raises(StoreLocked):
        pause_alone(path, "pause", {"workflow": "welcome"}, lambda: ["welcome"])
    none = path.with_name("none.db")
    with pytest.raises(StoreError):
        pause_alone(none, "pause", {"workflow": "welcome"}, lambda: ["welcome"])
    assert not none.exists()
    assert entries(path) == []
