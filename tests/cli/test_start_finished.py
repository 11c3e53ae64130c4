"""`start NAME --from completed`: who has finished goes on, after it was said how many would stand where."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from studio import Engine
from studio.cli import call
from studio.cli.output import Exit
from studio.language.incoming import incoming
from studio.store.rebuild import compare
from studio.store.views import Views
from tests.cli.shell import until

STORE = ("--store", "s.db")
SERIES = """
from studio import workflow


@workflow(trigger="signup", exit_on="left"{more})
async def series(journey):
    await journey.wait_for("seen")
    journey.log("was there")
    {end}
"""
SHORT = SERIES.format(end='return "over"', more="")
LONG = SERIES.format(end='await journey.sleep("2d")\n    return "later"', more="")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three people came to the end, one left after it, one is under way; then a step was appended."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "workflows").mkdir()
    save(SHORT)
    with Engine(tmp_path / "workflows", store=tmp_path / "s.db") as engine:
        for name in ("ada", "bob", "eve", "gus", "ida"):
            engine.submit([incoming("signup", name)]).result()
        for name in ("ada", "bob", "eve", "gus"):
            engine.submit([incoming("seen", name)]).result()
        engine.submit([incoming("left", "gus")]).result()
    save(LONG)
    return tmp_path


def save(text: str) -> None:
    Path("workflows/series.py").write_text(text)


def standing() -> dict[str, str]:
    with Views("s.db") as views:
        return {row.user: row.status for row in views.journeys()}


def test_it_says_where_they_would_stand_and_has_them_go_on(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(["start", "series", "--from", "completed", "--yes", *STORE]) == Exit.DONE
    out, err = capsys.readouterr()
    assert out == "asks 3 journeys of series to go on\n"
    assert err.splitlines()[:3] == [
        "4 journeys of series have completed:",
        "  3 would go on at series.py:9, sleep",
        "  1 stay as they are: left came since",
    ]
    assert standing()["ada"] == "completed"
    assert call(["run", "--until-idle", *STORE]) == Exit.DONE
    waits = {"ada": "waiting", "bob": "waiting", "eve": "waiting", "gus": "completed", "ida": "waiting"}
    assert standing() == waits
    assert compare("s.db") == []
    with Views("s.db") as views:
        assert [e.kind for e in views.timeline("ada")][-3:] == ["event", "journey.reopened", "sleep.opened"]
    # Once more: nobody is left to ask.
    capsys.readouterr()
    assert call(["start", "series", "--from", "completed", "--yes", "--json", *STORE]) == Exit.DONE
    told = json.loads(capsys.readouterr().out)
    assert (told["asked"], told["looked_at"], told["stays"]) == (0, 1, {"left came since": 1})


def test_without_a_yes_nothing_is_done(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["start", "series", "--from", "completed", *STORE]) == Exit.WRONG
    assert "this needs a confirmation" in capsys.readouterr().err
    with Views("s.db") as views:
        assert not [e for e in views.entries(limit=999) if (e.name or "").startswith("studio/")]


def test_some_users_a_running_engine_and_json(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Engine(here / "workflows", store=here / "s.db") as engine:
        args = ["--from", "completed", "--users", "ada", "--users", "nobody", "--yes", "--json", *STORE]
        assert call(["start", "series", *args]) == Exit.DONE
        until(lambda: standing()["ada"] == "waiting")
        assert engine.path.exists()
    told = json.loads(capsys.readouterr().out)
    assert told == {
        "workflow": "series",
        "asked": 1,
        "finished": 4,
        "looked_at": 1,
        "goes_on": 1,
        "at": {"series.py:9, sleep": 1},
        "ends": 0,
        "fails": {},
        "stays": {},
    }
    assert call(["run", "--until-idle", *STORE]) == Exit.DONE
    assert [name for name, status in standing().items() if status == "waiting"] == ["ada", "ida"]


def test_with_a_key_each_journey_is_asked_by_its_value(here: Path) -> None:
    save(SERIES.format(end='return "over"', more=', key="id", name="orders"'))
    with Engine(here / "workflows", store=here / "o.db") as engine:
        for id in ("a", "b"):
            engine.submit(
                [incoming("signup", "ada", {"id": id}), incoming("seen", "ada", {"id": id})]
            ).result()
    save(SERIES.format(end='await journey.sleep("2d")\n    return 1', more=', key="id", name="orders"'))
    assert call(["start", "orders", "--from", "completed", "--yes", "--store", "o.db"]) == Exit.DONE
    assert call(["run", "--until-idle", "--store", "o.db"]) == Exit.DONE
    with Views("o.db") as views:
        assert {row.key: row.status for row in views.journeys()} == {"a": "waiting", "b": "waiting"}


def test_idle_journeys_go_on_when_all_who_finished_are_meant(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(SERIES.format(end="pass", more=""))
    with Engine(here / "workflows", store=here / "i.db") as engine:
        engine.submit([incoming("signup", "ada"), incoming("seen", "ada")]).result()
    save(LONG)
    assert call(["start", "series", "--from", "completed", "--yes", "--store", "i.db"]) == Exit.DONE
    assert "Nobody of these has completed series." in capsys.readouterr().err
    assert call(["start", "series", "--from", "finished", "--yes", "--store", "i.db"]) == Exit.DONE
    assert "  1 would go on at series.py:9, sleep" in capsys.readouterr().err


def test_who_would_only_end_again_is_not_asked(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save(SHORT)
    assert call(["start", "series", "--from", "completed", *STORE]) == Exit.DONE
    assert "  3 would only end again" in capsys.readouterr().err
    save(SERIES.format(end='raise KeyError("plan")', more=""))
    assert call(["start", "series", "--from", "completed", *STORE]) == Exit.DONE
    assert "  3 would fail: KeyError at series.py:9" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["series", "--from", "nowhere"], "'nowhere' is not one of"),
        (["series", "--from", "completed", "--data", "{}"], "--data is of a trigger"),
        (["series", "--from", "completed", "--all", "--users", "ada"], "Say for whom"),
        (["series", "--users", "ada", "--yes"], "--yes goes with --from"),
        (["other", "--from", "completed"], "there is no workflow 'other'"),
    ],
)
def test_wrong_use_is_told(
    args: list[str], told: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(["start", *args, *STORE]) == Exit.WRONG
    assert told in capsys.readouterr().err
