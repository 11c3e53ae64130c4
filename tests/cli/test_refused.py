"""Refused events on the command line: look, mend, send, drop."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from studio.cli import call
from studio.cli.output import Exit
from studio.store.refused import Refusal
from studio.store.refusing import keep_refused
from studio.store.views import Views

BAD = '{"type": "track", "event": "Log\\tin", "userId": "ada", "messageId": "m1", "properties": {"x": 1}}'
NAN = '{"type": "track", "event": "Login", "userId": "bob", "properties": {"x": NaN}}'


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    keep_refused(
        tmp_path / "studio.db",
        [
            Refusal(BAD, "body: batch[0]: the field event has the control character U+0009", "ada", "Login"),
            Refusal(NAN, "body: batch[1]: it has NaN", "bob\x1b[31m", "Login"),
        ],
    )
    return tmp_path / "studio.db"


def inbox(store: Path) -> int:
    with Views(store) as views:
        return views.left_waiting().events


def test_they_are_listed_with_the_reason(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["refused", "--store", str(store)]) == Exit.DONE
    head, first, second = capsys.readouterr().out.splitlines()
    assert head.split() == ["NUMBER", "AT", "USER", "EVENT", "REASON"]
    assert first.endswith("Login  body: batch[0]: the field event has the control character U+0009")
    assert "\x1b" not in second
    assert call(["refused", "--store", str(store), "--json", "--limit", "1"]) == Exit.DONE
    (row,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert (row["number"], row["user"], row["size"]) == (1, "ada", len(BAD))
    assert call(["status", "--store", str(store)]) == Exit.DONE
    assert "refused   2 events kept aside; journey-studio refused\n" in capsys.readouterr().out
    assert call(["status", "--store", str(store), "--json"]) == Exit.DONE
    assert json.loads(capsys.readouterr().out)["refused"] == 2


def test_one_is_shown_so_that_it_can_be_mended(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["refused", "1", "--store", str(store)]) == Exit.DONE
    out, err = capsys.readouterr()
    assert json.loads(out) == json.loads(BAD)
    assert "batch[0]: the field event has the control character" in err
    assert call(["refused", "2", "--store", str(store), "--json"]) == Exit.DONE
    assert json.loads(capsys.readouterr().out)["body"] == NAN
    assert call(["refused", "2", "--store", str(store), "--csv"]) == Exit.DONE
    assert capsys.readouterr().out.startswith("number,refused_at,user,event,reason,size,body\n2,")


def test_one_that_was_mended_is_sent_in_its_place(
    store: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert call(["refused", "1", "--send", "--store", str(store)]) == Exit.WRONG
    assert "refused 1: the field event has the control character" in capsys.readouterr().err
    assert call(["refused", "2", "--send", "--store", str(store)]) == Exit.WRONG
    assert "refused 2: it has NaN, which JSON does not know. Correct it" in capsys.readouterr().err
    assert inbox(store) == 0
    mended = tmp_path / "event.json"
    mended.write_text(BAD.replace("\\t", ""))
    assert call(["refused", "1", "--mended", f"@{mended}", "--store", str(store)]) == Exit.DONE
    assert capsys.readouterr().out == "added Login for ada\n"
    assert inbox(store) == 1
    assert call(["refused", "1", "--mended", f"@{mended}", "--store", str(store)]) == Exit.WRONG
    assert "no refused event has the number 1" in capsys.readouterr().err
    assert inbox(store) == 1, "it is sent once"
    own = '{"event": "app/login", "user": "bob"}'
    assert call(["refused", "2", "--mended", own, "--json", "--store", str(store)]) == Exit.DONE
    assert json.loads(capsys.readouterr().out) == {"number": 2, "event": "app/login", "user": "bob"}


def test_one_or_all_are_dropped(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["refused", "2", "--drop", "--store", str(store)]) == Exit.WRONG
    assert "Give --yes" in capsys.readouterr().err
    assert call(["refused", "2", "--drop", "--yes", "--store", str(store)]) == Exit.DONE
    assert capsys.readouterr().out == "dropped 1 event\n"
    assert call(["refused", "--drop", "--all", "--yes", "--json", "--store", str(store)]) == Exit.DONE
    assert json.loads(capsys.readouterr().out) == {"dropped": 1}


@pytest.mark.parametrize(
    ("args", "why"),
    [
        (["--send"], "--send needs the number of an event"),
        (["--drop"], "--drop needs the number of an event"),
        (["--mended", "{}"], "--mended needs the number of an event"),
        (["--all"], "--all goes with --drop, and without a number"),
        (["1", "--drop", "--all"], "--all goes with --drop, and without a number"),
        (["1", "--send", "--drop"], "--send and --drop cannot be used together"),
        (["0"], "0 is not in the range"),
        (["1", "--mended", "[]"], "--mended: there is no event in it"),
        (["1", "--mended", "{"], "--mended: it is not valid JSON"),
        (["1", "--mended", "@gone.json"], "gone.json"),
    ],
)
def test_what_makes_no_sense_is_told(
    store: Path, capsys: pytest.CaptureFixture[str], args: list[str], why: str
) -> None:
    assert call(["refused", *args, "--store", str(store)]) == Exit.WRONG
    assert why in capsys.readouterr().err
    with Views(store) as views:
        assert len(views.refused()) == 2


def test_prune_and_erase_count_them(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["erase", "ada", "--yes", "--store", str(store)]) == Exit.DONE
    assert "1 refused event;" in capsys.readouterr().out
    assert call(["prune", "--older-than", "0s", "--dry-run", "--json", "--store", str(store)]) == Exit.DONE
    assert json.loads(capsys.readouterr().out)["refused"] == 1
    assert call(["prune", "--older-than", "0s", "--yes", "--store", str(store)]) == Exit.DONE
    assert "1 refused event" in capsys.readouterr().err
    with Views(store) as views:
        assert views.refused() == []
