"""What only a real process shows: exit codes, signals, closed pipes, what is imported."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from studio.store.inbox import engine_of
from tests.cli.shell import COMMAND, ROOT, begin, kinds, project, shell, until
from tests.sampling import sampled
from tests.store.build import many


@pytest.fixture
def here(tmp_path: Path) -> Path:
    return project(tmp_path)


def test_the_exit_codes_reach_the_shell(here: Path) -> None:
    assert shell(here, "--help").returncode == 0
    wrong = shell(here, "users")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr.startswith("journey-studio: data/studio.db: there is no store here.")
    failed = shell(here, "play", "-", stdin='{"event": "signup", "user": "ada"}')
    assert failed.returncode == 1
    assert "never came back" in failed.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_run_cleanly(here: Path, number: signal.Signals) -> None:
    running = begin(here, "run", "--json", "--store", "s.db")
    try:
        until((here / "s.db").exists)
        sent = shell(here, "send", "signup", "--user", "ada", "--store", "s.db")
        assert sent.returncode == 0
        assert running.stdout is not None
        while json.loads(running.stdout.readline())["kind"] != "wait.opened":
            pass
        running.send_signal(number)
        _, err = running.communicate(timeout=60)
    finally:
        running.kill()
    assert running.returncode == 0
    assert "Traceback" not in err
    assert kinds(here / "s.db").count("wait.opened") == 1
    assert shell(here, "verify", "--store", "s.db").returncode == 0


def test_a_running_engine_takes_events_and_acts_of_others(here: Path) -> None:
    running = begin(here, "run", "--store", "s.db")
    try:
        assert running.stderr is not None
        assert "Running on s.db" in running.stderr.readline()
        sent = shell(here, "send", "signup", "--user", "ada", "--store", "s.db")
        assert "No engine" not in sent.stderr
        until(lambda: "wait.opened" in kinds(here / "s.db"))
        done = shell(here, "cancel", "welcome/ada", "--store", "s.db")
        assert (done.returncode, done.stdout) == (0, "cancelled welcome/ada\n")
        again = shell(here, "cancel", "welcome/ada", "--store", "s.db")
        assert again.returncode == 2
        assert "cancelled already" in again.stderr
        second = shell(here, "run", "--store", "s.db", "--for", "1s")
        assert second.returncode == 2
        assert str(running.pid) in second.stderr
    finally:
        running.terminate()
        running.communicate(timeout=60)
    assert running.returncode == 0


@pytest.mark.parametrize(
    "command",
    sampled(
        [
            ["users", "--limit", "5000"],
            ["users", "--limit", "5000", "--json"],
            ["timeline", "u0"],
            ["logs", "--follow"],
            ["play", "many.jsonl"],
            ["play", "many.jsonl", "--json"],
            ["run", "--events", "many.jsonl"],
            ["--help"],
        ],
        4,
    ),
)
def test_a_closed_pipe_ends_a_command_quietly(here: Path, command: list[str]) -> None:
    many(here / "s.db", (f"u{i}" for i in range(5_000)))
    (here / "many.jsonl").write_text('{"event": "signup", "user": "u"}\n' * 3_000)
    store = [] if command[0] in ("play", "--help") else ["--store", "s.db"]
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [*COMMAND, *command, *store],
            cwd=here,
            stdout=writing,
            stderr=subprocess.PIPE,
            timeout=180,
            text=True,
        )
    finally:
        os.close(writing)
    assert "Traceback" not in done.stderr
    assert "Broken" not in done.stderr
    assert "Exception ignored" not in done.stderr
    assert done.returncode in (0, 1)


@pytest.mark.parametrize("command", [["logs", "--follow"], ["run"]])
def test_a_reader_that_goes_ends_a_command_in_which_nothing_happens(here: Path, command: list[str]) -> None:
    assert shell(here, "send", "signup", "--user", "ada", "--store", "s.db").returncode == 0
    with begin(here, *command, "--store", "s.db") as waiting:
        try:
            assert waiting.stdout is not None
            assert waiting.stderr is not None
            assert waiting.stdout.readline()
            waiting.stdout.close()
            assert waiting.wait(timeout=20) == 0
            assert "Traceback" not in waiting.stderr.read()
        finally:
            waiting.kill()


def test_a_followed_log_keeps_its_columns(here: Path) -> None:
    assert shell(here, "run", "--until-idle", "--store", "s.db").returncode == 0
    with begin(here, "logs", "--follow", "--store", "s.db") as following:
        try:
            assert following.stdout is not None
            heads = following.stdout.readline()
            shell(here, "send", "signup", "--user", "ada", "--store", "s.db")
            shell(here, "run", "--until-idle", "--store", "s.db")
            line = following.stdout.readline()
        finally:
            following.kill()
    at = [heads.index(head) for head in ("LEVEL", "USER", "WORKFLOW", "WHAT", "LINE")]
    texts = ("info ", "ada ", "welcome ", "hello None ", "welcome.py:7")
    assert [line.index(text) for text in texts] == at


def test_logs_follow_until_interrupted(here: Path) -> None:
    store = ("--store", "s.db")
    assert shell(here, "run", "--until-idle", "--events", "-", *store, stdin="").returncode == 0
    running = begin(here, "run", *store)
    until(lambda: engine_of(here / "s.db") is not None)
    following = begin(here, "logs", "--follow", "--json", "--limit", "5", *store)
    try:
        for user in ("ada", "bob"):
            assert shell(here, "send", "signup", "--user", user, *store).returncode == 0
        assert following.stdout is not None
        told = [json.loads(following.stdout.readline())["user"] for _ in range(2)]
        assert told == ["ada", "bob"]
        following.send_signal(signal.SIGINT)
        _, err = following.communicate(timeout=60)
        assert (following.returncode, err) == (0, "")
    finally:
        following.kill()
        running.terminate()
        running.communicate(timeout=60)


def test_a_stream_is_sent_line_by_line(here: Path) -> None:
    sending = begin(here, "send", "-", "--json", "--store", "s.db")
    try:
        assert sending.stdin is not None
        assert sending.stdout is not None
        for user in ("ada", "bob"):
            sending.stdin.write(json.dumps({"event": "signup", "user": user}) + "\n\n# a comment\n")
            sending.stdin.flush()
            # It is told before the next is written, so it was not kept back.
            assert json.loads(sending.stdout.readline())["user"] == user
    finally:
        _, err = sending.communicate(timeout=60)
    assert sending.returncode == 0
    assert err == ""


def test_a_slip_in_a_stream_names_its_line(here: Path) -> None:
    lines = "".join(
        f"{line}\n"
        for line in (
            '{"event": "a", "user": "u"}',
            '{"event": "b", "user": "u"}',
            "",
            '{"event": "c"}',
            '{"event": "d", "user": "u"}',
        )
    )
    done = shell(here, "send", "-", "--store", "s.db", stdin=lines)
    assert (done.returncode, done.stdout) == (2, "")
    assert "stdin:4: the field user is missing" in done.stderr
    assert "2 events before it were added" in done.stderr
    fine = shell(here, "send", "-", "--store", "s.db", stdin=b"\xef\xbb\xbf" + lines.encode()[:56])
    assert (fine.returncode, fine.stdout) == (0, "added 2 events\n")


def test_data_comes_from_stdin(here: Path) -> None:
    done = shell(here, "send", "e", "--user", "u", "--data", "-", "--store", "s.db", stdin='{"a": 1}')
    assert done.returncode == 0
    bad = shell(here, "send", "e", "--user", "u", "--data", "-", "--store", "s.db", stdin=b"\xff\xfe")
    assert bad.returncode == 2
    assert "stdin: " in bad.stderr


def test_a_full_output_is_told(here: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    many(here / "s.db", (f"u{i}" for i in range(10)))
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [*COMMAND, "users", "--store", "s.db"], cwd=here, stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert done.returncode == 2
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_terminal_without_the_signs_gets_escapes() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [*COMMAND, "play", "data/onboarding.jsonl"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        timeout=180,
    )
    assert done.returncode == 0
    assert b"\\u25c6 reminder/account.created" in done.stdout


@pytest.mark.parametrize(
    "args", [["--help"], ["send", "e", "--user", "u"], ["users"], ["play", "--help"], ["timeline", "u"]]
)
def test_nothing_headless_loads_the_screens(here: Path, args: list[str]) -> None:
    program = (
        "import sys\nfrom studio.cli import call\n"
        f"call({args!r})\n"
        "heavy = [name for name in ('textual', 'rich', 'watchfiles', 'studio.tui') if name in sys.modules]\n"
        "sys.exit(' '.join(heavy) or 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=here, capture_output=True, text=True, timeout=180
    )
    assert (done.returncode, done.stderr.strip().splitlines()[-1:]) in [(0, []), (0, [done.stderr.strip()])]


def test_text_of_users_cannot_steer_the_terminal(here: Path) -> None:
    evil = "\x1b]0;owned\x07\x1b[2J\x9b31m"
    event = json.dumps({"event": "signup", "user": {"id": "ada", "email": evil}})
    for form in ([], ["--json"]):
        done = shell(here, "play", "-", "--until", "1d", *form, stdin=event)
        assert done.returncode == 0
        assert not set(done.stdout) & set("\x1b\x07\x9b")
        assert "owned" in done.stdout
