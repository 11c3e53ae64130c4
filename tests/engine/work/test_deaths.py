"""What ends the process in a workflow's function fails that journey, and never every following start.

Real processes that end themselves; their other half is death_child.py.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from studio import Engine, Journey, VirtualClock, incoming, workflow
from studio.engine.loop.committer import Committer
from studio.engine.work.batch import Batch
from studio.store.inbox import send
from studio.store.sqlite import Store
from tests.engine.support import ROOT, entries, failure, in_time, journey, sound

__all__ = ["in_time"]

CHILD = Path(__file__).with_name("death_child.py")
MOST_STARTS = 12


class Deaths:
    """A store, and what is deadly on it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "studio.db"
        self.deadly = folder / "deadly"
        self.deadly.mkdir()

    def let_die(self, name: str, times: int) -> None:
        (self.deadly / name).write_text(str(times))

    def start(self) -> int:
        """Run a process to its end; gives its exit code."""
        command = [sys.executable, str(CHILD), str(self.path), str(self.deadly)]
        return subprocess.run(command, cwd=ROOT, timeout=180, check=False, capture_output=True).returncode

    def start_until_idle(self) -> int:
        """Start it again until it outlives what there is to do; gives how often it died."""
        for deaths in range(MOST_STARTS):
            code = self.start()
            if code == 0:
                return deaths
            assert code == 9
        raise AssertionError(f"it died {MOST_STARTS} times")

    def statuses(self, workflow: str, users: list[str]) -> list[str]:
        return [journey(self.path, f"{workflow}/{user}").status for user in users]


@pytest.fixture
def deaths(tmp_path: Path) -> Deaths:
    found = Deaths(tmp_path)
    with Engine(store=found.path):
        pass
    return found


def test_a_journey_that_kills_the_process_fails_and_all_others_go_on(deaths: Deaths) -> None:
    users = [f"u{n}" for n in range(9)]
    send(deaths.path, [incoming("go", user) for user in users])
    deaths.let_die("u5", 99)
    # Once as it came, in a batch with all others; then it is named, and has three tries.
    died = deaths.start_until_idle()
    assert 4 <= died <= 7
    found = failure(deaths.path, "u5")
    assert found["type"] == "Killed"
    assert "killed the process: 3 times in a row" in found["message"]
    assert deaths.statuses("plain", users) == ["waiting"] * 5 + ["failed"] + ["waiting"] * 3
    sound(deaths.path)
    # Resumed when it is mended.
    deaths.let_die("u5", 0)
    send(deaths.path, [incoming("second", user) for user in users])
    assert deaths.start() == 0
    assert deaths.statuses("plain", ["u4", "u5"]) == ["completed", "failed"]


@pytest.mark.long
def test_a_deadline_that_kills_the_process_fails_its_journey(deaths: Deaths) -> None:
    users = [f"u{n}" for n in range(4)]
    send(deaths.path, [incoming("nap", user) for user in users])
    deaths.let_die("u2", 99)
    assert deaths.start_until_idle() <= 7
    assert deaths.statuses("naps", users) == ["completed", "completed", "failed", "completed"]
    sound(deaths.path)


@pytest.mark.long
def test_deaths_at_other_positions_do_not_add_up(deaths: Deaths) -> None:
    send(deaths.path, [incoming("go", "ada")])
    deaths.let_die("ada", 2)
    assert deaths.start_until_idle() == 2
    send(deaths.path, [incoming("second", "ada")])
    deaths.let_die("ada-second", 3)
    assert deaths.start_until_idle() == 3
    assert deaths.statuses("plain", ["ada"]) == ["completed"]
    sound(deaths.path)


@pytest.mark.long
def test_deaths_that_are_not_in_a_drive_fail_nobody(deaths: Deaths) -> None:
    users = ["ada", "bob", "cyd"]
    send(deaths.path, [incoming("go", user) for user in users])
    deaths.let_die("commit", 5)
    assert deaths.start_until_idle() == 5
    assert deaths.statuses("plain", users) == ["waiting"] * 3
    sound(deaths.path)


def _with_open_steps(deaths: Deaths, users: list[str]) -> None:
    """A process has died in which these had steps that ran."""
    send(deaths.path, [incoming("work", user) for user in users])
    deaths.let_die("steps", 1)
    assert deaths.start() == 7


def _start_until_failed(deaths: Deaths, user: str) -> None:
    """Steps run on in each process, until it dies."""
    for _ in range(MOST_STARTS):
        if any(entry.user == user for entry in entries(deaths.path, "journey.failed")):
            break
        assert deaths.start() in (7, 9)
    assert failure(deaths.path, user)["type"] == "Killed"
    (deaths.deadly / "steps").unlink()
    deaths.let_die("finish", 1)
    assert deaths.start() == 0


@pytest.mark.long
def test_a_start_that_dies_among_open_steps_finds_whose_drive_it_is(deaths: Deaths) -> None:
    users = [f"u{n}" for n in range(8)]
    _with_open_steps(deaths, users)
    deaths.let_die("u5", 99)
    _start_until_failed(deaths, "u5")
    assert deaths.statuses("works", users) == ["completed"] * 5 + ["failed"] + ["completed"] * 2
    sound(deaths.path)


@pytest.mark.long
def test_steps_that_run_while_a_drive_kills_the_process_bear_no_blame(deaths: Deaths) -> None:
    _with_open_steps(deaths, ["ada", "bob"])
    send(deaths.path, [incoming("go", "cyd")])
    deaths.let_die("cyd", 99)
    _start_until_failed(deaths, "cyd")
    assert deaths.statuses("works", ["ada", "bob"]) == ["completed"] * 2
    assert not entries(deaths.path, "step.failed")
    sound(deaths.path)


# -- the size of batches ---------------------------------------------------------------------


@workflow(trigger="go", name="quick")
async def quick(journey: Journey) -> int:
    return 1


async def _sizes(path: Path, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The events in each batch, of 40 that come at once."""
    sizes: list[int] = []
    commit = Committer.commit

    def counted(committer: Committer, store: Store, batch: Batch, finished: Any) -> bool:
        if finished:
            sizes.append(len(finished))
        return commit(committer, store, batch, finished)

    with monkeypatch.context() as patch:
        patch.setattr(Committer, "commit", counted)
        async with Engine(quick, store=path, clock=VirtualClock()) as engine:
            await engine.ingest_many([incoming("go", f"{path.stem}{n}") for n in range(40)])
    return sizes


async def test_batches_are_small_after_an_unclean_end_and_grow_as_each_commits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, image = tmp_path / "a.db", tmp_path / "b.db"
    async with Engine(quick, store=path, clock=VirtualClock()) as engine:
        await engine.ingest("go", "ada")
        for suffix in ("", "-wal"):
            shutil.copy(f"{path}{suffix}", f"{image}{suffix}")
    monkeypatch.setattr("studio.engine.loop.scheduler.LEAST_LOOK_AHEAD", 100)
    assert await _sizes(image, monkeypatch) == [1, 2, 4, 8, 16, 9]
    assert await _sizes(image, monkeypatch) == [40]
    assert await _sizes(path, monkeypatch) == [40]
    with_nothing = Store(image)
    assert (
        with_nothing.rows("SELECT key FROM meta WHERE key IN ('engine', 'driven', 'suspects', 'recovering')")
        == []
    )
    with_nothing.close()
    sound(image)
