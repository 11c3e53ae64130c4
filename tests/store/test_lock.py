"""One process at a time writes the history of a store."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest

from studio.clocks.clock import iso
from studio.errors import StoreLocked, StoreReadOnly
from studio.store import lock as module
from studio.store.inbox import lock_path
from studio.store.lock import alone_on, take_lock
from tests.store.build import small


def test_who_has_it_keeps_others_off_and_lets_go_at_the_end(tmp_path: Path) -> None:
    path = small(tmp_path / "s.db")
    for _ in range(2):
        with alone_on(path), pytest.raises(StoreLocked, match=r"already \(another process\)"):
            take_lock(path)
    with pytest.raises(KeyError), alone_on(path):
        raise KeyError
    take_lock(path).release()
    assert stat.S_IMODE(lock_path(path).stat().st_mode) == 0o600


def test_any_thread_may_let_go(tmp_path: Path) -> None:
    path = small(tmp_path / "s.db")
    lock = take_lock(path)
    thread = threading.Thread(target=lock.release)
    thread.start()
    thread.join()
    take_lock(path).release()


@pytest.mark.parametrize(
    ("engine", "who"),
    [((7, 5), f"(pid 7, since {iso(5)})"), ((0, 5), "(another process)"), (None, "(another process)")],
)
def test_who_has_it_is_named_as_far_as_it_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: tuple[int, int] | None, who: str
) -> None:
    path = small(tmp_path / "s.db")
    monkeypatch.setattr(module, "engine_of", lambda path: engine)
    with alone_on(path), pytest.raises(StoreLocked) as caught:
        take_lock(path)
    assert caught.value.what.endswith(who)


def test_a_lock_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    lock_path(tmp_path / "s.db").mkdir()
    with pytest.raises(StoreReadOnly, match="the store cannot be locked"):
        take_lock(tmp_path / "s.db")
