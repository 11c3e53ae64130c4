"""`play`, `run`, `send` and the acts, in this process, on real stores."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from studio.cli import call
from studio.cli.output import Exit
from studio.store.views import Views
from tests.cli.shell import kinds, project

SIGNUP = '{"event": "signup", "user": {"id": "ada", "email": "ada@x"}}\n'
ACTIVATED = '{"at": "1d", "event": "activated", "user": "ada"}\n'


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(project(tmp_path))
    return tmp_path


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def write(name: str, text: str) -> str:
    Path(name).write_text(text)
    return name


# -- play ----------------------------------------------------------------------------------


def test_play_prints_what_happened(capsys: pytest.CaptureFixture[str], here: Path) -> None:
    file = write("e.jsonl", SIGNUP + ACTIVATED)
    assert call(["play", file]) == Exit.DONE
    out, err = capsys.readouterr()
    assert err == ""
    assert [line.strip() for line in out.splitlines()] == [
        "+0.0s  signup",
        "+0.0s      hello ada@x",
        "+1d 0h  activated",
        '+1d 0h      ✓ welcome completed {"ok": true}',
    ]
    assert not (here / "data").exists()


def test_play_as_json_has_every_entry(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["play", "--json", write("e.jsonl", SIGNUP + ACTIVATED)]) == Exit.DONE
    rows = lines(capsys.readouterr().out)
    assert [row["kind"] for row in rows if not row["kind"].startswith(("workflow.", "clock."))] == [
        "event",
        "journey.started",
        "log",
        "wait.opened",
        "event",
        "wait.matched",
        "journey.completed",
    ]
    assert rows[-1]["time"] == "2026-01-02T00:00:00.000Z"


def test_a_failed_journey_gives_exit_code_1(capsys: pytest.CaptureFixture[str]) -> None:
    file = write("e.jsonl", SIGNUP)
    assert call(["play", file]) == Exit.FAILED
    assert "✗ welcome failed at welcome.py:10: RuntimeError: never came back" in capsys.readouterr().out
    # Not when it is ended before.
    for until in ("6d", "2026-01-07"):
        assert call(["play", file, "--until", until]) == Exit.DONE
    capsys.readouterr()


def test_a_workflow_that_does_not_load_gives_exit_code_1(capsys: pytest.CaptureFixture[str]) -> None:
    write("workflows/broken.py", "def broken(:\n")
    assert call(["play", write("e.jsonl", SIGNUP + ACTIVATED)]) == Exit.FAILED
    out, err = capsys.readouterr()
    assert "broken.py:1: SyntaxError" in err
    assert "welcome completed" in out


def test_play_begins_at_the_first_moment_of_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    text = SIGNUP.replace("{", '{"at": "2020-05-01T10:00:00Z", ', 1) + ACTIVATED.replace('"1d"', '"2s"')
    assert call(["play", "--json", write("e.jsonl", text)]) == Exit.DONE
    rows = lines(capsys.readouterr().out)
    assert [row["time"] for row in rows if row["kind"] == "event"] == [
        "2020-05-01T10:00:00.000Z",
        "2020-05-01T10:00:02.000Z",
    ]


def test_play_on_a_store_keeps_it(capsys: pytest.CaptureFixture[str], here: Path) -> None:
    assert call(["play", write("e.jsonl", SIGNUP), "--until", "1d", "--store", "s.db"]) == Exit.DONE
    assert call(["play", write("f.jsonl", ACTIVATED), "--store", "s.db"]) == Exit.DONE
    out = capsys.readouterr().out
    # The second tells only what is new.
    assert out.count("signup") == 1
    assert "journey.completed" in kinds(here / "s.db")


def test_a_slip_in_the_file_stores_nothing(capsys: pytest.CaptureFixture[str], here: Path) -> None:
    file = write("e.jsonl", SIGNUP + "\n# fine\n" + '{"event": "x"}\n')
    assert call(["play", file, "--store", "s.db"]) == Exit.WRONG
    out, err = capsys.readouterr()
    assert out == ""
    assert "e.jsonl:4: the field user is missing" in err
    assert not (here / "s.db").exists()
    for missing in ("none.jsonl", "workflows"):
        assert call(["play", missing]) == Exit.WRONG
        assert missing in capsys.readouterr().err


def test_play_says_when_it_is_cut_after_a_year(capsys: pytest.CaptureFixture[str]) -> None:
    write(
        "workflows/endless.py",
        "from studio import workflow\n@workflow(trigger='go')\nasync def endless(journey):\n"
        "    while True:\n        await journey.sleep('100d')\n        await journey.new_pass()\n",
    )
    assert call(["play", write("e.jsonl", '{"event": "go", "user": "u"}\n')]) == Exit.DONE
    assert "year" in capsys.readouterr().err


def test_play_says_when_a_file_has_no_events(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["play", write("e.jsonl", "# nothing yet\n")]) == Exit.DONE
    assert capsys.readouterr() == ("", "e.jsonl has no events.\n")


# -- run -----------------------------------------------------------------------------------


def test_run_until_idle_takes_in_a_file(capsys: pytest.CaptureFixture[str], here: Path) -> None:
    file = write("e.jsonl", SIGNUP + ACTIVATED)
    assert call(["run", "--until-idle", "--json", "--events", file]) == Exit.DONE
    rows = lines(capsys.readouterr().out)
    assert "journey.completed" in [row["kind"] for row in rows]
    # `at` of what comes now is the sender's own.
    assert kinds(here / "data" / "studio.db").count("event") == 2


def test_run_until_idle_takes_what_was_sent_before(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["send", "signup", "--user", "ada", "--data", '{"email": "ada@x"}']) == Exit.DONE
    capsys.readouterr()
    assert call(["run", "--until-idle"]) == Exit.DONE
    out, err = capsys.readouterr()
    assert "hello ada@x" in out
    assert "Running on" in err
    # What was told once is not told again.
    assert call(["run", "--until-idle"]) == Exit.DONE
    assert capsys.readouterr().out == ""


def test_run_ends_after_its_time(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["run", "--for", "50ms"]) == Exit.DONE
    assert call(["run", "--for", "0s", "--json", "--until-idle"]) == Exit.DONE
    capsys.readouterr()


def test_a_slip_in_a_stream_keeps_what_came_before(capsys: pytest.CaptureFixture[str], here: Path) -> None:
    file = write("e.jsonl", SIGNUP + "{\n")
    for options in (["--until-idle"], []):
        assert call(["run", "--events", file, "--store", "s.db", *options]) == Exit.WRONG
        assert "e.jsonl:2: it is not valid JSON" in capsys.readouterr().err
    assert kinds(here / "s.db").count("event") == 2


# -- send ----------------------------------------------------------------------------------


def test_send_says_what_it_did(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["send", "app/login", "--user", "ada"]) == Exit.DONE
    out, err = capsys.readouterr()
    assert out == "added app/login for ada\n"
    assert "No engine runs on data/studio.db" in err
    assert call(["send", "app/login", "--user", "ada", "--id", "x", "--json"]) == Exit.DONE
    assert lines(capsys.readouterr().out) == [{"event": "app/login", "user": "ada", "id": "x"}]


def test_send_reads_data_from_a_file(capsys: pytest.CaptureFixture[str], here: Path) -> None:
    assert call(["send", "e", "--user", "u", "--data", "@" + write("d.json", '{"a": [1,\n 2]}')]) == Exit.DONE
    assert call(["run", "--until-idle"]) == Exit.DONE
    capsys.readouterr()
    with Views(here / "data" / "studio.db") as views:
        assert [e.data for e in views.entries(kinds={"event"})] == [{"a": [1, 2]}]


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["--data", "{"], "--data: it is not valid JSON"),
        (["--data", '{"a": NaN}'], "NaN"),
        (["--data", "[1]"], "not an object"),
        (["--data", "null"], "null"),
        (["--data", "@none.json"], "none.json: the file cannot be read"),
        (["--id", ""], "id"),
        (["--store", ":memory:"], "--store"),
        (["--store", "workflows"], "workflows"),
    ],
)
def test_a_bad_event_is_refused(
    args: list[str], told: str, capsys: pytest.CaptureFixture[str], here: Path
) -> None:
    assert call(["send", "e", "--user", "u", *args]) == Exit.WRONG
    out, err = capsys.readouterr()
    assert out == ""
    assert told in err
    assert not (here / "data").exists()


# -- acts ----------------------------------------------------------------------------------


def test_acts_on_a_store_without_an_engine(capsys: pytest.CaptureFixture[str], here: Path) -> None:
    assert call(["play", write("e.jsonl", SIGNUP), "--store", "s.db"]) == Exit.FAILED
    capsys.readouterr()
    on = ["--store", "s.db"]
    assert call(["resume", "welcome/ada", *on]) == Exit.FAILED
    assert capsys.readouterr().out == "resumed welcome/ada, now failed\n"
    write("workflows/welcome.py", Path("workflows/welcome.py").read_text().replace("raise", "return "))
    write(
        "workflows/welcome.py",
        Path("workflows/welcome.py").read_text().replace("return  RuntimeError", "return str"),
    )
    assert call(["resume", "welcome/ada", *on, "--json"]) == Exit.DONE
    assert lines(capsys.readouterr().out)[0]["status"] == "completed"
    assert call(["restart", "welcome/ada", *on]) == Exit.DONE
    assert capsys.readouterr().out == "restarted welcome/ada as welcome/ada~2, now waiting\n"
    assert call(["restart", "welcome/ada~2", *on, "--json"]) == Exit.DONE
    assert lines(capsys.readouterr().out)[0]["as"] == "welcome/ada~3"
    assert call(["cancel", "welcome/ada~3", *on, "--json"]) == Exit.DONE
    assert lines(capsys.readouterr().out.splitlines()[-1])[0]["status"] == "cancelled"
    for wrong, told in (
        ("welcome/ada~3", "cancelled already"),
        ("welcome/nobody", "no such journey"),
        ("x", "x"),
    ):
        assert call(["cancel", wrong, *on]) == Exit.WRONG
        assert told in capsys.readouterr().err
    assert call(["verify", *on]) == Exit.DONE


def test_a_run_that_is_traced_by_nobody_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    write("pyproject.toml", '[tool.journey-studio]\notel = "on"\n')
    assert call(["run", "--until-idle", "--events", write("e.jsonl", SIGNUP)]) == Exit.DONE
    assert "no provider of OpenTelemetry is set, so that spans go nowhere" in capsys.readouterr().err
    write("pyproject.toml", '[tool.journey-studio]\notel = "yes"\n')
    assert call(["run", "--until-idle"]) == Exit.WRONG
    assert "otel is 'yes'" in capsys.readouterr().err


TYPED = """
from dataclasses import dataclass
from studio import event, workflow

