"""Each command that looks, with each option, for people and for scripts."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from studio.cli import call
from studio.cli.output import Exit
from studio.language.incoming import incoming
from studio.language.kinds import Kind, Status
from studio.store import inbox, views
from studio.text.printable import clean
from tests.store.build import HOSTILE, Builder, many, small

COMMANDS = {
    "users": [
        "--since 2025-12-31",
        "--since 1h",
        "--user ada",
        "--workflow welcome",
        "--contains AD",
        "--limit 1",
        "--user nobody",
    ],
    "journeys": [
        "--since 2025-12-31",
        "--since 1h",
        "--user ada",
        "--workflow cart",
        "--status failed",
        "--status idle",
        "--limit 2",
        "--user nobody",
    ],
    "waits": [
        "--kind sleep",
        "--kind step",
        "--user ada",
        "--workflow cart",
        "--limit 1",
        "--workflow nothing",
    ],
    "timeline ada": [
        "--kind wait --kind event",
        "--since 1h",
        "--since 2025-12-31",
        "--workflow cart",
        "--limit 3",
        "--workflow nothing",
    ],
    "logs": [
        "--kind event",
        "--kind journey",
        "--since 2025-12-31",
        "--since 09:00",
        "--user ada",
        "--workflow cart",
        "--level warning",
        "--level note",
        "--contains CAREFUL",
        "--limit 2",
    ],
}
CASES = [f"{command} {option}".strip() for command, options in COMMANDS.items() for option in ["", *options]]


class Called:
    """A command's exit code and what it printed."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def json(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return small(tmp_path / "small.db")


