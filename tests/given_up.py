"""Threads of other tests that were given up and still block: nothing can be traced beside them."""

from __future__ import annotations

import time

import pytest

from studio.engine.work.watchdog import any_blocks


@pytest.fixture(autouse=True)
def nothing_blocks() -> None:
    """Let the calls of other tests come back first (`any_blocks` says why)."""
    end = time.monotonic() + 60
    while any_blocks():
        assert time.monotonic() < end, "another test has left a call that does not come back"
        time.sleep(0.02)
