"""Events written by hand, read and written without a screen."""

from __future__ import annotations

import json
import os
import shlex
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studio.errors import EventError
from studio.source.source_names import names_in
from studio.store.views import Views
from studio.tui.session.drafts import Draft, for_user, pasted_events, plain_draft
from studio.tui.session.known_names import meant, workflow_names
from studio.tui.session.send_command import send_command
from studio.tui.session.sent_history import MOST, SentHistory
from tests.tui.fakes import START, cart, onboarding

PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


# -- many users ------------------------------------------------------------------------------


def test_each_of_many_users_gets_data_of_its_own() -> None:
    data = {"id": "{user}", "at": ["{user}@x.io", {"n": "{n}"}], "count": 3}
    assert for_user(data, "user7", "7") == {"id": "user7", "at": ["user7@x.io", {"n": "7"}], "count": 3}


# -- what is pasted ---------------------------------------------------------------------------


def test_a_pasted_event_object_becomes_a_draft() -> None:
    text = '{\n  "event": "app/login",\r\n  "user": "ann",\n  "data": {"a": 1}\n}\n'
    (event,) = pasted_events(text, START) or []
    assert plain_draft(event) == Draft("app/login", "ann", '{"a": 1}')


def test_pasted_lines_and_lists_become_events() -> None:
    lines = '# two\n{"event": "a", "user": "u"}\n\n{"at": "2s", "event": "b", "user": {"id": "v", "x": 1}}\n'
    found = pasted_events(lines, START) or []
    assert [(each.name, each.user, each.sent_at) for each in found] == [
        ("a", "u", None),
        ("b", "v", START + 2_000),
    ]
    assert plain_draft(found[1]) is None, "a profile does not fit into three fields"
    assert [each.name for each in pasted_events('[{"event": "a", "user": "u"}]', START) or []] == ["a"]


@pytest.mark.parametrize("text", ["hello", '{"a": 1}', "[]", "[1]", '{"a": ', "# only this", ""])
def test_other_text_is_no_event(text: str) -> None:
    assert pasted_events(text, START) is None


def test_a_wrong_line_is_named() -> None:
    with pytest.raises(EventError, match="line 2: the field user is missing"):
        pasted_events('{"event": "a", "user": "u"}\n{"event": "b"}', START)


# -- the command --------------------------------------------------------------------------------

TEXTS = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("event", "user", "data"),
    [
        ("app/login", "user1", {"plan": 'it\'s "pro" $HOME `x` \\ \n\x1b'}),
        ("-x", "--user", {"a": "'"}),
        ("-", "@file", {}),
        ("a b;c", "名前 zoë", None),
        ("big", "u", {"text": "x" * 200_000}),
    ],
)
def test_the_copied_command_sends_the_event(
    tmp_path: Path, event: str, user: str, data: dict[str, Any] | None
) -> None:
    store = tmp_path / "a store's.db"
    command = send_command(event, user, data, store)
    program = tmp_path / "journey-studio"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m studio.cli "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    env = {**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    (tmp_path / "pasted.sh").write_text(command, encoding="utf-8")
    script = ["sh", str(tmp_path / "pasted.sh")]
    done = subprocess.run(script, capture_output=True, env=env, check=False)
    assert done.returncode == 0, done.stderr
    Views(store).close()
    con = sqlite3.connect(store)
    ((body,),) = con.execute("SELECT body FROM inbox").fetchall()
    con.close()
    fields = json.loads(body)
    assert (fields["name"], fields["user"], json.loads(fields["data"])) == (event, user, data or {})


@PATIENT
@given(TEXTS, TEXTS, st.dictionaries(TEXTS, TEXTS, max_size=3))
def test_a_shell_reads_the_command_as_it_was_meant(event: str, user: str, data: dict[str, str]) -> None:
    words = shlex.split(send_command(event, user, data, Path("data/studio.db")))
    if event == "-":
        assert json.loads(words[2])["user"] == user
    else:
        assert event in words
        assert f"--user={user}" in words
        assert not data or json.loads(words[words.index("--data") + 1]) == data


# -- what was sent --------------------------------------------------------------------------------


def test_what_was_sent_is_there_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "studio.db.sent"
    history = SentHistory(path)
    history.load()
    for draft in (Draft("a", "u", ""), Draft("b", "u", '{"x": "\u202e"}')):
        assert history.remember(draft)
        history.write(draft)
    assert not history.remember(Draft("b", "u", '{"x": "\u202e"}')), "the same again is one"
    again = SentHistory(path)
    again.load()
    assert again.drafts == history.drafts
    assert again.problem is None


def test_only_the_newest_are_kept(tmp_path: Path) -> None:
    history = SentHistory(tmp_path / "sent")
    for number in range(3 * MOST):
        draft = Draft(f"e{number}", "u", "")
        history.remember(draft)
        history.write(draft)
    assert len((tmp_path / "sent").read_text(encoding="utf-8").splitlines()) <= 2 * MOST
    again = SentHistory(tmp_path / "sent")
    again.load()
    assert again.drafts[-1].event == f"e{3 * MOST - 1}"
    assert len(again.drafts) == MOST


def test_a_file_of_another_hand_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "sent").write_text('{"event": 1}\nnonsense\n[]\n{"event": "a", "user": "u", "data": ""}\n')
    history = SentHistory(tmp_path / "sent")
    history.load()
    assert history.drafts == [Draft("a", "u", "")]


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    history = SentHistory(tmp_path / "nowhere" / "sent")
    history.load()
    history.remember(Draft("a", "u", ""))
    history.write(Draft("a", "u", ""))
    assert history.problem is not None
    assert "not kept" in history.problem
    assert history.drafts == [Draft("a", "u", "")]


# -- names ----------------------------------------------------------------------------------------


def test_the_names_that_a_source_speaks_of() -> None:
    source = (
        "async def x(journey):\n"
        "    await journey.wait_for('app/a', timeout='1d')\n"
        "    await journey.wait_for(['app/b', 'web/*'])\n"
        "    await journey.wait_for(event='app/c')\n"
        "    await journey.ingest('app/d', {})\n"
        "    print('app/e')\n"
    )
    assert set(names_in(source)) == {"app/a", "app/b", "app/c", "app/d"}
    assert names_in("def (") == ()
    assert "app/email.submitted" in workflow_names({"onboarding": onboarding, "cart": cart})


def test_what_begins_so_is_meant_before_what_holds_it() -> None:
    known = ["them", "app/email.verified", "email", "app/login"]
    assert meant("em", known) == ["email", "app/email.verified", "them"]
    assert meant("EM", ["app/Email"]) == ["app/Email"]
    assert meant("", known) == meant("app/login", known) == meant("zzz", known) == []
    assert meant("email", known) == ["email", "app/email.verified"], "what stands there comes first"
    assert meant("bad", ["bad\x1b[31m"]) == []
