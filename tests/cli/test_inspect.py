"""`inspect`: the inside of a journey, for people and for scripts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from studio import Engine, VirtualClock
from studio.cli import call
from studio.cli.output import Exit
from studio.language.incoming import incoming
from studio.store.views import Views
from tests.store.build import START

FLOW = """
from studio import workflow


async def ask(journey, what):
    return await journey.wait_for(what, match={"ok": True}, timeout="1h")


@workflow(trigger="start")
async def flow(journey):
    print("loud")
    steer = "\\x1b[2J\\u202e[bold]"
    answer = await ask(journey, "go")
    return {"ok": bool(answer)}
"""


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "workflows").mkdir()
    (tmp_path / "workflows" / "flow.py").write_text(FLOW)
    path = tmp_path / "s.db"
    with Engine("workflows", store=path, clock=VirtualClock(START)) as engine:
        engine.submit([incoming("start", "ada", {})]).result(10)
    return path


@pytest.fixture
def look(store: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    def look(*words: str) -> tuple[int, str, str]:
        code = call(["inspect", *words, "--store", str(store)])
        out, err = capsys.readouterr()
        assert not set(out + err) & set("\x1b\x07\u202e")
        return code, out, err

    return look


def test_people_get_the_stack_with_its_variables(look: Any) -> None:
    code, out, err = look("flow/ada")
    assert (code, err) == (Exit.DONE, "")
    assert "loud" not in out
    lines = out.splitlines()
    assert lines[0] == "flow/ada  waiting, pass 1"
    assert lines[1].startswith("now: waits  ")
    assert lines[2].endswith(", the loaded one")
    assert lines[3].startswith('at: wait go {"ok": true} since ')
    assert lines[5:8] == [
        "flow.py:13 flow",
        '    13  answer = await ask(journey, "go")',
        "  NAME   TYPE  VALUE",
    ]
    assert lines[8] == r"  steer  str   '\x1b[2J\u202e[bold]'"
    assert lines[10:] == [
        "flow.py:6 ask",
        '>    6  return await journey.wait_for(what, match={"ok": True}, timeout="1h")',
        "  NAME  TYPE  VALUE",
        "  what  str   'go'",
    ]


def test_an_entry_is_seen_as_of_then_and_by_its_own_code(look: Any, store: Path) -> None:
    with Views(store) as views:
        (said,) = [entry for entry in views.timeline("ada") if entry.kind == "log"]
    (store.parent / "workflows" / "flow.py").unlink()
    code, out, err = look("flow/ada", "--at", str(said.seq))
    assert code == Exit.DONE
    assert "there is no workflow file in this folder" in err
    assert "then: says this" in out
    assert ", not the loaded one" in out
    assert '>   11  print("loud")' in out


def test_scripts_get_one_object(look: Any) -> None:
    code, out, _ = look("flow/ada", "--json")
    found = json.loads(out)
    assert (code, found["state"], found["waits"]["name"]) == (Exit.DONE, "waits", "go")
    assert [frame["function"] for frame in found["frames"]] == ["flow", "ask"]
    assert found["frames"][1]["variables"] == [{"name": "what", "text": "'go'", "type": "str"}]


def test_what_is_not_there_is_wrong_use(look: Any) -> None:
    assert look("flow/eve") == (
        Exit.WRONG,
        "",
        "journey-studio: flow/eve: there is no such journey. See: journey-studio journeys\n",
    )
    code, _, err = look("flow/ada", "--at", "999")
    assert (code, "it has no entry 999" in err) == (Exit.WRONG, True)
    assert look("flow/ada", "--at", "first")[0] == Exit.WRONG
