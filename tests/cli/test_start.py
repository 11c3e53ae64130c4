"""`start`: a workflow for people who are there already, with and without a running engine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from studio import Engine
from studio.cli import call
from studio.cli.output import Exit
from studio.cli.start import RateParameter, parts
from studio.language.incoming import incoming
from studio.store.rebuild import compare
from studio.store.views import Views
from tests.cli.shell import project, until

STORE = ("--store", "s.db")
NO_ENGINE = "No engine runs on s.db, so it waits there. Start journey-studio, or journey-studio run.\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(project(tmp_path))
    return tmp_path


@pytest.fixture
def people(here: Path) -> list[str]:
    """Who signed up before there was a workflow."""
    names = ["ada", "bob", "eve"]
    with Engine(store=here / "s.db") as engine:
        for name in names:
            signup = incoming("signup", {"id": name, "email": f"{name}@x"}, {"plan": "pro"})
            engine.submit([signup, incoming("seen", name)]).result()
    return names


def started() -> dict[str, str]:
    """The users who are in the workflow, each with the event that is its trigger."""
    with Views("s.db") as views:
        names = {e.seq: e.name or "" for e in views.entries(limit=10_000) if e.kind == "event"}
        begun = [e for e in views.entries(limit=10_000) if e.kind == "journey.started"]
        return {
            e.user or "": names[e.data["trigger"] if isinstance(e.data, dict) else e.cause or 0]
            for e in begun
        }


def test_a_time_zone_that_is_none_is_told_to_who_sends_it(capsys: pytest.CaptureFixture[str]) -> None:
    data = '{"timezone": "europe/berlin"}'
    assert call(["send", "identify", "--user", "ada", "--data", data, *STORE]) == Exit.DONE
    out, err = capsys.readouterr()
    assert out == "added identify for ada\n"
    assert "the timezone of ada: 'europe/berlin' is no time zone; did you mean 'Europe/Berlin'?" in err
    assert (
        call(["send", "identify", "--user", "ada", "--data", data.replace("europe/b", "Europe/B"), *STORE])
        == Exit.DONE
    )
    assert "no time zone" not in capsys.readouterr().err


def test_everyone_begins_at_an_event_of_theirs(people: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["start", "welcome", "--all", *STORE]) == Exit.DONE
    assert capsys.readouterr() == ("starts welcome for 3 users\n", NO_ENGINE)
    assert call(["run", "--until-idle", *STORE]) == Exit.DONE
    assert "hello ada@x" in capsys.readouterr().out
    assert started() == dict.fromkeys(people, "signup")
    assert compare("s.db") == []
    # Once more: nobody begins twice, and nothing is added for those who have begun.
    before = len(_entries())
    assert call(["start", "welcome", "--all", "--users", "ada", *STORE]) == Exit.WRONG
    capsys.readouterr()
    assert call(["start", "welcome", "--all", *STORE]) == Exit.DONE
    assert capsys.readouterr().out == "starts welcome for 0 users; 3 users had begun it before\n"
    assert call(["run", "--until-idle", *STORE]) == Exit.DONE
    assert len(_entries()) == before


def _entries() -> list[int]:
    with Views("s.db") as views:
        return [e.seq for e in views.entries(limit=10_000)]


def test_a_running_engine_takes_the_starts(people: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with Engine("workflows", store="s.db") as engine:
        assert call(["start", "welcome", "--users", "ada", "--users", "new{1..1200}", *STORE]) == Exit.DONE
        assert capsys.readouterr() == ("starts welcome for 1,201 users\n", "")
        until(lambda: _begun(engine.path) == 1_201)
    found = started()
    assert found.pop("ada") == "signup"
    assert set(found.values()) == {"studio/start/welcome"}
    assert compare("s.db") == []


def _begun(store: Path) -> int:
    with Views(store) as views:
        return len(views.journeys(workflow="welcome", limit=2_000))


def test_users_come_from_a_file(capsys: pytest.CaptureFixture[str], here: Path) -> None:
    (here / "users.txt").write_text(
        '# three\nada\n\n{"id": "bob", "state": "idle"}\n{"user": {"id": "u{1..2}"}}\n'
    )
    args = ["--data", '{"plan": "pro"}', "--json", *STORE]
    assert call(["start", "welcome", "--users", "@users.txt", *args]) == Exit.DONE
    out, err = capsys.readouterr()
    assert [json.loads(line) for line in out.splitlines()] == [
        {"workflow": "welcome", "user": user} for user in ("ada", "bob", "u{1..2}")
    ]
    assert err == ""
    assert call(["run", "--until-idle", *STORE]) == Exit.DONE
    with Views("s.db") as views:
        assert [(e.user, e.data) for e in views.entries(kinds={"event"})] == [
            (user, {"plan": "pro"}) for user in ("ada", "bob", "u{1..2}")
        ]


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["nothing", "--users", "u"], "there is no workflow 'nothing'. There is welcome."),
        (["welcome"], "Say for whom"),
        (["welcome", "--users", "-", "--data", "-"], "stdin can be read once only"),
        (["welcome", "--users", "u", "--rate", "5"], "'5' is not a rate. Write 100/s"),
        (["welcome", "--users", "u", "--rate", "0/s"], "is not a rate"),
        (["welcome", "--users", "u", "--rate", "5/fortnight"], "is not a rate"),
        (["welcome", "--users", "u{2..1}"], "runs backwards"),
        (["welcome", "--users", "@none.txt"], "none.txt: the file cannot be read"),
        (["welcome", "--users", "@bad.txt"], "bad.txt:2: the user is int and must be text"),
        (["welcome", "--users", "u", "--data", "[1]"], "not an object"),
        (["welcome", "--all"], "there is no store"),
        (["welcome", "--users", "u", "--store", ":memory:"], "--store"),
    ],
)
def test_wrong_use_is_told(
    args: list[str], told: str, capsys: pytest.CaptureFixture[str], here: Path
) -> None:
    (here / "bad.txt").write_text('# people\n{"user": 7}\n')
    assert call(["start", *args]) == Exit.WRONG
    out, err = capsys.readouterr()
    assert out == ""
    assert told in err
    assert not (here / "data").exists()


def test_what_was_added_before_an_error_stays(capsys: pytest.CaptureFixture[str], here: Path) -> None:
    (here / "bad.txt").write_text("\n".join([*(f"u{n}" for n in range(1_500)), "{", "u9999"]))
    assert call(["start", "welcome", "--users", "@bad.txt", *STORE]) == Exit.WRONG
    _, err = capsys.readouterr()
    assert err.startswith("1,000 starts were added before that.\n")
    assert "bad.txt:1501: it is not valid JSON" in err


class HandClock:
    """Seconds that pass when somebody sleeps."""

    def __init__(self) -> None:
        self.at = 0.0

    def now(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds


def test_a_rate_spreads_the_starts_over_time() -> None:
    second = RateParameter().convert("600/m", None, None)
    assert second == 10
    assert RateParameter().convert(" 100 / s ", None, None) == 100
    clock = HandClock()
    at = []
    for part in parts(range(5), 2, 10, clock.now, clock.sleep):
        at.append((round(clock.at, 3), part))
        clock.sleep(0.05)
    assert at == [(0, [0, 1]), (0.2, [2, 3]), (0.4, [4])]
    # What took too long is not caught up with.
    moments = []
    for part in parts(range(3), 1, 10, clock.now, clock.sleep):
        moments.append(clock.at - 0.45)
        clock.sleep(5 if part == [0] else 0)
    assert moments == pytest.approx([0, 5, 5.1])
    assert list(parts(range(5), 2)) == [[0, 1], [2, 3], [4]]
