"""Who adds to an inbox wakes the engine up, and where that is impossible nothing is lost."""

from __future__ import annotations

import os
import stat
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from studio.store.wake_pipe import WakePipe, open_wake_pipe, wake_engine, wake_path


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files stand."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def store(tmp_path: Path, temporary: Path) -> Path:
    path = tmp_path / "s.db"
    path.touch()
    return path


def listening(store: Path) -> tuple[WakePipe, threading.Semaphore]:
    pipe = open_wake_pipe(store)
    assert pipe is not None
    rung = threading.Semaphore(0)
    pipe.listen(rung.release)
    return pipe, rung


def test_a_sender_wakes_the_engine_up(store: Path) -> None:
    pipe, rung = listening(store)
    wake_engine(store)
    assert rung.acquire(timeout=10)
    wake_engine(store)
    assert rung.acquire(timeout=10)
    pipe.remove()
    pipe.close()


def test_a_link_to_a_store_has_the_pipe_of_the_store(store: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.db"
    link.symlink_to(store)
    pipe, rung = listening(store)
    wake_engine(link)
    assert rung.acquire(timeout=10)
    pipe.remove()
    pipe.close()


def test_many_senders_are_heard_as_few(store: Path) -> None:
    pipe, rung = listening(store)
    for _ in range(200):
        wake_engine(store)
    assert rung.acquire(timeout=10)
    pipe.remove()
    pipe.close()
    heard = 1
    while rung.acquire(blocking=False):
        heard += 1
    assert heard < 100


def test_its_owner_alone_may_write_and_it_goes_with_the_engine(store: Path) -> None:
    pipe, rung = listening(store)
    mode = wake_path(store).stat().st_mode
    assert stat.S_ISFIFO(mode)
    assert stat.S_IMODE(mode) == 0o600
    assert stat.S_IMODE(wake_path(store).parent.stat().st_mode) == 0o700
    pipe.remove()
    pipe.close()
    assert not wake_path(store).exists()
    assert not rung.acquire(blocking=False), "its own end is not a sender"


def test_nothing_is_left_open(store: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        pipe, rung = listening(store)
        wake_engine(store)
        assert rung.acquire(timeout=10)
        pipe.remove()
        pipe.close()
        never = open_wake_pipe(store)
        assert never is not None
        never.remove()
        never.close()
    end = time.monotonic() + 10
    while len(os.listdir("/proc/self/fd")) > before and time.monotonic() < end:
        time.sleep(0.01)
    assert len(os.listdir("/proc/self/fd")) <= before


def test_a_pipe_that_was_never_listened_to_goes_too(store: Path) -> None:
    pipe = open_wake_pipe(store)
    assert pipe is not None
    pipe.remove()
    pipe.close()
    assert not wake_path(store).exists()


def test_what_a_killed_engine_left_behind_is_used_again(store: Path) -> None:
    wake_path(store).parent.mkdir(0o700)
    os.mkfifo(wake_path(store))
    wake_engine(store)  # and holds up nobody: nobody reads from it
    pipe, rung = listening(store)
    wake_engine(store)
    assert rung.acquire(timeout=10)
    pipe.remove()
    pipe.close()


def test_a_full_pipe_holds_up_no_sender(store: Path) -> None:
    pipe = open_wake_pipe(store)
    assert pipe is not None
    end = os.open(wake_path(store), os.O_WRONLY | os.O_NONBLOCK)
    with suppress(BlockingIOError):
        while os.write(end, b"!" * 65_536):
            pass
    os.close(end)
    wake_engine(store)
    pipe.remove()
    pipe.close()


def test_without_a_pipe_nothing_happens(store: Path, temporary: Path) -> None:
    wake_engine(store)
    wake_engine(store.with_name("not there.db"))
    assert list(temporary.iterdir()) == []


def test_another_file_of_that_name_is_left_alone(store: Path) -> None:
    wake_path(store).parent.mkdir(0o700)
    wake_path(store).write_text("mine")
    assert open_wake_pipe(store) is None
    wake_engine(store)
    assert wake_path(store).read_text() == "mine"


def test_a_link_in_its_place_is_not_followed(store: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "elsewhere")
    wake_path(store).parent.mkdir(0o700)
    wake_path(store).symlink_to(tmp_path / "elsewhere")
    assert open_wake_pipe(store) is None
    wake_engine(store)


def test_where_none_can_be_made_the_engine_is_told_so(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(store / "no folder"))
    assert open_wake_pipe(store) is None


def test_a_folder_that_others_can_write_to_is_not_used(store: Path) -> None:
    wake_path(store).parent.mkdir(0o700)
    wake_path(store).parent.chmod(0o777)
    assert open_wake_pipe(store) is None
    assert list(wake_path(store).parent.iterdir()) == []


def test_a_folder_of_somebody_else_is_not_used(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    me = os.getuid()
    wake_path(store).parent.mkdir(0o700)
    monkeypatch.setattr(os, "getuid", lambda: me + 1)
    wake_path(store).parent.symlink_to(store.parent / "tmp" / f"journey-studio-{me}")
    assert open_wake_pipe(store) is None


def test_nothing_of_it_lies_beside_the_store(store: Path) -> None:
    pipe = open_wake_pipe(store)
    assert pipe is not None
    assert {path.name for path in store.parent.iterdir()} == {"s.db", "tmp"}
    pipe.remove()
    pipe.close()


def test_systems_without_named_pipes_go_without(
    store: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "mkfifo")
    assert open_wake_pipe(store) is None
    wake_engine(store)
    assert list(temporary.iterdir()) == []
