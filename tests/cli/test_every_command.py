"""Every command and each of its options that look or act, on an empty and on a small store, in each form."""

from __future__ import annotations

import csv
import inspect
import io
import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from studio.cli import SHARED, call, commands
from studio.cli.command_list import COMMANDS
from studio.cli.output import Exit
from tests.cli.shell import project
from tests.store.build import Builder, small

SAMPLES = {
    "--from-schema": "events.schema.json",
    "--user": "ada",
    "--workflow": "welcome",
    "--contains": "a",
    "--since": "2025-12-31",
    "--limit": "1",
    "--level": "warning",
    "--at": "5",
    "--kind": "wait",
    "--status": "failed",
    "--format": "text",
    "--id": "e-1",
    "--data": "{}",
    "--as": "out.jsonl",
    "--to": "out.jsonl",
    "--film": "film.db",
    "--url": "memory:///",
    "--depth": "2",
    "--paths": "2",
    "--seconds": "2",
    "--most": "1",
    "--sample": "activated={}",
    "--events": "events.jsonl",
    "--start": "2026-03-02T09:00",
    "--write": "paths",
    "--until": "30d",
    "--from": "completed",
    "--for": "10ms",
    "--template": "welcome",
    "--users": "ada",
    "--rate": "100/s",
    "--older-than": "90d",
    "--skip-late": "2d",
    "--acks": "1",
    "--stub": "charge=1",
    "--by": "week",
    "--svg": "out.svg",
    "--html": "out.html",
    "--mended": '{"event": "signup", "user": "ada"}',
}
ARGUMENTS = {
    "user": "ada",
    "journey": "cart/bob~/x~~2/c1",
    "event": "signup",
    "file": "events.jsonl",
    "shell": "bash",
    "name": "welcome",
    "paths": "workflows",
    "workflow": "welcome",
    "seq": "5",
    "newfile": "fork.db",
    "act": "show",
    "value": "",
    "users": "ada",
    "number": "1",
}
TAKES_ITS_TIME = {
    "studio",
    "serve",
    "run",
    "play",
    "worker",
    "watch",
    "dev",
    "deploy",
    "simulate",
    "backtest",
    "mcp",
}
"""They show a screen or drive journeys: test_run.py, test_shell.py, test_simulate.py, test_backtest.py,
tests/assistant/."""
ENDLESS = {"--follow", "--watch"}
ELSEWHERE = {"--temporal", "--namespace", "--queue"}
"""They ask a server: tests/temporal/test_commands.py has them."""


def lines_of(name: str) -> list[list[str]]:
    """The command as it is, and with each option, in each form that it has."""
    command = commands.get_command(click.Context(commands), name)
    assert command is not None
    takes = [ARGUMENTS[each.name or ""] for each in command.params if isinstance(each, click.Argument)]
    given: list[list[str]] = [[]]
    for each in command.params:
        if isinstance(each, click.Option) and not {*each.opts} & {
            *SHARED,
            *ENDLESS,
            *ELSEWHERE,
            "--json",
            "--csv",
        }:
            long = next(text for text in each.opts if text.startswith("--"))
            given.append([long] if each.is_flag else [long, SAMPLES[long]])
    forms = [text for each in command.params for text in each.opts if text in ("--json", "--csv")]
    base = ["--user", "ada"] if name == "send" else []
    return [[name, *takes, *base, *more, *form] for more in given for form in ([], *([f] for f in forms))]


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in TAKES_ITS_TIME])
def test_a_command_answers_with_each_option_in_each_form(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(project(tmp_path))
    with Path("workflows/welcome.py").open("a") as file:
        # What a script reads is data alone, whatever is said while the files are imported.
        file.write("\nimport sys\n\nprint('settings loaded')\nsys.stdout.write('and written\\n')\n")
    Path("events.schema.json").write_text('{"properties": {"a": {"properties": {"b": {}}}}}')
    Path("events.jsonl").write_text('{"event": "signup", "user": "ada"}\n')

    def empty(path: Path) -> Path:
        return Builder(path).done()

    for kind, make in (("empty", empty), ("small", small)):
        for number, line in enumerate(lines_of(name)):
            for written in ("out.jsonl", "fork.db", "workflows/welcome-new.py"):
                Path(written).unlink(missing_ok=True)
            code = call([*line, "--store", str(make(tmp_path / f"{kind}{number}.db"))])
            out, err = capfd.readouterr()
            where = f"{kind}: {' '.join(line)}: {err}"
            assert code in (Exit.DONE, Exit.FAILED, Exit.WRONG), where
            assert "Traceback" not in err, where
            if code == Exit.WRONG:
                # Refused, with a reason, and nothing that a script could take for an answer.
                assert (out, "journey-studio: " in err) == ("", True), where
            elif line[-1] == "--json":
                assert all(isinstance(json.loads(each), dict) for each in out.splitlines()), where
            elif line[-1] == "--csv":
                heads, *rows = csv.reader(io.StringIO(out, newline=""))
                assert all(len(row) == len(heads) for row in rows), where
    if name in ("users", "journeys", "waits", "timeline", "logs", "why", "record", "verify"):
        assert code == Exit.DONE, "the small store has what is asked for"


def test_the_summary_of_each_command_is_whole_at_80_columns_and_stands_at_its_module() -> None:
    shown = CliRunner().invoke(commands, ["--help"], terminal_width=80).output
    for name, (module, summary) in COMMANDS.items():
        assert summary in shown, name
        command = commands.get_command(click.Context(commands), name)
        assert command is not None
        assert command.callback is not None
        assert inspect.unwrap(command.callback).__module__ == module
    assert all(len(f"  completion  {summary}") <= 80 for _, summary in COMMANDS.values())
