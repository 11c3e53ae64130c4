"""Files that are saved, replaced, renamed and deleted under a running engine: each is one reload, soon."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from studio import Engine, VirtualClock
from studio.engine.reload.hot_reload import Reloaded
from studio.errors import NoWorkflows
from studio.source.loader import Library
from studio.source.watching import Watching
from tests.engine.reloading import write
from tests.engine.support import in_time, until

__all__ = ["in_time"]

QUIET = 0.6
"""Seconds after which no further reload comes."""
HELPER = """
import _prices
from studio import Journey, workflow


@workflow(trigger="signup")
async def welcome(journey: Journey):
    return {"price": _prices.PRICE}
"""


class Heard:
    """The reloads of an engine, as they come."""

    def __init__(self, engine: Engine) -> None:
        self.all: list[Reloaded] = []
        engine.on_reload(self._hear)

    def _hear(self, told: Reloaded) -> None:
        self.all.append(told)

    async def after(self, edit: Callable[[], object]) -> list[Reloaded]:
        """What an edit comes to: waits until no more comes."""
        count = len(self.all)
        edit()
        await until(lambda: len(self.all) > count)
        await asyncio.sleep(QUIET)
        return self.all[count:]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "workflows"
    write(folder, "return 1")
    return folder


@pytest.fixture
async def engine(folder: Path, tmp_path: Path) -> AsyncIterator[Engine]:
    async with Engine(folder, store=tmp_path / "studio.db", clock=VirtualClock()) as engine:
        engine.watch()
        yield engine


@pytest.fixture
def heard(engine: Engine) -> Heard:
    return Heard(engine)


async def test_each_save_is_one_reload(engine: Engine, heard: Heard, folder: Path) -> None:
    """How soon is measured by the benchmark."""
    for n in range(3):
        assert len(await heard.after(lambda n=n: write(folder, f"return {n + 2}"))) == 1  # type: ignore[misc]


async def test_a_burst_of_saves_is_one_reload(engine: Engine, heard: Heard, folder: Path) -> None:
    def save() -> None:
        for n in range(10):
            write(folder, f"return {n + 2}")
            time.sleep(0.01)

    (told,) = await heard.after(save)
    assert told.report is not None
    assert told.done


async def test_many_files_at_once_are_one_reload(engine: Engine, heard: Heard, folder: Path) -> None:
    (told,) = await heard.after(lambda: [write(folder, "return 1", f"more{n}") for n in range(30)])
    assert told.report is not None
    assert len(told.report.added) == 30
    assert len(engine.workflows) == 31


async def test_a_git_checkout_is_one_reload(engine: Engine, heard: Heard, folder: Path) -> None:
    def git(*arguments: str) -> None:
        name = ("-c", "user.name=n", "-c", "user.email=e@example.com")
        subprocess.run(["git", *name, *arguments], cwd=folder, check=True, capture_output=True)

    git("init", "-q", "-b", "one")
    git("add", "-A")
    git("commit", "-q", "-m", "one")
    git("checkout", "-q", "-b", "two")
    await heard.after(lambda: [write(folder, "return 2", f"more{n}") for n in range(20)])
    git("add", "-A")
    git("commit", "-q", "-m", "two")
    (told,) = await heard.after(lambda: git("checkout", "-q", "one"))
    assert told.report is not None
    assert len(told.report.removed) == 20
    (told,) = await heard.after(lambda: git("checkout", "-q", "two"))
    assert told.report is not None
    assert len(told.report.added) == 20


async def test_an_editors_atomic_replace_is_one_reload(engine: Engine, heard: Heard, folder: Path) -> None:
    def replace() -> None:
        temporary = folder / ".welcome.py.swp"
        temporary.write_text((folder / "welcome.py").read_text().replace("return 1", "return 2"))
        temporary.replace(folder / "welcome.py")

    (told,) = await heard.after(replace)
    assert told.report is not None
    assert told.report.changed == ("welcome",)


async def test_a_file_that_is_away_while_it_is_written_is_not_deleted(
    engine: Engine, heard: Heard, folder: Path
) -> None:
    def write_slowly() -> None:
        file = folder / "welcome.py"
        text = file.read_text()
        file.unlink()
        time.sleep(0.03)
        file.write_text("")
        time.sleep(0.03)
        file.write_text(text.replace("return 1", "return 2"))

    (told,) = await heard.after(write_slowly)
    assert told.report is not None
    assert told.report.changed == ("welcome",)


async def test_new_renamed_and_deleted_files_are_noticed(engine: Engine, heard: Heard, folder: Path) -> None:
    (told,) = await heard.after(lambda: write(folder, "return 1", "trial"))
    assert told.report is not None
    assert told.report.added == ("trial",)
    (told,) = await heard.after(lambda: (folder / "trial.py").rename(folder / "renamed.py"))
    assert told.report is None
    assert engine.workflows["trial"].path.endswith("renamed.py")
    (told,) = await heard.after((folder / "renamed.py").unlink)
    assert told.report is not None
    assert told.report.removed == ("trial",)
    assert sorted(engine.workflows) == ["welcome"]


async def test_a_package_of_the_project_that_was_missing_is_noticed_when_it_comes(
    engine: Engine, heard: Heard, folder: Path
) -> None:
    text = (folder / "welcome.py").read_text()
    (told,) = await heard.after(
        lambda: (folder / "welcome.py").write_text("from shop.mail import send\n" + text)
    )
    assert [problem.line for problem in told.problems] == [1]

    def write_package() -> None:
        (folder.parent / "shop").mkdir()
        (folder.parent / "shop" / "mail.py").write_text("send = print\n")

    (told,) = await heard.after(write_package)
    assert told.problems == ()
    (told,) = await heard.after(lambda: (folder.parent / "shop" / "mail.py").write_text("send = repr\n"))
    assert told.report is not None
    assert told.report.changed == ("welcome",)


async def test_a_file_that_does_not_load_is_told_until_it_is_mended(
    engine: Engine, heard: Heard, folder: Path
) -> None:
    text = (folder / "welcome.py").read_text()
    (told,) = await heard.after(lambda: (folder / "welcome.py").write_text("import nothing_of_this_name\n"))
    assert [problem.line for problem in told.problems] == [1]
    assert engine.problems
    assert sorted(engine.workflows) == ["welcome"]
    # Mended from beside it, by the module that it lacks.
    (told,) = await heard.after(lambda: (folder / "nothing_of_this_name.py").write_text("X = 1\n"))
    assert [type(problem) for problem in told.problems] == [NoWorkflows]
    (told,) = await heard.after(lambda: (folder / "welcome.py").write_text(text))
    assert engine.problems == []
    assert sorted(engine.workflows) == ["welcome"]


async def test_a_module_that_a_workflow_imports_is_watched_and_imported_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, shared = tmp_path / "workflows", tmp_path / "shared_of_reload"
    folder.mkdir()
    shared.mkdir()
    monkeypatch.syspath_prepend(str(tmp_path))
    (shared / "__init__.py").write_text("")
    (shared / "money.py").write_text("PRICE = 1\n")
    (folder / "_prices.py").write_text("from shared_of_reload import money\nPRICE = money.PRICE\n")
    (folder / "welcome.py").write_text(HELPER)
    (folder / "other.py").write_text(
        HELPER.replace("welcome", "other").replace("import _prices\n", "_prices = None\n")
    )
    async with Engine(folder, store=tmp_path / "studio.db", clock=VirtualClock()) as engine:
        engine.watch()
        heard, other = Heard(engine), engine.workflows["other"]
        prices = []
        for n in range(2, 5):
            # Of the same length and within one second: by its time and size it is the same file.
            (told,) = await heard.after(lambda n=n: (shared / "money.py").write_text(f"PRICE = {n}\n"))  # type: ignore[misc]
            assert told.report is not None
            assert told.report.changed == ("welcome",)
            prices.append(sys.modules["_prices"].PRICE)
        assert prices == [2, 3, 4]
        assert engine.workflows["other"] is other
        (told,) = await heard.after(lambda: (shared / "money.py").write_text("PRICE = \n"))
        assert len(told.problems) == 1
        assert sys.modules["_prices"].PRICE == 4


def test_two_saves_of_one_size_within_a_second_are_two_versions(tmp_path: Path) -> None:
    folder = tmp_path / "workflows"
    folder.mkdir()
    (folder / "_prices.py").write_text("PRICE = 1\n")
    (folder / "welcome.py").write_text(HELPER)
    # Python's own cache holds the first version, with this very second and size.
    subprocess.run([sys.executable, "-m", "compileall", "-q", str(folder)], check=True)
    library = Library(folder)
    codes, prices = [], []
    for n in range(1, 4):
        (folder / "_prices.py").write_text(f"PRICE = {n}\n")
        loaded = library.load()
        assert loaded.problems == []
        codes.append(loaded.workflows["welcome"].code)
        prices.append(sys.modules["_prices"].PRICE)
    assert prices == [1, 2, 3]
    assert len(set(codes)) == 3


async def test_a_folder_that_is_made_later_is_watched(tmp_path: Path) -> None:
    folder = tmp_path / "later"
    async with Engine(folder, store=tmp_path / "studio.db", clock=VirtualClock()) as engine:
        engine.watch()
        heard = Heard(engine)
        await heard.after(lambda: write(folder, "return 1"))
        assert sorted(engine.workflows) == ["welcome"]
        (told,) = await heard.after(lambda: write(folder, "return 2"))
        assert told.report is not None


@pytest.mark.parametrize("polling", [True, None])
async def test_folders_can_be_looked_at_where_nothing_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch, polling: bool | None
) -> None:
    from watchfiles import watch

    import studio.source.watching

    def refusing(*paths: Path, force_polling: bool | None = None, **more: object) -> object:
        if not force_polling:
            raise OSError("no space left for watches")
        return watch(*paths, force_polling=True, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(studio.source.watching, "watch", refusing)
    library, changed = Library(folder), threading.Event()
    library.load()
    watching = Watching(library, changed.set, polling=polling)
    watching.start()
    try:
        await asyncio.sleep(0.3)
        write(folder, "return 2")
        assert await asyncio.to_thread(changed.wait, 5)
    finally:
        watching.stop()


async def test_watching_ends_with_the_engine(folder: Path, tmp_path: Path) -> None:
    async with Engine(folder, store=tmp_path / "studio.db", clock=VirtualClock()) as engine:
        engine.watch()
        engine.watch()
        assert [thread.name for thread in threading.enumerate()].count("watching") == 1
    assert "watching" not in [thread.name for thread in threading.enumerate()]
