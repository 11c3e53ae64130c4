"""README.md: what it shows is what happens, and what it lists is what there is."""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from textual.app import App
from textual.binding import Binding, BindingType
from textual.dom import DOMNode

from studio import Event, Journey, Waited, eventfiles, loader, workflow
from studio.checked_play import play_and_check
from studio.cli import COMMANDS, SHARED, readme
from studio.cli.options import Settings, settings
from studio.cli.output import Exit
from studio.expectations import FIELDS
from studio.store.views import Views
from studio.testing import Journeys
from studio.tui import preferences, themes
from studio.tui.keymap import complaints
from studio.tui.screens.preview import PreviewScreen
from tests.tui.conftest import open_studio

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")

# Hypothesis would else call a busy machine a failure.
PATIENT = ["--hypothesis-profile=ci"]
PLUGINS = ("-p", "studio.testing", "-p", "no:cacheprovider")
"""What is found by itself where Journey Studio is installed, and no files of pytest."""

MOMENT = re.compile(r"(\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d(\.\d{3})?")
"""What differs from run to run: the local time. Virtual time does not, and is compared."""


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code."""

    language: str
    text: str
    line: int
    """Where it begins in README.md."""


def blocks(*languages: str) -> list[Block]:
    """The blocks of these languages, all when none is named, in order."""
    found = [
        Block(match[1], match[2], README.count("\n", 0, match.start()) + 1)
        for match in re.finditer(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    ]
    return [block for block in found if not languages or block.language in languages]


def table(head: str) -> list[list[str]]:
    """The rows of the table whose first head is this: the texts of their cells."""
    _, found, rest = README.partition(f"\n| {head} |")
    assert found, f"there is no table of {head}"
    rows = [line for line in rest.split("\n\n")[0].splitlines()[2:] if line.startswith("|")]
    return [[cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in rows]


def codes(cell: str) -> list[str]:
    """What stands in backticks."""
    return re.findall(r"`([^`]+)`", cell)


# -- what it shows -----------------------------------------------------------------------------


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder as a reader has it, with `journey-studio` on the path."""
    shutil.copytree(ROOT / "workflows", tmp_path / "workflows", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "data").mkdir()
    for file in (ROOT / "data").glob("*.jsonl"):
        shutil.copy(file, tmp_path / "data")
    script = tmp_path / "bin" / "journey-studio"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m studio.cli "$@"\n')
    script.chmod(0o755)
    return tmp_path


def run(here: Path, *command: str) -> tuple[int, str]:
    """A command's exit code, and all that a person sees of it."""
    environment = {
        **os.environ,
        "PATH": f"{here / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PYTHONIOENCODING": "utf-8",
    }
    done = subprocess.run(
        command, cwd=here, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60
    )
    return done.returncode, done.stdout.decode()


def follow(here: Path, block: Block, shown: str | None) -> None:
    """Do what a block says; what comes must be what stands in it, or in the block of text after it."""
    where = f"README.md:{block.line}"
    if block.language == "console":
        for command, output in calls(block.text):
            _, came = run(here, "sh", "-c", command)
            assert MOMENT.sub("…", came) == MOMENT.sub("…", output), f"{where}: {command}"
        return
    if name := re.match(r"# (\S+\.py)\n", block.text):
        path = here / name[1]
        path.write_text(block.text, encoding="utf-8")
        if path.name.startswith("test_"):
            code, came = run(here, sys.executable, "-m", "pytest", "-q", *PLUGINS, *PATIENT, path.name)
            assert (code, "1 passed" in came) == (0, True), f"{where}: {came}"
        return
    code, came = run(here, sys.executable, "-W", "error", "-c", block.text)
    assert (code, came) == (0, shown or ""), where


def calls(text: str) -> Iterator[tuple[str, str]]:
    """The commands of a session at a terminal, each with its output."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        yield command, output


def test_who_follows_it_from_top_to_bottom_sees_what_it_says(here: Path) -> None:
    followed = blocks("python", "console", "text")
    for block, after in zip(followed, [*followed[1:], None], strict=True):
        if block.language != "text":
            follow(here, block, after.text if after is not None and after.language == "text" else None)


def test_every_block_is_tried_by_a_test() -> None:
    assert {block.language for block in blocks()} == {"sh", "python", "console", "text", "toml", "jsonl"}


def test_the_first_journey_has_fifteen_lines() -> None:
    first = blocks("python")[0].text.splitlines()
    assert first[0] == "# workflows/welcome.py"
    assert len(first[1:]) == 15


def test_the_application_starts_and_stops_the_engine(here: Path) -> None:
    for block in blocks("python"):
        if re.match(r"# (workflows/welcome|app|journeys)\.py\n", block.text):
            follow(here, block, None)
    program = """
