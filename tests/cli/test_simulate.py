"""`simulate`: made-up users, two versions side by side, and what is said of both."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from studio.cli import call
from studio.cli.output import Exit
from studio.store.views import Views

SOURCE = """
from studio import workflow


def send(text):
    raise AssertionError("no step is called")


@workflow(trigger="signup")
async def welcome(journey):
    await journey.step("greet", send, journey.user.email)
    opened = await journey.wait_for("opened", timeout="2d")
    return True if opened else await journey.ingest("lost")
"""
PROFILE = """
[arrivals]
event = "signup"
over = "5d"
[events.opened]
chance = 0.8
p50 = "1d"
p90 = "5d"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "workflows").mkdir()
    (tmp_path / "workflows" / "welcome.py").write_text(SOURCE)
    (tmp_path / "p.toml").write_text(PROFILE)
    (tmp_path / "longer.py").write_text(SOURCE.replace('timeout="2d"', 'timeout="4d"'))
    return tmp_path


@pytest.fixture
def simulate(folder: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    def simulate(*words: str) -> tuple[int, str, str]:
        code = call(["simulate", *words])
        out, err = capsys.readouterr()
        return code, out, err

    return simulate


def test_people_see_the_funnel_and_that_it_is_made_up(simulate: Any) -> None:
    code, out, err = simulate("welcome", "--users", "50", "--profile", "p.toml")
    assert (code, err) == (Exit.DONE, "")
    assert out.startswith("50 made-up users went through.\n\nwelcome: 50 journeys entered\n")
    assert "step greet" in out
    assert "They are made up: each rate in the profile is a guess until it was fitted" in out


def test_scripts_get_one_object_and_the_same_for_the_same_seed(simulate: Any) -> None:
    words = ("welcome", "--users", "60", "--profile", "p.toml", "--json")
    _, one, _ = simulate(*words)
    _, same, _ = simulate(*words)
    _, other, _ = simulate(*words, "--seed", "2")
    assert one == same != other
    found = json.loads(one)
    assert (found["users"], found["whole"], found["funnel"]["entered"]) == (60, True, 60)


def test_the_store_is_kept_where_it_is_asked_for_and_never_written_over(simulate: Any) -> None:
    code, _, err = simulate("welcome", "--users", "5", "--profile", "p.toml", "--as", "made.db")
    assert (code, err) == (Exit.DONE, "journey-studio --store made.db opens it\n")
    with Views("made.db") as views:
        assert views.totals().users == 5
        assert views.workflow_names() == ["welcome"]
    code, _, err = simulate("welcome", "--users", "5", "--profile", "p.toml", "--as", "made.db")
    assert (code, err) == (
        Exit.WRONG,
        "journey-studio: made.db: it is there already. Name a file that is made.\n",
    )


def test_a_profile_to_begin_with_is_written_once(simulate: Any) -> None:
    code, out, err = simulate("welcome", "--init", "first.toml")
    assert (code, out) == (Exit.DONE, "")
    assert "simulate welcome --profile first.toml" in err
    code, out, _ = simulate("welcome", "--users", "5", "--profile", "first.toml")
    assert code == Exit.DONE
    code, _, err = simulate("welcome", "--init", "first.toml")
    assert (code, err) == (
        Exit.WRONG,
        "journey-studio: first.toml: it is there already. Name another file.\n",
    )


def test_the_same_people_go_through_both_versions(simulate: Any) -> None:
    words = ("welcome", "--users", "300", "--profile", "p.toml", "--against", "longer.py")
    code, out, err = simulate(*words, "--json")
    assert (code, err) == (Exit.DONE, "")
    reached = next(each for each in json.loads(out)["differences"] if each["name"] == "reached")
    # Who opens within two days does so within four: only A reaches more, and the pairs know it.
    assert reached["a"] > reached["b"]
    paired, unpaired = (reached[key]["high"] - reached[key]["low"] for key in ("difference", "unpaired"))
    assert paired < unpaired
    _, out, _ = simulate(*words)
    assert "A is longer.py, B what is in the folder now." in out
    assert "less (95 %:" in out
    assert "300 paired users" in out


def test_the_same_version_shows_no_difference(simulate: Any) -> None:
    _, out, _ = simulate(
        *["welcome", "--users", "100", "--profile", "p.toml", "--against", "workflows/welcome.py"]
    )
    assert "No difference is certain: 0.0 %" in out


def test_another_version_comes_out_of_git(simulate: Any, folder: Path) -> None:
    def git(*words: str) -> None:
        who = ("-c", "user.name=a", "-c", "user.email=a@example.com")
        subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)

    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "one")
    (folder / "workflows" / "welcome.py").write_text(SOURCE.replace('timeout="2d"', 'timeout="4d"'))
    words = ("welcome", "--users", "200", "--profile", "p.toml", "--json", "--against")
    code, out, _ = simulate(*words, "git:HEAD")
    assert code == Exit.DONE
    reached = next(each for each in json.loads(out)["differences"] if each["name"] == "reached")
    assert reached["b"] > reached["a"]
    code, _, err = simulate(*words, "git:nothing")
    assert code == Exit.WRONG
    assert err.startswith("journey-studio: git:nothing: git says: ")


