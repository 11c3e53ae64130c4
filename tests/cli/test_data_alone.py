"""Stdout is for data: whatever else is written there is the journey's, or goes to stderr."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from studio.cli.output import data_alone, write
from tests.cli.shell import COMMAND, shell

LOUD = """
import asyncio
import functools
import os
import pprint
import subprocess
import sys
import threading
from builtins import print as saved_print
from concurrent.futures import ThreadPoolExecutor

from studio import Journey, workflow

quick = functools.partial(print, "partial")
out = sys.stdout
out.write("at import\\n")
os.write(1, b"to the descriptor\\n")
subprocess.run([sys.executable, "-c", "print('a process')"], check=True)


def say(text):
    saved_print(text, file=out)


async def by_asyncio():
    process = await asyncio.create_subprocess_exec("echo", "by asyncio")
    assert await process.wait() == 0
    # Its last line is read beside.
    await asyncio.sleep(0.5)


def loud():
    quick()
    say("kept")
    sys.stdout.writelines(["two ", "pieces\\n"])
    sys.stderr.write("an error\\n")
    thread = threading.Thread(target=say, args=("thread",))
    thread.start()
    thread.join()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(pprint.pprint, {"pool": 1}).result()
    subprocess.run(["sh", "-c", "echo one; echo two; echo wrong >&2"], check=True)
    subprocess.run(["echo", "asked for"], capture_output=True, check=True)
    subprocess.check_call(["echo", "checked"])
    asyncio.run(by_asyncio())
    os.system("echo by the shell")
    sys.stdout.write("without an end")


@workflow(trigger="signup")
async def welcome(journey: Journey):
    sys.stdout.write("in the workflow\\n")
    await journey.step("loud", loud)
    await journey.wait_for("never", timeout="1d")
    sys.stdout.write("again\\n")
    return {}
"""
SAID = [
    "in the workflow",
    "partial",
    "kept",
    "two pieces",
    "an error",
    "thread",
    "{'pool': 1}",
    "one",
    "two",
    "checked",
    "by asyncio",
    "without an end",
    "again",
]
ELSEWHERE = ["at import", "to the descriptor", "a process", "wrong", "by the shell"]


@pytest.fixture
def loud(tmp_path: Path) -> Path:
    (tmp_path / "workflows").mkdir()
    (tmp_path / "workflows" / "loud.py").write_text(LOUD)
    (tmp_path / "e.jsonl").write_text('{"event": "signup", "user": "ada"}\n')
    return tmp_path


def test_each_way_to_write_is_taken_in_its_place_once(loud: Path) -> None:
    done = shell(loud, "play", "e.jsonl", "--json")
    entries = [json.loads(line) for line in done.stdout.splitlines()]
    assert [entry["message"] for entry in entries if entry["kind"] == "log"] == SAID
    assert done.stderr.splitlines() == ELSEWHERE
    # Where the author's own code has called for it; the pool calls `pprint` by itself.
    lines = [entry["line"] for entry in entries if entry["kind"] == "log" and "pool" not in entry["message"]]
    assert all(line.startswith("loud.py:") for line in lines)


def test_people_see_data_on_stdout_and_the_rest_on_stderr(loud: Path) -> None:
    done = shell(loud, "play", "e.jsonl")
    assert not [text for text in ELSEWHERE if text in done.stdout]
    assert done.stderr.splitlines() == ELSEWHERE


def test_acknowledgements_on_stdout_are_alone_there(loud: Path) -> None:
    line = '{"event": "signup", "user": "ada", "id": "e1"}\n'
    done = shell(loud, "run", "--events", "-", "--acks", "1", "--until-idle", stdin=line)
    (ack,) = [json.loads(each) for each in done.stdout.splitlines()]
    assert (ack["id"], ack["duplicate"]) == ("e1", False)
    assert "at import" in done.stderr


@pytest.mark.parametrize(
    "command", [["check", "workflows", "--json"], ["explore", "--json"], ["map", "--format", "json"]]
)
def test_commands_that_import_workflows_print_data_alone(loud: Path, command: list[str]) -> None:
    done = shell(loud, *command)
    assert all(json.loads(each) is not None for each in done.stdout.splitlines())
    assert not [text for text in ELSEWHERE if text in done.stdout]


def test_help_and_version_are_what_was_asked_for(loud: Path) -> None:
    assert shell(loud, "play", "--help").stdout.startswith("Usage: ")
    assert shell(loud, "--version").stdout.startswith("journey-studio ")


def test_a_reader_that_has_enough_ends_the_command_in_order(loud: Path) -> None:
    events = "".join(f'{{"event": "visit", "user": "user{n}"}}\n' for n in range(20_000))
    (loud / "e.jsonl").write_text(events)
    with subprocess.Popen(
        [*COMMAND, "play", "e.jsonl", "--json"], cwd=loud, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        err = process.stderr.read().decode()
    assert process.returncode == 0
    assert "Traceback" not in err
    assert "Broken" not in err


def test_without_a_stderr_the_rest_is_lost_and_the_data_is_not(loud: Path) -> None:
    # A process that writes on an stderr that there is not fails by itself.
    (loud / "workflows" / "loud.py").write_text(LOUD.replace("; echo wrong >&2", ""))
    done = subprocess.run(
        ["sh", "-c", f"{sys.executable} -m studio.cli play e.jsonl --json 2>&-"],
        cwd=loud,
        stdout=subprocess.PIPE,
        timeout=60,
        text=True,
    )
    entries = [json.loads(line) for line in done.stdout.splitlines()]
    assert [entry["message"] for entry in entries if entry["kind"] == "log"] == SAID
    assert entries[-1]["kind"] == "journey.completed"


def test_what_was_is_there_again_afterwards(capsys: pytest.CaptureFixture[str]) -> None:
    before = sys.stdout, sys.stderr
    with data_alone(), data_alone():
        print("aside")
        write(["data"])
        assert sys.stdout is not before[0]
    print("after")
    assert (sys.stdout, sys.stderr) == before
    assert capsys.readouterr() == ("data\nafter\n", "aside\n")
