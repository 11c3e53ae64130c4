"""A look that drives journeys dry goes on without the code that does not come back."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from studio.engine.reload.dry_thread import MOST_HUNG, DryThread
from studio.engine.work.drive_monitor import ThreadMonitor
from studio.errors import StoreError
from studio.store.read_only_store import ReadOnlyStore
from studio.store.sqlite import Store


class Counting(DryThread[int]):
    """Looks at so many journeys, some of which hang."""

    def __init__(self, path: Path, hang: set[int]) -> None:
        super().__init__(path)
        self.hang = hang

    def _look(self, store: ReadOnlyStore, watch: ThreadMonitor) -> int:
        looked = 0
        for id in range(10):
            if self.is_late:
                break
            looked += 1
            if id in self._hung:
                continue
            watch.journey, watch.since = id, time.monotonic()
            while id in self.hang:
                pass
            watch.journey = None
        return looked


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("studio.engine.reload.dry_thread.HANG_SECONDS", 0.05)
    Store(tmp_path / "a.db").close()
    return tmp_path / "a.db"


def test_it_looks_at_all_and_leaves_out_what_hangs(path: Path) -> None:
    look = Counting(path, {3})
    look.run(10)
    assert (look.found, look._hung, look.stopped) == (10, {3}, False)


def test_of_many_that_hang_it_stops(path: Path) -> None:
    look = Counting(path, set(range(10)))
    look.run(10)
    assert look.stopped
    assert len(look._hung) == MOST_HUNG + 1


def test_its_time_may_be_over_before_it_begins(path: Path) -> None:
    look = Counting(path, set())
    look.run(0)
    assert look.found == 0


def test_a_store_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        Counting(tmp_path / "none.db", set()).run(10)