@event("paid")
@dataclass
class Paid:
    amount: int

@workflow(trigger="go")
async def bill(journey):
    await journey.wait_for(Paid)
"""


def test_events_that_do_not_fit_their_types_are_refused_with_their_lines(
    capsys: pytest.CaptureFixture[str], here: Path
) -> None:
    write("workflows/bill.py", TYPED)
    assert call(["send", "paid", "--user", "ada", "--data", '{"amount": "3"}']) == Exit.WRONG
    assert "amount: expected int, got str" in capsys.readouterr().err
    assert not (here / "data/studio.db").exists()
    good = '{"event": "paid", "user": "ada", "data": {"amount": 1}}\n'
    bad = good.replace("1", '"1"')
    file = write("e.jsonl", good + bad)
    assert call(["run", "--until-idle", "--events", file]) == Exit.WRONG
    assert 'e.jsonl:2: "paid" of ada does not fit Paid' in capsys.readouterr().err
    assert kinds(here / "data/studio.db").count("event") == 1
    assert call(["play", file]) == Exit.WRONG
    Path("data/bill.jsonl").write_text(good + bad)
    capsys.readouterr()
    assert call(["check"]) == Exit.FAILED
    assert 'data/bill.jsonl:2: error: "paid" does not fit Paid' in capsys.readouterr().out
    write("pyproject.toml", '[tool.journey-studio]\nevents = "warn"\n')
    assert call(["send", "paid", "--user", "ada", "--data", '{"amount": "3"}']) == Exit.DONE
    assert "It is added all the same." in capsys.readouterr().err
    write("pyproject.toml", '[tool.journey-studio]\nevents = "never"\n')
    assert call(["status"]) == Exit.WRONG
