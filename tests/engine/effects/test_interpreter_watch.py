"""A call that holds the interpreter is named, by what runs beside Python."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from studio.engine.effects.interpreter_watch import InterpreterWatch

HOLDS = """
import re

from studio import Journey, workflow


def parse(text):
    return re.match(r"(a+)+$", text)


@workflow(trigger="signup")
async def welcome(journey: Journey):
    if journey.trigger["in"] == "workflow":
        parse("a" * 60 + "b")
    await journey.step("parse", parse, "a" * 60 + "b")
    return {}
"""
RUN = """
from studio.cli import main
from studio.engine.effects import interpreter_watch as interpreter

interpreter.AFTER, interpreter.EVERY = 1.0, 0.2
main(["play", "e.jsonl"])
"""


@pytest.mark.long
@pytest.mark.parametrize("where", ["workflow", "step"])
def test_the_line_that_holds_it_stands_on_stderr(tmp_path: Path, where: str) -> None:
    (tmp_path / "workflows").mkdir()
    (tmp_path / "workflows" / "w.py").write_text(HOLDS)
    (tmp_path / "e.jsonl").write_text(f'{{"event": "signup", "user": "ada", "data": {{"in": "{where}"}}}}\n')
    process = subprocess.Popen(
        [sys.executable, "-c", RUN], cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    assert process.stderr is not None
    said = b""
    try:
        while b'w.py", line 8 in parse' not in said:
            line = process.stderr.readline()
            assert line, said.decode()
            said += line
    finally:
        process.kill()
        process.communicate()
    assert re.match(rb"Timeout \(0:00:01", said)


def test_signs_of_life_are_given_in_a_process_of_ours_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    armed: list[object] = []
    monkeypatch.setattr("faulthandler.dump_traceback_later", lambda after, file: armed.append((after, file)))
    monkeypatch.setattr("faulthandler.cancel_dump_traceback_later", lambda: armed.append("ended"))
    # Another test of this process may have been told that it is ours.
    monkeypatch.setattr("studio.engine.effects.interpreter_watch.is_own_process", lambda: False)
    watch = InterpreterWatch()
    watch.live()
    watch.end()
    assert armed == []
    monkeypatch.setattr("studio.engine.effects.interpreter_watch.is_own_process", lambda: True)
    now = 100.0
    monkeypatch.setattr("studio.engine.effects.interpreter_watch.time.monotonic", lambda: now)
    watch.live()
    now += 1.9
    watch.live()
    assert armed == [(10.0, 2)]
    now += 0.2
    watch.live()
    watch.end()
    assert armed == [(10.0, 2), (10.0, 2), "ended"]
