"""What holds for all tests."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.long_tests import LONG

# Screens are drawn in the colours that the terminal has: in tests, in all.
os.environ["COLORTERM"] = "truecolor"

# How fast the machine is at this moment says nothing about what is tested. The same examples each time: a
# change is blamed for what it broke, and nothing else. `--hypothesis-profile explore` looks for new ones.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("project", PATIENT, derandomize=True)
settings.register_profile("explore", PATIENT, derandomize=False)
settings.load_profile("project")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what stands in `long_tests.txt`, before tests are chosen by their marks."""
    root = Path(__file__).parent.parent
    for item in items:
        name = item.name.partition("[")[0]
        if item.path.is_relative_to(root) and f"{item.path.relative_to(root)}::{name}" in LONG:
            item.add_marker(pytest.mark.long)


def pytest_collection_finish() -> None:
    """What was imported and collected stays to the end: the collector went through it time and again.

    That was a sixth of what the tests of the screens cost.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
