"""`record` and `play --check`, in this process, on real stores."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.cli import call
from studio.cli.output import Exit
from studio.store.views import Views
from tests.cli.shell import project

EVENTS = (
    '{"event": "signup", "user": {"id": "ada", "email": "ada@x"}}\n'
    '{"at": "1d", "event": "activated", "user": "ada"}\n'
)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(project(tmp_path))
    Path("e.jsonl").write_text(EVENTS)
    assert call(["play", "e.jsonl", "--store", "s.db"]) == Exit.DONE
    return tmp_path


def test_a_user_is_recorded_and_checked(capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert call(["record", "ada", "--as", "ada.jsonl", "--expect", "--store", "s.db"]) == Exit.DONE
    told = "2 events of ada. Play it with journey-studio play ada.jsonl --check\n"
    assert capsys.readouterr() == ("", told)
    assert call(["play", "ada.jsonl", "--check"]) == Exit.DONE
    assert capsys.readouterr() == ("", "ada.jsonl: 4 expectations met.\n")
    # The workflow says something else from now on.
    file = Path("workflows/welcome.py")
    file.write_text(file.read_text().replace("hello", "good morning"))
    assert call(["play", "ada.jsonl", "--check"]) == Exit.FAILED
    out, err = capsys.readouterr()
    assert err == 'ada.jsonl:2: expected log "hello ada@x" of ada, which did not come\n'
    assert "-     +0s      hello ada@x   (line 2)\n+     +0s      good morning ada@x\n" in out


def test_without_a_file_it_goes_to_stdout_and_plays_from_stdin(capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert call(["record", "ada", "--store", "s.db"]) == Exit.DONE
    out, err = capsys.readouterr()
    with Views(Path("s.db")) as views:
        seed = views.seed()
    assert out.splitlines() == [
        '{"at": "2026-01-01T00:00:00.000Z", "event": "signup", "user": {"id": "ada", "email": "ada@x"}'
        f', "seed": "{seed}"}}',
        '{"at": "1d", "event": "activated", "user": "ada"}',
    ]
    assert "play FILE --until 1d" in err


def test_what_cannot_be_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, told in (
        (["record", "bob", "--store", "s.db"], "there is no user 'bob'"),
        (["record", "ada", "--as", "e.jsonl", "--store", "s.db"], "e.jsonl: the file already exists"),
        (["record", "ada", "--as", "no/e.jsonl", "--store", "s.db"], "the file cannot be written"),
        (["play", "e.jsonl", "--check"], "e.jsonl: it expects nothing"),
        (["play", "e.jsonl", "--check", "--json"], "--check plays on an empty store in memory"),
        (["play", "e.jsonl", "--check", "--store", "s.db"], "--check plays on an empty store in memory"),
    ):
        capsys.readouterr()
        assert call(arguments) == Exit.WRONG, arguments
        assert told in capsys.readouterr().err
    assert Path("e.jsonl").read_text() == EVENTS


def test_a_workflow_that_does_not_load_is_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert call(["record", "ada", "--as", "ada.jsonl", "--expect", "--store", "s.db"]) == Exit.DONE
    Path("workflows/broken.py").write_text("def broken(:\n")
    assert call(["play", "ada.jsonl", "--check"]) == Exit.FAILED
    assert "broken.py:1: SyntaxError" in capsys.readouterr().err
