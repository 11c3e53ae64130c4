"""Commands with `--temporal`, on a real server: what is sent, done and asked goes there."""

from __future__ import annotations

import asyncio
import io
import json
import re
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple
from urllib.request import Request, urlopen

import pytest

pytest.importorskip("temporalio", reason="the extra is not installed: pip install 'journey-studio[temporal]'")

from studio.cli import call
from studio.cli.output import Exit
from studio.store.rebuild import compare
from tests.temporal.servers import DevServer
from tests.temporal.support import count, entries, new_queue, until
from tests.temporal.worker_process import WORKFLOWS, WorkerProcess


class Place(NamedTuple):
    """Where a worker runs."""

    options: list[str]
    queue: str
    store: Path
    worker: WorkerProcess


@pytest.fixture
def place(server: DevServer, tmp_path: Path) -> Iterator[Place]:
    """Options, a queue's name, and the store of a worker that runs."""
    queue, store = new_queue(), tmp_path / "sink.db"
    step = {"LIFE_STEP": "0"}
    worker = WorkerProcess(server.address, queue, tmp_path, step, sink=store, http="127.0.0.1:0")
    try:
        yield Place(["--temporal", server.address, "--queue", queue], queue, store, worker)
    finally:
        assert worker.stop() == 0, worker.log.read_text()


def told(*line: str) -> list[Any]:
    """What a command prints with --json."""
    said = io.StringIO()
    with redirect_stdout(said):
        assert call([*line, "--json"]) == Exit.DONE
    return [json.loads(each) for each in said.getvalue().splitlines()]


def wait_for(store: Path, what: str, times: int = 1) -> None:
    asyncio.run(until(lambda: count(store, what) >= times))


def test_what_is_sent_and_done_and_asked(
    place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options, ada, store, _ = place
    journey = f"life/{ada}"
    data = json.dumps({"crm": f"{ada}-crm"})
    told("send", "go", "--user", ada, "--data", data, "--id", "one", *options)
    wait_for(store, "wait.opened")
    (status,) = told("status", *options)
    assert (status["users"], len(status["workers"]), len(status["sinks"])) == (1, 1, 1)
    why = told("why", ada, "--workflows", str(WORKFLOWS), *options)
    assert [each["name"] for each in why] == ["go", "next"]
    assert told("cancel", journey, *options) == [{"journey": journey, "done": "cancelled", "status": None}]
    told("restart", journey, *options)
    wait_for(store, "wait.opened", 2)
    assert call(["resume", journey + "~2", *options]) == Exit.WRONG
    assert "journey-studio: " in capsys.readouterr().err
    assert call(["cancel", f"life/no-{ada}", *options]) == Exit.WRONG
    assert "there is no such journey" in capsys.readouterr().err
    # The same id counts once.
    told("send", "go", "--user", ada, "--id", "one", *options)
    lines = tmp_path / "events.jsonl"
    lines.write_text(f'{{"event": "next", "user": "{ada}", "data": {{"n": 7}}}}\n')
    with lines.open() as file, pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdin", file)
        told("send", "-", *options)
    wait_for(store, "journey.completed")
    kinds = [e["kind"] for e in entries(store) if e["user"] == ada]
    assert kinds.count("event") == 2
    assert kinds.count("journey.cancelled") == kinds.count("journey.restarted") == 1


def test_nobody_answers(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["send", "go", "--user", "ada", "--temporal", "127.0.0.1:1"]) == Exit.WRONG
    assert "127.0.0.1:1: Temporal does not answer" in capsys.readouterr().err
    assert call(["status", "--queue", "mine"]) == Exit.WRONG
    assert "--queue goes with --temporal HOST:PORT." in capsys.readouterr().err
    assert call(["status", "--temporal", "no address"]) == Exit.WRONG
    assert "is not an address. Write HOST:PORT" in capsys.readouterr().err


def test_a_user_is_forgotten_and_begins_anew(place: Place) -> None:
    options, ada, store, worker = place
    data = json.dumps({"crm": f"{ada}-crm", "secret": "marmalade"})
    posted = json.dumps({"event": "go", "user": ada, "data": json.loads(data)}).encode()
    asyncio.run(until(lambda: worker.is_ready and "accepted at" in worker.log.read_text()))
    (http,) = re.findall(r"accepted at (\S+)", worker.log.read_text())
    with urlopen(Request(f"{http}/events", posted, {"Content-Type": "application/json"})) as answer:
        assert answer.status == 202
    wait_for(store, "wait.opened")
    (erased,) = told("erase", ada, "--yes", *options)
    assert (erased["user"], erased["deleted"] >= 1) == (ada, True)
    wait_for(store, "user.erased")
    assert [e["kind"] for e in entries(store)] == ["user.erased"]
    told("send", "go", "--user", ada, "--data", json.dumps({"crm": f"{ada}-crm"}), *options)
    wait_for(store, "wait.opened")
    assert [e["kind"] for e in entries(store)][:3] == ["user.erased", "event", "journey.started"]
    assert compare(store) == []
    assert b"marmalade" not in store.read_bytes()
    assert call(["erase", f"no-{ada}", "--yes", *options]) == Exit.WRONG