def test_the_rates_that_decide_are_named(simulate: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.reports.simulation.sweep.USERS", 50)
    words = ("welcome", "--users", "100", "--profile", "p.toml", "--against", "longer.py", "--sweep")
    code, out, _ = simulate(*words)
    assert code == Exit.DONE
    assert "  opened: " in out
    assert "Beside it, chance: " in out


def test_what_is_not_there_is_named(simulate: Any) -> None:
    assert simulate("welcom")[::2] == (
        Exit.WRONG,
        "journey-studio: workflows: there is no workflow 'welcom'. Did you mean welcome?\n",
    )
    code, _, err = simulate("welcome", "--sweep")
    assert (code, "--sweep moves the rates of a comparison" in err) == (Exit.WRONG, True)
    code, _, err = simulate("welcome", "--profile", "none.toml")
    assert (code, "none.toml: No such file or directory" in err) == (Exit.WRONG, True)
    code, _, err = simulate("welcome", "--profile", "p.toml", "--users", "5", "--against", "none.py")
    assert code == Exit.WRONG


def test_ctrl_c_shows_what_there_is_so_far(folder: Path) -> None:
    words = ["simulate", "welcome", "--users", "1000000", "--profile", "p.toml", "--json"]
    process = subprocess.Popen(
        [sys.executable, "-m", "studio.cli", *words], cwd=folder, stdout=subprocess.PIPE, text=True
    )
    try:
        # It is under way once its store is being filled; there is nothing to be told before.
        deadline = time.monotonic() + 60
        while not _has_begun(process.pid) and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=120)
    finally:
        process.kill()
    found = json.loads(out)
    assert process.returncode == Exit.DONE
    assert (found["whole"], found["asked"]) == (False, 1_000_000)
    assert 0 < found["users"] == found["funnel"]["entered"] < 1_000_000


def _has_begun(pid: int) -> bool:
    """Whether the process has a store of made-up users open."""
    links = Path(f"/proc/{pid}/fd").iterdir()
    return any(str(link.readlink()).endswith("b.db-wal") for link in links if link.is_symlink())


def test_chances_come_from_a_store_and_the_miss_is_said_first(simulate: Any) -> None:
    simulate("welcome", "--users", "200", "--profile", "p.toml", "--as", "real.db")
    code, out, err = simulate(
        "welcome", "--users", "20", "--profile", "p.toml", "--fit", "--store", "real.db", "--json"
    )
    assert code == Exit.DONE
    assert json.loads(out)["users"] == 20
    assert "opened: " in err
    assert " % of 140 sent it, half of them within " in err
    assert " points against it" in err
