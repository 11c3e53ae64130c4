"""Paths of 0.1 lead to the modules of today, with a warning."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

from studio.moved import new_path
from studio.moved.table import MOVED


@pytest.mark.parametrize("new", sorted(set(MOVED.values())))
def test_every_new_path_is_there(new: str) -> None:
    assert importlib.import_module(new).__name__ == new


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("studio.clock", "studio.clocks.clock"),
        ("studio.explorer", "studio.design.explorer"),
        ("studio.explorer.walker", "studio.design.explorer.walker"),
        ("studio.clocks.clock", None),
        ("studio.incoming", None),
        ("studio.store.hooks", None),
    ],
)
def test_where_a_module_stands_now(old: str, new: str | None) -> None:
    assert new_path(old) == new


def run(code: str, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *options, "-c", code], capture_output=True, text=True, check=False)


def test_an_old_path_gives_the_same_module_and_warns() -> None:
    done = run(
        "import studio.explorer.walker as old, studio.design.explorer.walker as new\n"
        "from studio.clock import VirtualClock\n"
        "import studio\n"
        "print(old is new, VirtualClock is studio.VirtualClock, old.__name__, old.__spec__.name)",
        "-W",
        "always",
    )
    assert done.stdout.split() == ["True", "True", *["studio.design.explorer.walker"] * 2]
    assert "studio.clock is studio.clocks.clock now; the old path goes with 0.3" in done.stderr
    assert "studio.explorer.walker is studio.design.explorer.walker now" in done.stderr


def test_what_never_was_is_not_found() -> None:
    done = run("import studio.nowhere")
    assert done.returncode == 1
    assert "No module named 'studio.nowhere'" in done.stderr


def test_the_public_name_stays_a_function() -> None:
    assert run("import studio; print(callable(studio.incoming))").stdout == "True\n"
