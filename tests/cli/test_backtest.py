"""`backtest`: real users through two versions, and what is known of each."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from studio import Engine
from studio.cli import call
from studio.cli.output import Exit
from studio.clocks import durations
from studio.clocks.clock import VirtualClock
from studio.source import loader
from tests.reports.journeys import START_MS

SOURCE = """
from studio import StepFailed, workflow

tries = 0


def send(text):
    global tries
    tries += 1
    if text == "bob@example.com" and tries % 2:
        raise ValueError("not now")
    return {"to": text}


@workflow(trigger="signup", exit_on="unsubscribed")
async def welcome(journey):
    sent = await journey.step("greet", send, journey.user.email, retries=3)
    journey.log("sent to", sent["to"])
    opened = await journey.wait_for("opened", timeout="2d")
    await journey.ingest("seen" if opened else "lost", {"luck": journey.random()})
    if not opened:
        await journey.step("remind", send, "again")
    return bool(opened)
"""
SENT = [
    *(("0s", user, "signup", {"email": f"{user}@example.com"}) for user in ("ada", "bob", "cy", "dee")),
    ("1d", "ada", "opened", {}),
    ("3d", "bob", "opened", {}),
    ("1h", "dee", "unsubscribed", {}),
]


@pytest.fixture
def backtest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    monkeypatch.chdir(tmp_path)
    for folder in ("workflows", "old"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "welcome.py").write_text(SOURCE)
    asyncio.run(_played())

    def backtest(source: str, *words: str) -> tuple[int, str, str]:
        (tmp_path / "workflows" / "welcome.py").write_text(source)
        code = call(["backtest", "welcome", "--against", "old/welcome.py", "--store", "s.db", *words])
        out, err = capsys.readouterr()
        return code, out, err

    return backtest


async def _played() -> None:
    old = loader.load("old").workflows["welcome"]
    async with Engine(old, store="s.db", clock=VirtualClock(START_MS)) as engine:
        for after, user, event, data in sorted(SENT, key=lambda each: durations.parse(each[0])):
            await engine.forward_to(START_MS + durations.parse(after))
            await engine.ingest(event, user, data)
        await engine.forward_to(START_MS + durations.parse("9d"))


def test_the_same_version_gives_the_recorded_histories_of_all(backtest: Any) -> None:
    code, out, err = backtest(SOURCE, "--json")
    assert (code, err) == (Exit.DONE, "")
    found = json.loads(out)
    assert (found["users"], found["same"], found["whole"]) == (4, 4, True)
    assert not any(found[key] for key in ("not_as_recorded", "unknown", "other_times", "parted", "more"))


def test_who_would_have_gone_another_way_is_listed_with_the_line_and_what_differs(backtest: Any) -> None:
    longer = SOURCE.replace('timeout="2d"', 'timeout="4d"')
    _, out, _ = backtest(longer, "--json")
    found = json.loads(out)
    assert found["same"] == 2
    # cy never opened: the same way, two days later. bob opened on the third day: in time now.
    assert found["other_times"] == ["cy"]
    (bob,) = found["parted"]
    assert (bob["user"], bob["before"], bob["after"]) == ("bob", "wait.timeout opened", "wait.matched opened")
    assert bob["line"].startswith("welcome.py:")
    assert bob["more"] == {"event seen": 1, "event lost": -1, "step remind": -1}
    _, out, _ = backtest(longer)
    assert "  1 another way:\n    bob  welcome.py:" in out
    assert "In sum: -1 event lost, +1 event seen, -1 step remind" in out
    assert "people might have acted otherwise" in out


def test_a_step_that_never_ran_ends_what_is_known_until_a_stub_says_its_result(backtest: Any) -> None:
    more = SOURCE.replace(
        "    return bool(opened)", '    await journey.step("thank", send, "x")\n    return bool(opened)'
    )
    _, out, _ = backtest(more, "--json")
    found = json.loads(out)
    assert found["unknown"] == {"thank": ["ada", "bob", "cy"]}
    assert (found["same"], found["parted"]) == (1, [])
    _, out, _ = backtest(more, "--json", "--stub", "thank=null")
    found = json.loads(out)
    assert found["unknown"] == {}
    assert found["more"] == {"step thank": 3}


def test_whom_the_version_that_was_running_does_not_give_is_counted_first(
    backtest: Any, tmp_path: Path
) -> None:
    (tmp_path / "old" / "welcome.py").write_text(SOURCE.replace('timeout="2d"', 'timeout="3h"'))
    _, out, _ = backtest(SOURCE, "--json")
    found = json.loads(out)
    assert found["not_as_recorded"] == ["ada", "bob", "cy"]
    assert found["same"] == 1
    _, out, _ = backtest(SOURCE)
    assert (
        "  3 differ from what is recorded by the version that was running already, 0 of them by what" in out
    )


def test_only_who_entered_since_is_looked_at(backtest: Any) -> None:
    _, out, _ = backtest(SOURCE, "--since", "2d", "--json")
    assert json.loads(out)["users"] == 0
