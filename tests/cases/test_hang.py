"""A step that never comes back, played in virtual time: one ctrl+c ends it."""

from __future__ import annotations

import signal
import time

from tests.cases.playing import HERE
from tests.cli.shell import begin


def test_one_interrupt_ends_play_while_a_step_hangs() -> None:
    process = begin(HERE / "hang", "play", "e.jsonl")
    assert process.stdout is not None
    assert "signup" in process.stdout.readline()
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, "", "")
    # About 2 seconds; on a busy machine more, and never the 30 that an engine may take.
    assert time.monotonic() - began < 20
