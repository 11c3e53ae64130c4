"""`why`: what an event did or nearly did, for people and for scripts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from studio.cli import call
from studio.cli.output import Exit
from tests.store.build import HOSTILE, Builder


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "workflows").mkdir()
    (tmp_path / "workflows" / "welcome.py").write_text(
        "from studio import workflow\n\n\n@workflow(trigger='app/signup')\nasync def welcome(journey):\n"
        "    return True\n"
    )
    b = Builder(tmp_path / "s.db")
    journey = b.journey("welcome", "ada", b.event("app/signup", "ada"))
    b.wait(journey, "app/activated", 0, 60_000, match={"plan": "pro"})
    b.event("app/activated", "ada", 2_000, {"plan": "free"})
    b.event("app/sing-up", "eve", 3_000, {HOSTILE: HOSTILE})
    return b.done()


@pytest.fixture
def why(store: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    def why(*words: str) -> tuple[int, str, str]:
        code = call(["why", *words, "--store", str(store)])
        out, err = capsys.readouterr()
        assert not set(out + err) & set("\x1b\x07\u202e")
        return code, out, err

    return why


def test_the_field_that_differed_is_named(why: Any) -> None:
    code, out, err = why("ada")
    assert (code, err) == (Exit.DONE, "")
    assert "ada app/activated" in out
    assert "  triggered nothing" in out
    assert 'plan: expected "pro", got "free"' in out
    assert 'corrected: app/activated ada {"plan": "pro"}' in out
    assert 'would be matched by app/activated ada {"plan": "pro"}' in out


def test_the_event_that_is_asked_for_is_explained(why: Any) -> None:
    _, out, _ = why("ada", "app/signup")
    assert "started welcome" in out


def test_scripts_get_a_line_for_each_event_and_wait(why: Any) -> None:
    _, out, _ = why("ada", "--json")
    event, wait = map(json.loads, out.splitlines())
    assert (event["kind"], event["woke"], event["name"]) == ("event", False, "app/activated")
    assert event["findings"][0]["differences"] == [{"field": "plan", "expected": "pro", "got": "free"}]
    assert event["findings"][0]["mended"]["data"] == {"plan": "pro"}
    assert wait["answer"] == {"event": "app/activated", "user": "ada", "data": {"plan": "pro"}}


def test_a_near_trigger_is_hinted_at_and_hostile_data_acts_on_nothing(why: Any) -> None:
    _, out, _ = why("eve")
    assert "welcome is triggered by app/signup  (did you mean app/signup? 2 letters differ)" in out


def test_who_or_what_is_not_there_is_said_with_what_is_near(why: Any) -> None:
    code, out, err = why("adda")
    assert (code, out) == (Exit.WRONG, "")
    assert "there is no user 'adda'. There is ada." in err
    code, _, err = why("ada", "app/activate")
    assert code == Exit.WRONG
    assert "has no event 'app/activate'. There is app/activated." in err
    assert why("zzz")[0] == Exit.WRONG