import asyncio, app, journeys
from studio.store.inbox import engine_of
sent = []
async def receive():
    return {"type": "http.request", "body": b'{"id": "eve", "email": "eve@example.com"}'}
async def send(message):
    sent.append(message)
async def main():
    async with app.app.router.lifespan_context(app.app):
        scope = {"type": "http", "method": "POST", "path": "/signup", "headers": [], "query_string": b""}
        await app.app(scope, receive, send)
        assert engine_of(app.engine.path) is not None
asyncio.run(main())
assert engine_of(app.engine.path) is None
assert sent[0]["status"] == 202, sent
with journeys.engine:
    journeys.signed_up("dan", "dan@example.com")
"""
    assert run(here, sys.executable, "-W", "error", "-c", program) == (0, "")
    for store, id in (("app", "welcome/eve"), ("django", "welcome/dan")):
        with Views(here / "data" / f"{store}.db") as views:
            row = views.journey(id)
            assert row is not None
            assert row.status == "waiting"


def test_the_event_file_reads_as_one() -> None:
    block, _ = blocks("jsonl")
    events = list(eventfiles.read(block.text.splitlines(), 1_767_225_600_000))
    assert [event.name for event in events] == ["signup", "app/login", "activated"]
    fields = {field for line in block.text.splitlines() for field in json.loads(line)}
    assert [row[0].strip("`") for row in table("field")] == ["event", "user", "data", "at", "id"]
    assert fields == {"event", "user", "data", "at", "id"}


def test_the_expectations_are_met_and_each_is_told(here: Path) -> None:
    follow(here, blocks("python")[0], None)
    _, block = blocks("jsonl")
    done = asyncio.run(play_and_check(block.text.splitlines(), here / "workflows" / "welcome.py"))
    assert (done.expectations, done.mismatch) == (4, None)
    told = {codes(row[0])[0]: tuple(codes(row[1])) for row in table("`expect`")}
    assert told == FIELDS


def test_under_a_test_that_fails_stands_what_is_shown(here: Path) -> None:
    follow(here, blocks("python")[0], None)
    block = next(block for block in blocks("text") if " timeline ---" in block.text)
    statement = block.text.splitlines()[0].removeprefix(">").strip()
    lines = [
        "def test(journeys):",
        '    journeys.stub("*")',
        '    journeys.send("signup", user="ada")',
        '    journeys.forward("90d")',
        f"    {statement}",
    ]
    (here / "test_fails.py").write_text("\n".join(lines))
    code, came = run(here, sys.executable, "-m", "pytest", *PLUGINS, "test_fails.py")
    assert code == 1
    assert [line for line in block.text.splitlines() if line not in came.splitlines()] == []


def test_the_verbs_of_a_test_are_told() -> None:
    (*rows,) = table("`journeys.…`")
    told = {match[0] for row in rows for code in codes(row[0]) if (match := re.match(r"\w+", code))}
    there = {name for name in dir(Journeys) if not name.startswith("_")}
    assert told == there - {"began", "close", "differences"}


def test_the_projects_table_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    block = next(block for block in blocks("toml") if "[tool." in block.text)
    (tmp_path / "pyproject.toml").write_text(block.text)
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    at = str(tmp_path)
    assert settings(None, None, None) == Settings(f"{at}/workflows", f"{at}/data/studio.db", "full", "auto")


def test_the_settings_are_read_and_its_keys_are_there(tmp_path: Path) -> None:
    block = next(block for block in blocks("toml") if "[keymap]" in block.text)
    file = tmp_path / "settings.toml"
    file.write_text(block.text, encoding="utf-8")
    chosen = preferences.read(file)
    assert chosen.theme in (themes.LIGHT, themes.DARK)
    assert chosen.symbols == "ascii"
    assert complaints(chosen.keymap) == []


def test_what_make_is_asked_for_and_what_is_linked_is_there() -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    asked = set(re.findall(r"^`?make (\w+)|`make (\w+)`", README, re.MULTILINE))
    assert {first or second for first, second in asked} == {"run", "test", "bench"} <= targets
    links = re.findall(r"\]\(([^)]+)\)", README)
    assert {"docs/live.svg", "docs/designer.svg"} <= set(links)
    assert [link for link in links if not (ROOT / link).exists()] == []


# -- what it lists -----------------------------------------------------------------------------


def test_the_table_of_commands_is_the_command_line() -> None:
    if os.environ.get("JOURNEY_STUDIO_README") == "write":
        (ROOT / "README.md").write_text(readme.with_table(README), encoding="utf-8")
        return
    assert readme.with_table(README) == README, "JOURNEY_STUDIO_README=write makes it anew"
    told = {codes(row[0])[0].split()[0] for row in table("command")}
    assert told == {*COMMANDS, "journey-studio"} - {"studio"}
    assert all(row[2].endswith(".") for row in table("command"))
    assert [text for text in SHARED if f"`{text} " not in README] == []


def test_the_table_of_exit_codes_is_whole() -> None:
    assert [int(row[0]) for row in table("exit code")] == [code for code in Exit if code < 128]


async def test_the_table_of_keys_is_the_live_screens() -> None:
    spelled = {"⏎": "enter", "esc": "escape", "↑": "up", "↓": "down", "pgup": "pageup", "pgdn": "pagedown"}
    spelled |= {"/": "slash", "?": "question_mark", "!": "exclamation_mark", "←": "left", "→": "right"}
    spelled |= {"[": "left_square_bracket", "]": "right_square_bracket"}
    spelled |= {":": "colon"}
    spelled |= {".": "full_stop", "+": "plus", "-": "minus", "=": "equals_sign", ">": "greater_than_sign"}
    told = [spelled.get(key, key) for row in table("keys") for key in codes(row[0])]
    async with open_studio() as studio:
        live = [studio.app, studio.live, *studio.live.walk_children()]
        there = {key for node in live for key in own_keys(node)}
    there.add(App.COMMAND_PALETTE_BINDING)
    assert sorted(told) == sorted(there)


async def test_the_table_of_the_designers_keys_is_whole() -> None:
    spelled = {"⏎": "enter", "esc": "escape", "←": "left", "→": "right"}
    told = {spelled.get(key, key) for row in table("in the designer") for key in codes(row[0])}
    async with open_studio() as studio:
        await studio.press("d")
        screen = studio.app.designer
        assert screen is not None
        own = {key for node in (screen, *screen.walk_children()) for key in own_keys(node)}
        there = {
            key for node in (studio.app, studio.live, *studio.live.walk_children()) for key in own_keys(node)
        }
    assert own - told <= there
    assert told <= own


async def test_the_table_of_the_previews_keys_is_whole() -> None:
    spelled = {"⏎": "enter", "esc": "escape"}
    told = {spelled.get(key, key) for row in table("in the preview") for key in codes(row[0])}
    trial = loader.load(ROOT / "workflows").workflows["trial"]
    async with open_studio() as studio:
        screen = PreviewScreen(trial, trial.source)
        await studio.app.push_screen(screen)
        own = {key for node in (screen, *screen.walk_children()) for key in own_keys(node)}
        there = {
            key for node in (studio.app, studio.live, *studio.live.walk_children()) for key in own_keys(node)
        }
    assert own - told <= there
    assert told <= own


def own_keys(node: DOMNode) -> Iterator[str]:
    """The keys that the studio binds here; those of Textual's own fields are not told."""
    for kind in type(node).__mro__:
        if kind.__module__.startswith("studio."):
            bindings: list[BindingType] = kind.__dict__.get("BINDINGS", [])
            for binding in bindings:
                assert isinstance(binding, Binding)
                yield from binding.key.split(",")


