"""A limit on the size of files: it is named, the engine waits, and nothing is lost or doubled."""

from __future__ import annotations

import json
import resource
import threading
from pathlib import Path
from typing import IO, Any

import pytest

from studio.store.inbox import engine_of
from studio.store.views import Views
from tests.cli.shell import COMMAND, begin, project, shell, until

LIMIT = 600 * 1024
EVENTS = 6_000
NAMED = "the limit on the size of files that holds for this process (614,400 bytes)"


def events(folder: Path) -> Path:
    """More than fits below the limit."""
    file = folder / "many.jsonl"
    lines = (json.dumps({"event": "signup", "user": f"u{n}", "id": f"e{n}"}) for n in range(EVENTS))
    file.write_text("\n".join(lines) + "\n")
    return file


def test_a_play_that_meets_it_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project(tmp_path)
    events(tmp_path)
    code = "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (614400, -1)); import runpy;"
    monkeypatch.setattr("tests.cli.shell.COMMAND", [COMMAND[0], "-c", _calling(code)])
    done = shell(tmp_path, "play", "many.jsonl", "--store", "limited.db")
    assert done.returncode == 2
    assert NAMED in done.stderr
    assert "ulimit -f" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_run_waits_for_room_says_so_and_takes_each_event_once(tmp_path: Path) -> None:
    project(tmp_path)
    events(tmp_path)
    path = tmp_path / "data" / "studio.db"
    run = begin(tmp_path, "run", "--events", "-", "--acks", "1")
    try:
        until(lambda: bool((engine_of(path) or (0, 0))[0]))
        resource.prlimit(run.pid, resource.RLIMIT_FSIZE, (LIMIT, resource.RLIM_INFINITY))
        assert run.stdin is not None
        assert run.stdout is not None
        # In threads: a run reads no further while it is paused, or nobody reads its acknowledgements.
        lines = (tmp_path / "many.jsonl").read_text()
        threading.Thread(target=_write, args=(run.stdin, lines), daemon=True).start()
        acks: list[dict[str, Any]] = []
        reader = threading.Thread(target=_read, args=(run.stdout, acks), daemon=True)
        reader.start()
        until(lambda: "paused    " in shell(tmp_path, "status").stdout, 30)
        status = json.loads(shell(tmp_path, "status", "--json").stdout)
        assert NAMED in status["engine"]["paused"]
        sent = shell(tmp_path, "send", "activated", "--user", "u1").stderr
        assert "is paused" in sent
        resource.prlimit(run.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        reader.join(60)
        assert "paused" not in shell(tmp_path, "status").stdout
    finally:
        run.terminate()
    _, said = run.communicate(timeout=60)
    assert [ack["id"] for ack in acks] == [f"e{n}" for n in range(EVENTS)]
    assert not any(ack["duplicate"] for ack in acks)
    assert said.index("Paused: ") < said.index(NAMED) < said.index("It goes on.")
    assert run.returncode == 0
    with Views(path) as views:
        assert views.totals().events == EVENTS + 1
    assert not path.with_name(path.name + ".paused").exists()


def _write(stdin: IO[str], lines: str) -> None:
    stdin.write(lines)
    stdin.flush()


def _read(stdout: IO[str], acks: list[dict[str, Any]]) -> None:
    while len(acks) < EVENTS:
        acks.append(json.loads(stdout.readline()))


def _calling(code: str) -> str:
    return f"{code} sys.argv[0] = 'journey-studio'; runpy.run_module('studio.cli', run_name='__main__')"
