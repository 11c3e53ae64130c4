"""The tests that `make test-long` runs for the time that they take: those in `long_tests.txt`."""

from __future__ import annotations

from pathlib import Path

FILE = Path(__file__).with_suffix(".txt")
LONG = frozenset(line for line in FILE.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
"""Each as "tests/room/test_module.py::test_name", with all its parameters."""
