"""What a shell offers at tab, and the scripts that make it ask."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from studio.cli import SHARED, call, commands
from studio.cli.command_list import COMMANDS
from studio.cli.output import Exit
from tests.cli.shell import ROOT
from tests.store.build import HOSTILE, Builder, many, small

SOURCE = """
from studio import workflow

raise SystemExit("no code of a workflow runs for a completion")

@workflow(trigger=["app/signup", "app/*"], exit_on="gone", name="hello")
async def welcome(journey):
    await journey.wait_for("app/activated")

@workflow
async def weekly(journey):
    await journey.ingest("mail/sent")
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "workflows").mkdir()
    (tmp_path / "workflows" / "welcome.py").write_text(SOURCE)
    (tmp_path / "workflows" / "half.py").write_text("async def half(")
    return tmp_path


def offered(line: str) -> list[str]:
    """What is offered for the last word of a line, which may be empty."""
    *words, incomplete = line.split(" ")
    shell = ShellComplete(commands, {}, "journey-studio", "_JOURNEY_STUDIO_COMPLETE")
    return [item.value for item in shell.get_completions(words, incomplete)]


def test_commands_and_options_are_offered(here: Path) -> None:
    assert set(offered("")) == set(COMMANDS)
    assert set(offered("--store x.db re")) == {"record", "refused", "resume", "restart", "rewind"}
    assert offered("--rea") == ["--readonly"]
    assert {"--follow", "--since", *SHARED} <= set(offered("logs --"))
    assert offered("journeys --status fa") == ["failed"]
    assert offered("logs --kind wait.o") == ["wait.opened"]
    assert offered("--store wor") == ["wor"], "bash, zsh and fish complete a path by themselves"
    assert list(here.iterdir()) == [here / "workflows"]


def test_names_of_the_files_and_of_the_store_are_offered(here: Path) -> None:
    assert offered("send app/") == ["app/activated", "app/signup"]
    assert offered("map ") == ["hello", "weekly"]
    assert offered("timeline a") == offered("cancel hello/a") == []
    assert not (here / "data").exists(), "no store is made by asking"
    small(here / "s.db")
    assert offered("send --store s.db --user b") == ["bob/x~2"]
    assert offered("timeline --store s.db a") == ["ada"]
    assert offered("--store s.db timeline a") == ["ada"]
    names = {"activated", "app/activated", "cart/created", "mail/sent", "gone"}
    assert names <= set(offered("send --store s.db "))
    assert offered("why --store s.db ada s") == ["signup"]
    assert offered("cancel --store s.db we") == ["weekly/"]
    assert offered("cancel --store s.db cart/a") == ["cart/ada/7~2"]
    assert offered("users --store workflows --user a") == []


def test_only_some_of_very_many_are_offered_and_none_that_bites(here: Path) -> None:
    many(here / "s.db", (f"u{n:05}" for n in range(500)))
    assert offered("timeline --store s.db u001") == [f"u{n:05}" for n in range(100, 130)]
    b = Builder(here / "bad.db")
    b.event(HOSTILE, HOSTILE)
    b.done()
    assert offered("timeline --store bad.db ") == []
    assert HOSTILE not in offered("send --store bad.db ")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_script(shell: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert call(["completion", shell]) == Exit.DONE
    assert f"_JOURNEY_STUDIO_COMPLETE={shell}_complete" in capfd.readouterr().out


def test_a_real_bash_completes_and_loads_no_screens(here: Path) -> None:
    small(here / "s.db")
    script = here / "journey-studio"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -X importtime -m studio.cli "$@"\n')
    script.chmod(0o755)
    program = """
        eval "$(journey-studio completion bash 2> /dev/null)"
        complete -p journey-studio
        COMP_WORDS=(journey-studio --store s.db timeline a)
        COMP_CWORD=4
        _journey_studio_completion journey-studio
        echo "${COMPREPLY[@]}"
    """
    environment = {**os.environ, "PATH": f"{here}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["bash", "-c", program], cwd=here, env=environment, capture_output=True, text=True, timeout=180
    )
    *_, how, found = done.stdout.splitlines()
    assert how.endswith("-F _journey_studio_completion journey-studio")
    assert found == "ada"
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "studio.store.views" in loaded
    assert not loaded & {"textual", "studio.engine.engine", "sqlite_utils"}
