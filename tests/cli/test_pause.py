"""`pause` and `unpause`, with and without a running engine."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import pytest

from studio import Engine
from studio.cli import call
from studio.cli.output import Exit
from studio.clocks.clock import VirtualClock
from studio.language.incoming import incoming
from studio.store.views import Views
from tests.cli.shell import project

STORE = ("--store", "s.db")
NO_ENGINE = "No engine runs on s.db, so the next that starts obeys it.\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(project(tmp_path))
    return tmp_path


@pytest.fixture
def waiting(here: Path) -> Path:
    """Two who wait, long ago: their deadlines are behind by now."""
    with Engine("workflows", store=here / "s.db", clock=VirtualClock()) as engine:
        engine.submit([incoming("signup", name) for name in ("ada", "bob")]).result()
    return here / "s.db"


def told(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    code = call([*args, *STORE])
    return (code, *capsys.readouterr())


def test_a_workflow_is_paused_and_unpaused_without_an_engine(
    waiting: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told(capsys, "pause", "welcome") == (
        Exit.DONE,
        "paused welcome: 2 journeys of it stand still\n",
        NO_ENGINE,
    )
    code, out, _ = told(capsys, "status")
    assert code == Exit.DONE
    assert re.search(r"^paused    workflow welcome, since \S+ \S+( by \S+)?$", out, re.MULTILINE)
    _, out, _ = told(capsys, "status", "--json")
    (paused,) = json.loads(out)["workflows_paused"]
    assert (paused["workflow"], paused["goes_on"]) == ("welcome", False)
    code, out, err = told(capsys, "pause", "welcome")
    assert (code, out) == (Exit.WRONG, "")
    assert "welcome: it is paused already" in err
    for more in (("--users", "eve"), ("--from", "completed")):
        code, out, err = told(capsys, "start", "welcome", *more)
        assert (code, out) == (Exit.WRONG, "")
        assert "welcome is paused: nothing begins. journey-studio unpause welcome" in err
    # What comes meanwhile begins nothing, and `why` says so.
    assert told(capsys, "send", "signup", "--user", "eve")[0] == Exit.DONE
    assert told(capsys, "send", "activated", "--user", "ada")[0] == Exit.DONE
    assert told(capsys, "run", "--until-idle")[0] == Exit.DONE
    _, out, _ = told(capsys, "why", "eve")
    assert "welcome is triggered by signup  (it was paused: what comes meanwhile begins nothing" in out
    _, out, _ = told(capsys, "why", "ada")
    assert "welcome waits for activated  (it was paused: an event that came in time is taken" in out
    assert "welcome is paused  (nothing of it moves; what came in time is taken when it goes on)" in out
    assert told(capsys, "unpause", "welcome") == (
        Exit.DONE,
        "unpaused welcome: 2 journeys go on\n",
        NO_ENGINE,
    )
    _, out, _ = told(capsys, "status")
    assert ", goes on with the next engine" in out
    assert told(capsys, "run", "--until-idle")[0] == Exit.FAILED
    with Views(waiting) as views:
        assert {row.user: row.status for row in views.journeys()} == {"ada": "completed", "bob": "failed"}
    assert "paused" not in told(capsys, "status")[1]


def test_how_many_are_late_is_said_before_a_yes(waiting: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, "pause", "welcome", "--json") == (
        Exit.DONE,
        '{"workflow": "welcome", "done": "paused", "waiting": 2}\n',
        "",
    )
    with Engine("workflows", store=waiting, clock=VirtualClock()) as engine:
        asyncio.run(engine.forward("9d"))
    says = "2 journeys of welcome would go on, 2 of them late; 2 of them by more than 1d.\n"
    assert told(capsys, "unpause", "welcome", "--skip-late", "1d", "--dry-run") == (Exit.DONE, "", says)
    dry = '{"workflow": "welcome", "waiting": 2, "late": 2, "leave": 0, "done": null}\n'
    assert told(capsys, "unpause", "welcome", "--skip-late", "3d", "--dry-run", "--json") == (
        Exit.DONE,
        dry,
        "",
    )
    code, out, err = told(capsys, "unpause", "welcome", "--skip-late", "1d")
    assert (code, out) == (Exit.WRONG, "")
    assert "this needs a confirmation, and there is no terminal. Give --yes." in err
    with Views(waiting) as views:
        assert views.paused_workflows() == ["welcome"]
    assert told(capsys, "unpause", "welcome", "--skip-late", "1d", "--yes", "--json") == (
        Exit.DONE,
        '{"workflow": "welcome", "waiting": 2, "late": 2, "leave": 2, "done": "unpaused"}\n',
        "",
    )
    assert told(capsys, "run", "--until-idle")[0] == Exit.DONE
    with Views(waiting) as views:
        assert [row.status for row in views.journeys()] == ["exited", "exited"]


def test_a_running_engine_pauses_at_once(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Engine("workflows", store=here / "s.db") as engine:
        assert told(capsys, "pause", "welcome") == (
            Exit.DONE,
            "paused welcome: 0 journeys of it stand still\n",
            "",
        )
        engine.submit([incoming("signup", "ada")]).result()
        with Views(here / "s.db") as views:
            assert not views.journeys()
        assert told(capsys, "unpause", "welcome") == (
            Exit.DONE,
            "unpaused welcome: 0 journeys go on\n",
            "",
        )
        engine.submit([incoming("signup", "ada")]).result()
        with Views(here / "s.db") as views:
            assert [row.status for row in views.journeys()] == ["waiting"]


def test_who_is_exported_takes_no_pause_along_and_who_is_imported_stands_still(
    waiting: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told(capsys, "pause", "welcome")[0] == Exit.DONE
    assert told(capsys, "export", "ada", "--to", "ada.jsonl")[0] == Exit.DONE
    with Engine((), store="other.db"):
        pass
    assert call(["import", "ada.jsonl", "--store", "other.db"]) == Exit.DONE
    with Views("other.db") as views:
        assert (views.pauses(), len(views.journeys())) == ({}, 1)
    assert call(["pause", "welcome", "--store", "other.db"]) == Exit.DONE
    with Engine("workflows", store="other.db", clock=VirtualClock()) as engine:
        asyncio.run(engine.forward("9d"))
    with Views("other.db") as views:
        assert [row.status for row in views.journeys()] == ["waiting"]
        assert [row.waits_for for row in views.journeys()] == ["workflow paused"]


def test_wrong_use_is_refused(waiting: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = told(capsys, "pause", "welcom")
    assert (code, out) == (Exit.WRONG, "")
    assert "there is no workflow 'welcom'. There is welcome." in err
    code, out, err = told(capsys, "unpause", "welcome")
    assert (code, out) == (Exit.WRONG, "")
    assert "welcome: it is not paused" in err
    code, out, err = told(capsys, "unpause", "welcome", "--yes")
    assert (code, out) == (Exit.WRONG, "")
    assert "--yes goes with --skip-late" in err
    code = call(["pause", "welcome", "--store", "none.db"])
    assert code == Exit.WRONG
    assert not Path("none.db").exists()
