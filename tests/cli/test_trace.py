"""The trace that people read."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from studio.cli import call
from studio.cli.output import Exit
from studio.events.trace import Trace
from studio.language.kinds import KIND_TEXT
from studio.store.records import Entry
from tests.cli.shell import ROOT
from tests.store.build import HOSTILE, START

ONBOARDING = """\
   +0.0s  app/email.submitted
   +1.0s      waited 1s for account.created -> send reminder to create account    ◆ reminder/account.created
   +3.0s      waited 2s for account.created -> send reminder to create account    ◆ reminder/account.created
   +7.0s      waited 4s for account.created -> send reminder to create account    ◆ reminder/account.created
  +10.0s  app/account.created
  +16.0s      waited 6s for app/email.verified -> no email verified, wait for it
  +20.0s  app/email.verified
  +22.0s  app/login
  +25.0s  app/post.created (post1)
  +27.0s      waited 2s for post2 created -> send reminder to write post2
  +30.0s  app/post.created (another)
  +32.0s      waited 2s for post2 created -> send reminder to write post2
  +35.0s  app/post.created (post2)
  +35.0s      end of workflow
  +35.0s      ✓ onboarding completed {"ok": true}
"""


def test_the_trace_of_the_onboarding_example(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    assert call(["play", "data/onboarding.jsonl"]) == Exit.DONE
    assert capsys.readouterr() == (ONBOARDING, "")


def entry(kind: str, at: int = 0, seq: int = 1, **fields: Any) -> Entry:
    values: dict[str, Any] = {
        **dict.fromkeys(
            ("user", "workflow", "journey", "pass_number", "name", "key", "line", "message", "data")
        ),
        "user": "ada",
        **fields,
    }
    if kind != "event" or "cause" in fields:
        values |= {"workflow": "w", "journey": fields.get("journey", "w/ada")}
    return Entry(seq=seq, at=START + at, kind=kind, **values)


def shown(entries: Iterable[Entry], **options: Any) -> list[str]:
    trace = Trace(**{"start": START, "users": 0, **options})
    return [*trace.take(entries), *trace.flush()]


def test_every_kind_of_happening_has_its_sign() -> None:
    lines = shown(
        [
            entry("event", name="e", data={"cart_id": "c1"}),
            entry("journey.started"),
            entry("wait.opened", name="x"),
            entry("log", message="one\ntwo", level="info"),
            entry("log", message="careful", level="warning"),
            entry("log", message="here", level="note"),
            entry("step.retry", name="send", message="E: x", data={"pause": 2_000}),
            entry("step.done", name="send"),
            entry("step.failed", name="send", message="E: y", data={"type": "E"}),
            entry("step.failed", name="send", data={"type": "closed"}),
            entry("journey.failed", message="E: z", line="w.py:3", data={"source": "boom()"}),
            entry("journey.exited"),
            entry("journey.completed", message="1"),
        ]
    )
    assert [line[10:] for line in lines] == [
        "e (c1)",
        "    one",
        "    two",
        "    ! careful",
        "    note: here",
        "    ↻ send: E: x, again in 2s",
        "    ■ send",
        "    ✗ send: E: y",
        "    ✗ w failed at w.py:3: E: z",
        "      boom()",
        "    ⊘ w exited",
        "    ✓ w completed 1",
    ]


def test_ends_say_which_of_a_users_journeys_it_was() -> None:
    for id, name in (("w/ada", "w"), ("w/ada/c1", "w/c1"), ("w/ada/c1~2", "w/c1~2"), ("w/ada~3", "w~3")):
        assert shown([entry("journey.exited", journey=id)]) == [f"   +0.0s      ⊘ {name} exited"]


def test_a_failure_is_whole_and_names_its_place_once() -> None:
    what = "WorkflowError: w.py:3: " + "no duration " * 9
    (line,) = shown([entry("journey.failed", message=what, line="w.py:3")], width=40)
    assert line == "   +0.0s      ✗ w failed at w.py:3: " + "no duration " * 9


def test_a_sent_event_stands_beside_the_line_that_came_with_it_where_there_is_room() -> None:
    said = entry("log", message="reminding", cause=1)
    sent = entry("event", name="reminder", cause=1, seq=2)
    assert shown([said, sent]) == ["   +0.0s  " + "    reminding".ljust(72) + "◆ reminder"]
    assert shown([said, sent], width=60) == ["   +0.0s      reminding", "   +0.0s      ◆ reminder"]
    # Not beside what another journey said, or another cause brought.
    assert len(shown([said, entry("event", name="reminder", cause=2, seq=2)])) == 2
    assert len(shown([said, entry("event", name="r", cause=1, journey="w/bob", seq=2)])) == 2
    other = entry("event", name="gift", cause=1, user="bob")
    assert shown([other]) == ["   +0.0s      ◆ gift to bob"]
    # Nor where something of a kind that is not shown, and so not handed over, lies between.
    assert len(shown([said, entry("event", name="reminder", cause=1, seq=3)])) == 2


def test_of_kinds_that_it_is_not_handed_over_a_trace_says_nothing() -> None:
    data = {"pause": 1, "summary": "1 waits"}
    said = {kind for kind in KIND_TEXT.values() if shown([entry(kind, name="x", message="m", data=data)])}
    assert frozenset(said) == Trace(start=START, users=0).kinds
    assert Trace(start=START, users=0, whole=True).kinds is None


def test_a_column_says_whose_when_there_are_several() -> None:
    assert shown([entry("event", name="e")], users=5) == ["   +0.0s  ada    e"]
    assert shown([entry("event", name="e", user="x" * 99)], users=99)[0] == f"   +0.0s  {'x' * 15}…  e"


def test_hostile_text_is_shown_literally_and_fits() -> None:
    entries = [entry("event", name="a\u202eb", user=HOSTILE), entry("log", message=HOSTILE, user=HOSTILE)]
    for line in shown(entries, users=20, width=50):
        assert line.isprintable()
        assert len(line) <= 50


def test_the_examples_play(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.chdir(ROOT)
    for name, told in (
        (
            "trial",
            ["ada  ", 'completed {"converted": true, "plan": "team"}', 'completed {"converted": false}', "■"],
        ),
        (
            "cart",
            ['{"bought": true, "reminders": 1}', '{"bought": false, "reminders": 3}', "⊘ cart/c1~2 exited"],
        ),
    ):
        store = str(tmp_path / f"{name}.db")
        assert call(["play", f"data/{name}.jsonl", "--store", store]) == Exit.DONE
        out, err = capsys.readouterr()
        assert err == ""
        assert "✗" not in out
        assert [part for part in told if part not in out] == []
        assert call(["verify", "--store", store]) == Exit.DONE
        capsys.readouterr()