@pytest.fixture
def look(store: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    def look(command: str, path: Path = store, raw: bool = False) -> Called:
        code = call([*command.split(), "--store", str(path)])
        out, err = capsys.readouterr()
        if raw:
            return Called(code, out, err)
        assert "\x1b" not in out
        assert not set(out) & set("\x07\x9b\u202e")
        return Called(code, out, err)

    return look


@pytest.mark.parametrize("case", CASES)
def test_both_forms_tell_the_same_number_of_rows(look: Any, case: str) -> None:
    people, scripts, sheet = look(case), look(f"{case} --json"), look(f"{case} --csv", raw=True)
    assert people.code == scripts.code == sheet.code == Exit.DONE
    assert len(people.out.splitlines()) == 1 + len(scripts.json)
    rows = list(csv.DictReader(io.StringIO(sheet.out, newline="")))
    assert len(rows) == len(scripts.json)
    for row, told in zip(rows, scripts.json, strict=True):
        assert {name: text for name, text in row.items() if text} == {
            name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            for name, value in told.items()
            if value is not None
        }
    if "--limit" not in case:
        assert people.err == ""


@pytest.mark.parametrize("case", CASES)
def test_an_empty_store_has_no_rows(look: Any, tmp_path: Path, case: str) -> None:
    empty = Builder(tmp_path / "empty.db").done()
    if case.startswith("timeline"):
        people = look(case, empty)
        assert people.code == Exit.WRONG
        assert "there is no user 'ada'" in people.err
        return
    assert look(f"{case} --json", empty).out == ""
    assert len(look(case, empty).out.splitlines()) == 1


def test_since_and_kind_choose(look: Any) -> None:
    assert [row["id"] for row in look("users --json --since 2025-12-31").json] == ["ada", "bob/x~2"]
    assert [row["id"] for row in look("users --json --since 2025-12-31 --contains AD").json] == ["ada"]
    assert look("users --json --since 1h").json == look("journeys --json --since 1h").json == []
    assert {row["kind"] for row in look("timeline ada --json --kind wait").json} == {
        "wait.opened",
        "wait.matched",
    }
    assert [row["user"] for row in look("logs --json --kind event --limit 2").json] == ["bob/x~2", "ada"]
    assert look("waits --kind sleep --json").json == look("waits --json").json[1:]
    wrong = look("logs --kind wiat.opened")
    assert (wrong.code, wrong.out) == (Exit.WRONG, "")
    assert "there is no kind 'wiat.opened'. Did you mean wait.opened?" in wrong.err
    assert "Use one of them" in look("logs --kind event --level error").err
    assert "is neither a date nor a duration" in look("logs --since soon").err


def test_users(look: Any) -> None:
    ada, bob = look("users --json").json
    assert (ada["id"], ada["state"], ada["due_at"]) == ("ada", "waiting", "2026-01-01T00:01:02.000Z")
    assert (bob["id"], bob["state"], bob["last_event"]) == ("bob/x~2", "failed", "cart/created")
    assert [row["id"] for row in look("users --json --contains AD").json] == ["ada"]
    assert [row["id"] for row in look("users --json --workflow welcome").json] == ["ada"]
    assert look("users --json --user ada --workflow welcome").json == [ada]
    assert look("users --user bob/x~2 --workflow welcome --json").json == []


def test_journeys(look: Any) -> None:
    assert [row["id"] for row in look("journeys --json").json] == [
        "welcome/ada",
        "cart/bob~/x~~2/c1",
        "cart/ada/7~2",
    ]
    (failed,) = look("journeys --json --status failed").json
    assert (failed["status"], failed["key"], failed["pass_number"]) == ("failed", "c1", 1)
    assert "paid, left" in look("journeys").out


def test_waits(look: Any) -> None:
    first, second = look("waits --json").json
    assert (first["name"], first["due_at"], first["line"]) == (
        "paid, left",
        "2026-01-01T00:01:02.000Z",
        "welcome.py:7",
    )
    assert (second["kind"], second["key"]) == ("sleep", "sleep#0")
    # Long overdue on the wall's clock.
    assert " overdue " in look("waits").out


def test_a_wait_for_a_time_shows_it_by_the_users_clock(tmp_path: Path, capsys: Any) -> None:
    b = Builder(tmp_path / "s.db")
    ada = b.journey("welcome", "ada", b.event("go", "ada"))
    local = {"time": "09:00", "on": ["mon", "tue"]}
    b.wait(ada, "", 0, 8 * 3_600_000, kind=Kind.SLEEP_OPENED, local=local, zone="Europe/Berlin")
    path = str(b.done())
    assert call(["waits", "--store", path, "--json"]) == Exit.DONE
    row = json.loads(capsys.readouterr().out)
    assert (row["kind"], row["local"]) == ("sleep", "Thu 1 Jan 09:00 Europe/Berlin")
    call(["waits", "--store", path])
    assert "Thu 1 Jan 09:00 Europe/Berlin" in capsys.readouterr().out
    call(["timeline", "ada", "--store", path])
    assert "until 09:00 mon, tue" in capsys.readouterr().out


def test_a_timeline_says_all_that_design_4_names(look: Any) -> None:
    rows = look("timeline ada --json").json
    assert all(
        {"time", "kind", "user", "workflow", "journey", "pass", "name", "line", "message", "data"} <= set(row)
        for row in rows
    )
    assert rows[0]["time"] == "2026-01-01T00:00:00.000Z"
    assert rows[0]["data"] == {"email": "ada@example.com"}
    assert rows[2]["key"] == "wait:activated#0"
    assert look("timeline ada --json --limit 2").json == rows[-2:]


def test_hostile_text_is_shown_literally(look: Any) -> None:
    said = look("logs --json").json[0]["message"]
    assert said == HOSTILE
    assert clean(HOSTILE) in look("logs").out
    assert clean(HOSTILE) in look("timeline ada").out


def test_logs(look: Any) -> None:
    rows = look("logs --json").json
    assert [row.get("level", row["kind"]) for row in rows] == ["info", "warning", "note", "journey.failed"]
    assert rows[3]["data"]["type"] == "KeyError"
    assert look("logs --json --limit 1").json == rows[-1:]
    assert "KeyError: 'email'" in look("logs").out


def test_a_cut_list_says_so_to_people_only(look: Any) -> None:
    assert "--limit" in look("users --limit 1").err
    assert look("users --limit 1 --json").err == ""
    assert look("users --limit 2").err == ""
    assert "the newest 1" in look("logs --limit 1").err


def test_lists_longer_than_a_page(look: Any, tmp_path: Path) -> None:
    path = many(tmp_path / "many.db", (f"u{i:04}" for i in range(2_345)), events=2)
    for command in ("users", "journeys", "waits"):
        rows = look(f"{command} --json --limit 2300", path).json
        assert len(rows) == 2_300
        assert len({json.dumps(row) for row in rows}) == 2_300
    assert len(look("users --json --limit 5000", path).json) == 2_345
    assert len(look("users --json --limit 1500 --workflow welcome", path).json) == 1_500


def test_a_timeline_longer_than_a_page(look: Any, tmp_path: Path) -> None:
    b = Builder(tmp_path / "long.db")
    for i in range(2_500):
        b.event("tick", "ada", i, {"i": i})
    rows = look("timeline ada --json --limit 2200", b.done()).json
    assert [row["data"]["i"] for row in rows] == list(range(300, 2_500))


def test_a_timeline_says_which_pass_began(look: Any, tmp_path: Path) -> None:
    engine_store = tmp_path / "passes.db"
    workflow = tmp_path / "visits.py"
    workflow.write_text(
        "from studio import workflow\n@workflow\nasync def visits(journey):\n    return None\n"
    )
    (tmp_path / "e.jsonl").write_text('{"event": "visit", "user": "u"}\n' * 2)
    assert call(["play", "e.jsonl", "--workflows", str(workflow), "--store", str(engine_store)]) == Exit.DONE
    (line,) = [line for line in look("timeline u", engine_store).out.splitlines() if "journey.pass" in line]
    assert "  pass 2  " in line


def test_verify(look: Any, store: Path, tmp_path: Path) -> None:
    fine = look("verify")
    assert (fine.code, fine.err) == (Exit.DONE, "")
    assert "agree" in fine.out
    assert look("verify --json").json == [{"ok": True, "differences": []}]
    b = Builder(tmp_path / "bad.db")
    b.end(b.journey("w", "ada", b.event("e", "ada")), Kind.COMPLETED, Status.EXITED)
    bad = look("verify", b.done())
    assert bad.code == Exit.FAILED
    assert "journeys: w/ada: status is exited and must be completed" in bad.out
    (told,) = look("verify --json", tmp_path / "bad.db").json
    assert told["ok"] is False
    assert told["differences"]


@pytest.mark.parametrize("command", ["users", "journeys", "waits", "timeline ada", "logs"])
def test_events_that_wait_for_an_engine_are_told(look: Any, store: Path, command: str) -> None:
    before = look(f"{command} --json")
    assert before.err == ""
    inbox.send(store, [incoming("signup", "zoe", {})])
    assert (
        look(command).err
        == "1 event waits in the inbox: no engine runs; journey-studio run will process it\n"
    )
    inbox.send(store, [incoming("signup", f"zoe{n}", {}) for n in range(2)])
    after = look(f"{command} --json")
    assert after.err == "3 events wait in the inbox: no engine runs; journey-studio run will process them\n"
    assert after.out == before.out
    with FileLock(inbox.lock_path(store)):
        assert look(command).err == "", "an engine runs, and takes them in"


def test_no_more_events_of_the_inbox_are_counted_than_one_wants_to_know(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "MOST_INBOX", 3)
    inbox.send(store, [incoming("signup", "zoe", {})] * 3)
    with views.Views(store) as opened:
        assert opened.left_waiting().words == "3 events wait in the inbox: no engine runs"
        inbox.send(store, [incoming("signup", "zoe", {})] * 3)
        assert opened.left_waiting().number == "3+"


def test_the_past_is_shown_as_it_was(look: Any, store: Path) -> None:
    with views.Views(store) as there:
        last = there.last_seq()
    for command in ("users", "journeys", "waits", "timeline ada", "logs"):
        now, then = look(f"{command} --json"), look(f"{command} --json --at {last}")
        assert (then.code, then.json) == (Exit.DONE, now.json)
        assert then.err.startswith("as of ")
        assert then.err.endswith(f"entry {last}\n")
    assert [row["id"] for row in look("users --json --at 1").json] == ["ada"]
    assert look("users --at 2025-12-31").err == "before the first entry\n"
    # An entry stands for what its cause brought.
    assert [row["kind"] for row in look("timeline ada --json --at 1").json] == ["event", "journey.started"]
    assert look("waits --json --at 1").json == []


def test_what_is_no_moment_of_the_past_is_refused(look: Any) -> None:
    assert "there is no entry 9,999 yet" in look("waits --at 9999").err
    wrong = look("users --at soon")
    assert (wrong.code, wrong.out) == (Exit.WRONG, "")
    assert "Write the number of an entry, or a time" in wrong.err
    for command in ("logs --follow", "timeline ada --follow", "waits --watch"):
        assert "Use one of them" in look(f"{command} --at 5").err
