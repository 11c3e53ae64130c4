"""An engine that was started before a fork, as servers do that load the application first."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from tests.cases.playing import HERE


def test_the_child_is_told_at_once_and_the_parent_keeps_its_store(tmp_path: Path) -> None:
    shutil.copytree(HERE / "fork", tmp_path, dirs_exist_ok=True)
    (tmp_path / "data").mkdir()
    # The console script of this very environment.
    done = subprocess.run(
        [sys.executable, "app.py"],
        cwd=tmp_path,
        env={"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    child, parent, second = done.stdout.splitlines()
    assert child.startswith("child: StudioError the engine runs in another process (pid ")
    assert parent == "parent: accepted"
    assert second.startswith("a second engine: rc 2 ")
