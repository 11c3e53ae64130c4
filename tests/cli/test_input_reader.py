"""`run` fed by another program: by its stdin with acknowledgements, by HTTP, and ended by signals."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from studio.store.views import Views
from tests.cli.shell import COMMAND, begin, kinds, project, shell, until

pytestmark = pytest.mark.xdist_group("feeding")

STEPS = """
from studio import Journey, workflow


@workflow(trigger="signup")
async def welcome(journey: Journey):
    charged = await journey.step("charge card", charge, journey.user.id, amount=5)
    return {"charged": charged}


async def charge(user: str, amount: int):
    print("charged")
    return {"receipt": 7}
"""

HANGS = """
import time
from pathlib import Path

from studio import Journey, workflow


@workflow(trigger="signup")
async def welcome(journey: Journey):
    Path("hangs").touch()
    time.sleep(60)
"""


def line(name: str, id: str) -> str:
    return json.dumps({"name": name, "user": {"external_id": "ada"}, "id": id}) + "\n"


def test_each_event_is_acknowledged_while_stdin_lives(tmp_path: Path) -> None:
    running = begin(project(tmp_path), "run", "--store", "s.db", "--events", "-", "--acks", "1")
    assert running.stdin is not None
    assert running.stdout is not None
    for number, id in enumerate(("e1", "e2", "e1"), 1):
        running.stdin.write(line("activated", id))
        running.stdin.flush()
        ack = json.loads(running.stdout.readline())
        assert (ack["line"], ack["id"], ack["user"], ack["duplicate"]) == (number, id, "ada", number == 3)
        with Views(tmp_path / "s.db") as views:
            assert ack["seq"] in [e.seq for e in views.entries(limit=100) if e.kind == "event"]
    running.send_signal(signal.SIGTERM)
    rest, told = running.communicate(timeout=60)
    assert (running.returncode, rest) == (0, ""), told


def test_acknowledgements_go_to_the_descriptor_of_the_caller(tmp_path: Path) -> None:
    batch = {"batch": [{"type": "track", "event": "activated", "userId": f"u{n}"} for n in range(3)]}
    reading, writing = os.pipe()
    done = subprocess.run(
        [*COMMAND, "run", "--events", "-", "--acks", str(writing), "--until-idle", "--json"],
        cwd=project(tmp_path),
        input=f"# three\n{json.dumps(batch)}\nnonsense\n".encode(),
        capture_output=True,
        pass_fds=[writing],
        timeout=60,
    )
    os.close(writing)
    with os.fdopen(reading) as acks:
        assert [(each["line"], each["user"]) for each in map(json.loads, acks)] == [
            (2, "u0"),
            (2, "u1"),
            (2, "u2"),
        ]
    assert done.returncode == 2
    assert b"stdin:3: it is not valid JSON" in done.stderr
    assert [json.loads(entry)["kind"] for entry in done.stdout.splitlines()].count("event") == 3


def test_a_journey_that_fails_is_told_by_the_exit_code_though_no_entry_is_printed(tmp_path: Path) -> None:
    failing = (
        "from studio import workflow\n@workflow(trigger='signup')\nasync def broken(journey):\n    1 / 0\n"
    )
    folder = project(tmp_path)
    (folder / "workflows" / "broken.py").write_text(failing)
    done = subprocess.run(
        [*COMMAND, "run", "--events", "-", "--acks", "1", "--until-idle"],
        cwd=folder,
        input=(line("activated", "e1") + line("signup", "e2")).encode(),
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 1, done.stderr
    assert [json.loads(ack)["id"] for ack in done.stdout.splitlines()] == ["e1", "e2"]


def test_it_ends_quietly_when_nobody_reads_the_acknowledgements(tmp_path: Path) -> None:
    running = begin(project(tmp_path), "run", "--events", "-", "--acks", "1")
    assert running.stdin is not None
    assert running.stdout is not None
    running.stdout.close()
    running.stdin.write(line("signup", "e1"))
    running.stdin.flush()
    assert running.wait(timeout=20) == 0
    assert running.stderr is not None
    assert "Traceback" not in running.stderr.read()
    running.stderr.close()
    running.stdin.close()


def test_it_ends_quietly_when_head_has_its_line(tmp_path: Path) -> None:
    running = begin(project(tmp_path), "run", "--json", "--events", "-")
    assert running.stdin is not None
    assert running.stdout is not None
    head = subprocess.Popen(["head", "-1"], stdin=running.stdout, stdout=subprocess.PIPE, text=True)
    running.stdout.close()
    first, _ = head.communicate(timeout=60)
    assert json.loads(first)["kind"] == "workflow.loaded"
    # Stdin is open, and nothing more happens: it looks by itself whether somebody still reads.
    assert running.wait(timeout=20) == 0
    assert running.stderr is not None
    assert running.stderr.read().splitlines() == ["Running on data/studio.db. Ctrl+C ends it."]
    running.stderr.close()
    running.stdin.close()


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (("--acks", "1"), "say --events - too"),
        (("--events", "-", "--acks", "99"), "that file descriptor is not open"),
        (("--http", "nowhere"), "is not an address"),
        (("--stub", "a=1"), "say --no-steps too"),
        (("--no-steps", "--stub", "a"), "it has no STEP=JSON"),
        (("--no-steps", "--stub", "a={"), "what follows = is not valid JSON"),
    ],
)
def test_wrong_use_is_told(tmp_path: Path, given: tuple[str, ...], why: str) -> None:
    done = shell(project(tmp_path), "run", "--until-idle", *given, stdin="")
    assert done.returncode == 2
    assert why in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_what_was_taken_durable(tmp_path: Path, number: signal.Signals) -> None:
    running = begin(project(tmp_path), "run", "--store", "s.db", "--events", "-", "--json")
    assert running.stdin is not None
    assert running.stdout is not None
    running.stdin.write(line("signup", "e1"))
    running.stdin.flush()
    first = json.loads(running.stdout.readline())
    until(lambda: "wait.opened" in kinds(tmp_path / "s.db"))
    running.send_signal(number)
    rest, told = running.communicate(timeout=60)
    assert running.returncode == 0, told
    printed = [first["kind"], *(json.loads(entry)["kind"] for entry in rest.splitlines())]
    assert printed == kinds(tmp_path / "s.db")
    assert "wait.opened" in printed


def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    folder = project(tmp_path)
    (folder / "workflows" / "welcome.py").write_text(HANGS)
    running = begin(folder, "run", "--store", "s.db", "--events", "-")
    assert running.stdin is not None
    running.stdin.write(line("signup", "e1"))
    running.stdin.flush()
    until((folder / "hangs").exists)

    def ended() -> bool:
        running.send_signal(signal.SIGINT)
        return running.poll() is not None

    # The first waits for the function that hangs; signals that come together count as one.
    until(ended)
    _, told = running.communicate()
    assert running.returncode == -signal.SIGINT, told


def test_it_takes_events_by_http_until_it_is_ended(tmp_path: Path) -> None:
    running = begin(project(tmp_path), "run", "--store", "s.db", "--http", "127.0.0.1:0", "--json")
    assert running.stderr is not None
    told = running.stderr.readline()
    assert told.startswith("Events are accepted at http://127.0.0.1:")
    place = urlsplit(told.split()[4])
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)
    connection.request("POST", "/e/key", line("signup", "e1"))
    assert json.loads(connection.getresponse().read()) == {"ids": ["e1"], "status": 200}
    assert "event" in kinds(tmp_path / "s.db")
    # The connection is kept open: it holds up nothing.
    running.send_signal(signal.SIGTERM)
    _, told = running.communicate(timeout=60)
    assert running.returncode == 0, told
    assert "Traceback" not in told
    connection.close()


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    folder = project(tmp_path)
    running = begin(folder, "run", "--store", "s.db", "--http", "127.0.0.1:0")
    assert running.stderr is not None
    place = running.stderr.readline().split()[4].removeprefix("http://")
    done = shell(folder, "run", "--store", "other.db", "--http", place)
    assert done.returncode == 2
    assert "nothing can be served there: Address already in use" in done.stderr
    running.send_signal(signal.SIGTERM)
    running.communicate(timeout=60)


def test_no_step_runs_and_the_log_says_what_would(tmp_path: Path) -> None:
    folder = project(tmp_path)
    (folder / "workflows" / "welcome.py").write_text(STEPS)
    (folder / "e.jsonl").write_text(
        line("signup", "e1").replace('"name"', '"event"').replace("external_", "")
    )
    played = shell(folder, "play", "e.jsonl", "--no-steps")
    assert "would run charge card('ada', amount=5)" in played.stdout
    assert 'completed {"charged": null}' in played.stdout
    stubbed = shell(folder, "play", "e.jsonl", "--no-steps", "--stub", 'charge card={"receipt": 1}')
    assert 'completed {"charged": {"receipt": 1}}' in stubbed.stdout
    assert not [each for each in (played, stubbed) if "  charged" in each.stdout]


def test_a_step_gives_what_the_store_has_of_it(tmp_path: Path) -> None:
    folder = project(tmp_path)
    (folder / "workflows" / "welcome.py").write_text(STEPS)
    events = '{"event": "signup", "user": "bob"}'
    shell(folder, "run", "--store", "s.db", "--events", "-", "--until-idle", stdin=events)
    again = events.replace("bob", "eve")
    done = shell(folder, "run", "--store", "s.db", "--events", "-", "--until-idle", "--no-steps", stdin=again)
    assert "would run charge card('eve', amount=5)" in done.stdout
    assert 'completed {"charged": {"receipt": 7}}' in done.stdout
    until(lambda: kinds(folder / "s.db").count("journey.completed") == 2)
