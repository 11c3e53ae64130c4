"""Where the shared options come from, and what a slip gets."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.cli import call, in_order
from studio.cli.output import Exit
from studio.cli.settings import Settings, settings
from studio.errors import StudioError
from tests.store.build import small


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_defaults_count_from_the_working_folder(here: Path) -> None:
    usual = Settings(str(here / "workflows"), str(here / "data/studio.db"), "full")
    assert settings(None, None, None) == usual
    assert settings(None, ":memory:", None).store == ":memory:"


def test_the_nearest_project_file_is_asked(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "pyproject.toml").write_text(
        '[tool.journey-studio]\nworkflows = "flows"\nstore = "var/x.db"\ndurability = "normal"\nlater = 1\n'
    )
    below = here / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert settings(None, None, None) == Settings(str(here / "flows"), str(here / "var/x.db"), "normal")
    assert settings("w", "s", "full") == Settings(str(below / "w"), str(below / "s"), "full")
    # A nearer one without the table stands for a project of its own.
    (here / "a" / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    assert settings(None, None, None) == Settings(
        str(below / "workflows"), str(below / "data/studio.db"), "full"
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[tool.journey-studio]\nstore = 5\n", "store is 5 and must be a text"),
        ("[tool.journey-studio]\ndurability = 'none'\n", "durability is 'none'"),
        ("[tool.journey-studio]\nstroe = 'x.db'\n", "there is no setting stroe. Did you mean store?"),
        ("[tool]\njourney-studio = 3\n", "it is 3 and no table"),
        ("[tool.journey-studio\n", "it is not valid TOML"),
    ],
)
def test_a_slip_in_the_project_file_is_told(
    here: Path, text: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "pyproject.toml").write_text(text)
    with pytest.raises(StudioError, match=told):
        settings(None, None, None)
    assert call(["users"]) == Exit.WRONG
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ([], ["studio"]),
        (["users", "--store", "x"], ["users", "--store", "x"]),
        (["--store", "x", "users", "--json"], ["users", "--store", "x", "--json"]),
        (["--store=x", "--workflows", "w", "users"], ["users", "--store=x", "--workflows", "w"]),
        (["--store", "x"], ["studio", "--store", "x"]),
        (["--store"], ["studio", "--store"]),
        (["--help"], ["--help"]),
        (["--store", "x", "--help"], ["--help"]),
        (["--nonsense"], ["studio", "--nonsense"]),
    ],
)
def test_shared_options_may_stand_before_the_command(given: list[str], meant: list[str]) -> None:
    assert in_order(given) == meant


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["usrs"], "There is no command 'usrs'. Did you mean users?"),
        (["\x1b[31mx"], "\\x1b[31mx"),
        (["users", "--nonsense"], "No such option"),
        (["users", "--limit", "0"], "--limit"),
        (["users", "--limit", "x"], "'x' is not a number of rows. Write a whole number, 1 or more."),
        (["users", "--store", ":memory:"], "a store in memory is gone when its process ends. Name a file."),
        (["verify", "--store", ":memory:"], "a store in memory"),
        (["users", "--store", "."], ".: it is a folder and no store. Name a file in it: studio.db."),
        (["--nonsense"], "No such option"),
        (["timeline"], "Missing argument"),
        (["journeys", "--status", "odd"], "--status"),
        (["play"], "Missing argument"),
        (["play", "none.jsonl"], "there are no workflows here"),
        (["run", "--for", "3x"], "3x"),
        (["play", "x", "--until", "3x"], "3x"),
        (["play", "x", "--until", "2026-99-01"], "is not a time"),
        (["send", "e"], "--user"),
        (["send", "-", "--user", "u"], "--user"),
        (["users", "--durability", "none"], "--durability"),
    ],
)
def test_wrong_use_is_told_with_exit_code_2(
    args: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(args) == Exit.WRONG
    out, err = capsys.readouterr()
    assert out == ""
    assert told in err
    assert "Traceback" not in err


def test_the_studio_needs_a_terminal(capsys: pytest.CaptureFixture[str], here: Path) -> None:
    assert call([]) == Exit.WRONG
    assert capsys.readouterr().err.startswith("journey-studio: the studio needs a terminal. Without one use")
    assert list(here.iterdir()) == []


def test_the_help_of_play_names_its_own_store(capsys: pytest.CaptureFixture[str]) -> None:
    for command, usual in (("play", "in memory"), ("run", "data/studio.db")):
        assert call([command, "--help"]) == Exit.DONE
        assert f"[default: {usual}]" in " ".join(capsys.readouterr().out.split())


def test_help_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["--help"]) == Exit.DONE
    assert "timeline" in capsys.readouterr().out
    assert call(["--version"]) == Exit.DONE
    assert "journey-studio" in capsys.readouterr().out


@pytest.mark.parametrize(
    "command", ["users", "journeys", "waits", "logs", "verify", "timeline u", "cancel w/u"]
)
def test_a_missing_store_is_named_and_not_made(
    here: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call([*command.split(), "--store", "none.db"]) == Exit.WRONG
    out, err = capsys.readouterr()
    assert out == ""
    assert "none.db: there is no store here. Start journey-studio" in err
    assert list(here.iterdir()) == []


def test_what_is_no_store_is_refused(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "x.db").write_text("no database, but long enough to be looked at as if it were one. " * 20)
    assert call(["users", "--store", "x.db"]) == Exit.WRONG
    assert "x.db: it is not a database" in capsys.readouterr().err
    small(here / "y.db")
    assert call(["users", "--store", "y.db"]) == Exit.DONE
