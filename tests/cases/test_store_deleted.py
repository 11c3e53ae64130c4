"""A store that is removed or replaced under those who have it open: they say so, and stop."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from studio import Engine, Journey, workflow
from studio.engine.remote import RemoteEngine
from studio.errors import StoreError, StoreGone, StudioError
from studio.language.incoming import incoming
from studio.store.changes import Changes
from studio.store.database import open_database
from studio.store.inbox import engine_of, send
from studio.store.sqlite import Store
from studio.store.views import Views
from tests.cli.shell import begin, project, shell
from tests.cli.shell import until as until_so
from tests.engine.support import in_time, until

__all__ = ["in_time"]


@workflow(trigger="signup")
async def welcome(journey: Journey) -> int:
    await journey.wait_for("paid")
    return 1


def removed(path: Path) -> None:
    for each in path.parent.glob(f"{path.name}*"):
        each.unlink()


def replaced(path: Path) -> None:
    other = path.with_name("other.db")
    open_database(other).close()
    os.replace(other, path)


def log_removed(path: Path) -> None:
    path.with_name(path.name + "-wal").unlink()


def folder_renamed(path: Path) -> None:
    path.parent.rename(path.parent.with_name("elsewhere"))


WAYS = [removed, replaced, log_removed, folder_renamed]


@pytest.mark.parametrize("way", WAYS)
async def test_an_engine_says_so_and_stops(tmp_path: Path, way: Callable[[Path], None]) -> None:
    path = tmp_path / "data" / "studio.db"
    engine = Engine(welcome, store=path)
    await engine.start()
    await engine.ingest("signup", "ada")
    entries = engine.subscribe(after=0)
    waiting = engine.submit([])
    way(path)
    await until(lambda: engine.has_ended)
    status = engine.status()
    assert status.state == "stopped"
    assert status.problem is not None
    assert str(path) in status.problem
    assert "is gone" in status.problem or "in the place of" in status.problem
    # Nobody takes the store for one that is served, and whoever asks hears why.
    assert engine_of(path) is None
    assert waiting.result(10) == []
    for ask in (engine.ingest("signup", "bob"), engine.run_until_idle(), engine.cancel("welcome/ada")):
        with pytest.raises(StudioError, match=r"is gone|in the place of"):
            await ask
    async with asyncio.timeout(10):
        assert [entry.kind async for entry in entries][:1] == ["workflow.loaded"]
    await engine.stop()


async def test_what_was_written_into_a_file_that_is_gone_is_acknowledged_to_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "studio.db"
    write = Store.write

    def remove_first(store: Store, changes: Changes) -> None:
        if changes.history and changes.users:
            removed(path)
        write(store, changes)

    monkeypatch.setattr(Store, "write", remove_first)
    async with Engine(welcome, store=path) as engine:
        with pytest.raises(StoreGone):
            await engine.ingest("signup", "ada")
        await until(lambda: engine.has_ended)


@pytest.mark.parametrize("way", [removed, replaced])
def test_who_looks_says_so(tmp_path: Path, way: Callable[[Path], None]) -> None:
    path = tmp_path / "studio.db"
    send(path, [incoming("signup", "ada")])
    with Views(path) as views:
        assert not views.changed()
        way(path)
        with pytest.raises(StoreGone):
            views.changed()


async def test_a_viewer_sends_into_no_new_store(tmp_path: Path) -> None:
    path = tmp_path / "studio.db"
    send(path, [incoming("signup", "ada")])
    desk = RemoteEngine(path, str(tmp_path / "none"))
    assert desk.trouble() is None
    removed(path)
    desk.gone = StoreGone("the file is gone", where=str(path))
    trouble = desk.trouble()
    assert trouble is not None
    assert trouble.ended
    with pytest.raises(StoreError, match="gone"):
        await desk.send(incoming("signup", "bob"))
    assert not path.exists()


def test_the_commands_say_so(tmp_path: Path) -> None:
    project(tmp_path)
    path = tmp_path / "data" / "studio.db"
    assert shell(tmp_path, "send", "signup", "--user", "ada").returncode == 0
    run = begin(tmp_path, "run", "--for", "60s")
    until_so(lambda: engine_of(path) is not None and bool(engine_of(path)[0]))  # type: ignore[index]
    follow = begin(tmp_path, "logs", "--follow")
    assert run.stdout is not None
    assert "signup" in run.stdout.readline()
    assert follow.stdout is not None
    assert any("hello" in follow.stdout.readline() for _ in range(2))
    removed(path)
    _, said = run.communicate(timeout=60)
    assert run.returncode == 1
    assert "data/studio.db: the file is gone. Put it back" in said
    _, followed = follow.communicate(timeout=60)
    assert (follow.returncode, "the file is gone" in followed) == (1, True)
    sent = shell(tmp_path, "send", "signup", "--user", "bob")
    assert "No engine runs on data/studio.db, so it waits there." in sent.stderr
    assert "engine    not running" in shell(tmp_path, "status").stdout
