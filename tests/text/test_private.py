"""What holds people's data is their owner's alone."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from studio import Engine
from studio.errors import StoreError
from studio.store.connect import connect_reader
from studio.store.database import open_database
from studio.store.snapshots import fork_store, keep_snapshot, next_number, snapshots
from studio.store.sqlite import Store
from studio.text.private import make_file, make_folder
from studio.tui.session.drafts import Draft
from studio.tui.session.preferences import write
from studio.tui.session.sent_history import SentHistory


@pytest.fixture(autouse=True)
def open_umask() -> Iterator[None]:
    """As on a machine where new files are everybody's to read."""
    before = os.umask(0)
    yield
    os.umask(before)


def rights(path: Path) -> str:
    return oct(stat.S_IMODE(path.stat().st_mode))


def test_a_store_and_all_that_lies_beside_it_is_private(tmp_path: Path) -> None:
    path = tmp_path / "shop" / "data" / "studio.db"

    async def run() -> set[str]:
        async with Engine([], store=path) as engine:
            await engine.ingest("signup", "ada")
            return {rights(each) for each in path.parent.iterdir()}

    assert asyncio.run(run()) == {"0o600"}
    assert {rights(folder) for folder in (path.parent, path.parent.parent)} == {"0o700"}
    store = Store(path)
    kept = keep_snapshot(store.connection, path, "a try", 0)
    store.close()
    fork_store(path, None, tmp_path / "fork.db", 0)
    assert {rights(kept.path), rights(tmp_path / "fork.db")} == {"0o600"}


def test_what_was_sent_and_what_is_set_is_private(tmp_path: Path) -> None:
    sent = tmp_path / "studio.db.sent"
    SentHistory(sent).write(Draft("signup", "ada", "{}"))
    settings = tmp_path / "config" / "journey-studio" / "settings.toml"
    write(settings, {"theme": "dark"}, {})
    assert {rights(sent), rights(settings)} == {"0o600"}
    assert rights(settings.parent) == "0o700"


def test_what_was_there_keeps_its_rights(tmp_path: Path) -> None:
    path = tmp_path / "studio.db"
    open_database(path).close()
    path.chmod(0o660)
    tmp_path.chmod(0o750)
    open_database(path).close()
    make_file(path)
    make_folder(tmp_path)
    assert (rights(path), rights(tmp_path)) == ("0o660", "0o750")


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="File exists"):
        make_folder(tmp_path / "file" / "data")


def test_a_pipe_is_no_store_and_no_snapshot(tmp_path: Path) -> None:
    path = tmp_path / "studio.db"
    os.mkfifo(path)
    for opened in (open_database, connect_reader):
        with pytest.raises(StoreError, match="a pipe, a device or a socket"):
            opened(path)
    os.mkfifo(tmp_path / "studio.4.db")
    assert snapshots(path) == []
    assert next_number(path) == 5