def test_the_words_of_a_workflow_are_the_journeys() -> None:
    told: dict[str, str] = {}
    for row in table("`journey.…`"):
        for code in codes(row[0]):
            found = re.match(r"(?:await )?(\w+)", code)
            assert found is not None
            told[found[1]] = " ".join(row)
    assert set(told) == {name for name in dir(Journey) if not name.startswith("_")}
    for name, text in told.items():
        if options := set(re.findall(r"\b(\w+)=", text)):
            assert options <= set(inspect.signature(getattr(Journey, name)).parameters), name
    for name, kind in (("wait_for", Waited), ("trigger", Event)):
        attributes = re.findall(r"`\.(\w+)`", told[name])
        assert attributes
        assert [each for each in attributes if not hasattr(kind, each)] == []


def test_what_a_workflow_is_made_with_is_told() -> None:
    told = [codes(row[0])[0].rstrip("=") for row in table("`@workflow(…)`")]
    assert told == [name for name in inspect.signature(workflow).parameters if name != "function"]


def test_asynchronous_words_are_awaited() -> None:
    for row in table("`journey.…`"):
        for code in codes(row[0]):
            name = code.removeprefix("await ").split("(")[0]
            given = getattr(Journey, name)
            returned = str(inspect.signature(given).return_annotation) if callable(given) else ""
            awaited = returned.partition("[")[0] in ("Wait", "Group", "Sleep", "Step", "Ingest", "NewPass")
            assert awaited == code.startswith("await "), code
