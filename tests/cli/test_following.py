"""Following a store from other processes while an engine runs on it."""

from __future__ import annotations

import csv
import json
import os
import signal
import sqlite3
from pathlib import Path

import pexpect
import pytest

from studio import Engine, incoming
from studio.cli.output import Exit
from tests.cli.shell import COMMAND, begin, project, shell, until
from tests.store.build import Builder


@pytest.fixture
def here(tmp_path: Path) -> Path:
    return project(tmp_path)


def test_what_comes_is_told_to_all_who_follow_and_holds_up_no_one(here: Path) -> None:
    store = here / "s.db"
    with Engine(here / "workflows", store=store) as engine:
        engine.submit([incoming("signup", "ada", {"email": "ada@example.com"})]).result()
        commands = {
            "timeline": ("timeline", "ada", "--follow", "--kind", "event", "--csv"),
            "nobody": ("timeline", "eve", "-f", "--kind", "journey"),
            "events": ("logs", "--follow", "--kind", "event", "--since", "1h", "--limit", "1", "--json"),
            "warnings": ("logs", "--follow", "--level", "warning", "--user", "eve", "--json"),
            "waits": ("waits", "--watch", "--kind", "wait", "--json"),
            "table": ("waits", "--watch", "--user", "ada"),
        }
        shells = {name: begin(here, *words, "--store", "s.db") for name, words in commands.items()}
        try:

            def line(name: str) -> str:
                stdout = shells[name].stdout
                assert stdout is not None
                return stdout.readline().rstrip("\n")

            heads = line("timeline").split(",")
            told = [dict(zip(heads, next(csv.reader([line("timeline")])), strict=True))]
            assert json.loads(line("events"))["user"] == "ada"
            first = json.loads(line("waits"))
            assert (first["change"], first["name"], first["user"]) == ("open", "activated", "ada")
            assert line("table").split() == [
                "CHANGE",
                "JOURNEY",
                "KIND",
                "NAME",
                "LEFT",
                "DUE",
                "MATCH",
                "LINE",
            ]
            assert line("table").split()[:4] == ["open", "welcome/ada", "wait", "activated"]
            stderr = shells["nobody"].stderr
            assert stderr is not None
            assert stderr.readline() == "There is no user 'eve' yet.\n"
            assert line("nobody").split() == ["TIME", "KIND", "NAME", "WHAT", "LINE", "JOURNEY"]

            engine.submit([incoming("activated", "ada", {"a": "x,y\n1"}), incoming("signup", "eve")]).result()
            told.append(dict(zip(heads, next(csv.reader([line("timeline")])), strict=True)))
            assert [(row["name"], row["user"]) for row in told] == [("signup", "ada"), ("activated", "ada")]
            assert json.loads(told[1]["data"]) == {"a": "x,y\n1"}
            assert [json.loads(line("events"))["name"] for _ in range(2)] == ["activated", "signup"]
            changes = [json.loads(line("waits")) for _ in range(2)]
            assert {(each["change"], each["user"]) for each in changes} == {("ended", "ada"), ("open", "eve")}
            assert line("table").split()[:2] == ["ended", "welcome/ada"]
            assert line("nobody").split()[2] == "journey.started"

            # Nobody holds an old state of the store: all of the log can be folded in and cut off.
            con = sqlite3.connect(store, timeout=20)
            until(lambda: con.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone() == (0, 0, 0))
            con.close()
            for name, running in shells.items():
                running.send_signal(signal.SIGINT)
                out, err = running.communicate(timeout=60)
                assert (running.returncode, out, err) == (Exit.DONE, "", ""), name
        finally:
            for running in shells.values():
                running.kill()
                running.communicate()


def test_watched_waits_are_drawn_over_themselves_and_fit_the_terminal(tmp_path: Path) -> None:
    b = Builder(tmp_path / "s.db")
    journey = b.journey("welcome", "ada-名前", b.event("signup", "ada-名前"))
    b.wait(journey, "activated", 0, 60_000, match={"plan": "p" * 80})
    waits = [b.wait(journey, f"later{n}", 0, 60_000) for n in range(30)]
    b.done()
    terminal = pexpect.spawn(
        COMMAND[0],
        [*COMMAND[1:], "waits", "--watch", "--store", str(tmp_path / "s.db")],
        dimensions=(10, 80),
        encoding="utf-8",
        timeout=20,
    )
    terminal.expect_exact("\x1b[J")
    assert terminal.before is not None
    assert "later5" in terminal.before
    # Ten lines: the heads, eight waits, and one for the cursor.
    assert "later7" not in terminal.before
    assert "…" in terminal.before
    con = sqlite3.connect(tmp_path / "s.db")
    con.execute("DELETE FROM waits WHERE id = ?", (waits[0],))
    con.commit()
    con.close()
    terminal.expect_exact("later7")
    assert terminal.before is not None
    assert "\x1b[9A" in terminal.before
    terminal.sendintr()
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == Exit.DONE


def test_a_watched_status_is_told_again_when_it_has_changed(here: Path) -> None:
    store = here / "s.db"
    with Engine(here / "workflows", store=store) as engine:
        shells = [begin(here, "status", "--watch", *form, "--store", "s.db") for form in (["--json"], [])]
        try:
            told, lines = shells[0].stdout, shells[1].stdout
            assert told is not None
            assert lines is not None
            first = json.loads(told.readline())
            assert (first["users"], first["engine"]["pid"]) == (0, os.getpid())
            assert lines.readline().startswith("store     s.db  ")
            assert lines.readline() == "users     0\n"
            engine.submit([incoming("signup", "ada")]).result()
            second = json.loads(told.readline())
            assert (second["users"], second["journeys"]["waiting"]) == (1, 1)
            while lines.readline() != "\n":
                pass
            assert lines.readline().startswith("store     s.db  ")
            assert lines.readline() == "users     1\n"
            engine.stop_now()
            # The log may be folded in meanwhile.
            while json.loads(told.readline())["engine"] is not None:
                pass
            for running in shells:
                running.send_signal(signal.SIGINT)
                _, err = running.communicate(timeout=60)
                assert (running.returncode, err) == (Exit.DONE, "")
        finally:
            for running in shells:
                running.kill()
                running.communicate()


def test_a_watched_status_is_drawn_over_itself(tmp_path: Path) -> None:
    Builder(tmp_path / "s.db").done()
    terminal = pexpect.spawn(
        COMMAND[0],
        [*COMMAND[1:], "status", "--watch", "--store", str(tmp_path / "s.db")],
        dimensions=(24, 30),
        env={**os.environ, "COLUMNS": "30"},
        encoding="utf-8",
        timeout=20,
    )
    for up in ("", "\x1b[7A"):
        terminal.expect_exact("\x1b[J")
        assert terminal.before is not None
        assert up in terminal.before
        assert "engine    not running" in terminal.before
        shown = terminal.before.replace("\x1b[K", "").replace("\x1b[7A", "")
        assert max(map(len, shown.splitlines())) <= 30
    terminal.sendintr()
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == Exit.DONE


def test_users_on_temporal_are_not_watched(here: Path) -> None:
    done = shell(here, "status", "--watch", "--temporal", "127.0.0.1:1")
    assert done.returncode == Exit.WRONG
    assert "--watch looks at a store" in done.stderr
