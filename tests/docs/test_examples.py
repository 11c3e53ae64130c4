"""What README.md and the handbook show is what happens."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.cli.settings import Settings, settings
from studio.events import event_files as eventfiles
from studio.events.expectations import FIELDS
from studio.store.views import Views
from studio.testing.checked_play import play_and_check
from studio.tui.format import themes
from studio.tui.keys.keymap import complaints
from studio.tui.session import preferences
from tests.docs.pages import PAGES, README, ROOT, Block, Page, block_with, blocks, codes, page, table
from tests.sampling import sampled

# Hypothesis would else call a busy machine a failure.
PATIENT = ["--hypothesis-profile=ci"]
PLUGINS = ("-p", "studio.testing", "-p", "no:cacheprovider")
"""What is found by itself where Journey Studio is installed, and no files of pytest."""

MOMENT = re.compile(r"(\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d(\.\d{3})?")
"""What differs from run to run: the local time. Virtual time does not, and is compared."""

FIRST = page("docs/first-steps.md")
TRIED_ELSEWHERE = re.compile(" timeline ---| journey coverage ===")
"""What pytest shows: by tests/testing/."""
BEGINNINGS = ("README.md", "docs/first-steps.md")
"""Make what the other pages go on from."""
FOLLOWED = [each for each in PAGES if each.blocks("python", "console")]


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder as a reader has it before the first steps, with `journey-studio` on the path."""
    shutil.copytree(ROOT / "workflows", tmp_path / "workflows", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "data").mkdir()
    for file in (*(ROOT / "data").glob("*.jsonl"), *(ROOT / "data").glob("*.toml")):
        shutil.copy(file, tmp_path / "data")
    script = tmp_path / "bin" / "journey-studio"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m studio.cli "$@"\n')
    script.chmod(0o755)
    return tmp_path


@pytest.fixture
def begun(here: Path) -> Path:
    """The same folder with the workflow and the event file of the first steps."""
    write(here, FIRST.blocks("python")[0])
    command, _ = next(calls(FIRST.blocks("console")[0].text))
    assert command.endswith("> ada.jsonl")
    assert run(here, "sh", "-c", command) == (0, "")
    return here


def run(here: Path, *command: str) -> tuple[int, str]:
    """A command's exit code, and all that a person sees of it."""
    environment = {
        **os.environ,
        "PATH": f"{here / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PYTHONIOENCODING": "utf-8",
    }
    done = subprocess.run(
        command, cwd=here, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300
    )
    return done.returncode, done.stdout.decode()


def write(here: Path, block: Block) -> Path:
    """The file that a block says it is in its first line."""
    name = re.match(r"# (\S+\.py)\n", block.text)
    assert name is not None
    path = here / name[1]
    path.write_text(block.text, encoding="utf-8")
    return path


def follow(here: Path, page: Page, block: Block, shown: str | None) -> None:
    """Do what a block says; what comes must be what stands in it, or in the block of text after it."""
    where = f"{page.name}:{block.line}"
    if block.language == "console":
        for command, output in calls(block.text):
            _, came = run(here, "sh", "-c", command)
            assert MOMENT.sub("…", came) == MOMENT.sub("…", output), f"{where}: {command}"
        return
    if is_file(block):
        path = write(here, block)
        if path.name.startswith("test_"):
            code, came = run(here, sys.executable, "-m", "pytest", "-q", *PLUGINS, *PATIENT, path.name)
            assert (code, "1 passed" in came) == (0, True), f"{where}: {came}"
        return
    code, came = run(here, sys.executable, "-W", "error", "-c", block.text)
    assert (code, came) == (0, shown or ""), where


def is_file(block: Block) -> bool:
    return re.match(r"# \S+\.py\n", block.text) is not None


def calls(text: str) -> Iterator[tuple[str, str]]:
    """The commands of a session at a terminal, each with its output."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        yield command, output


@pytest.mark.parametrize("page", sampled(FOLLOWED, len(FOLLOWED)), ids=lambda page: page.name)
def test_who_follows_a_page_from_top_to_bottom_sees_what_it_says(
    page: Page, request: pytest.FixtureRequest
) -> None:
    here: Path = request.getfixturevalue("here" if page.name in BEGINNINGS else "begun")
    followed = page.blocks("python", "console", "text")
    for block, after in zip(followed, [*followed[1:], None], strict=True):
        if block.language != "text":
            follow(here, page, block, after.text if after is not None and after.language == "text" else None)


def test_the_profile_that_is_shown_is_the_one_in_data() -> None:
    assert block_with("toml", "[arrivals]").text == (ROOT / "data" / "trial.toml").read_text()


def test_every_block_is_tried_by_a_test() -> None:
    assert {block.language for block in blocks()} == {"sh", "python", "console", "text", "toml", "jsonl"}
    assert len(blocks("jsonl")) == 2
    assert len(blocks("toml")) == 3
    for each in PAGES:
        for before, block in zip([None, *each.blocks()], each.blocks(), strict=False):
            if block.language == "text" and not TRIED_ELSEWHERE.search(block.text):
                # Pictures print nothing, and what a server shows is tried by tests/temporal/.
                assert (
                    each.name in ("docs/architecture.md", "docs/temporal.md")
                    or "──►" in block.text
                    or (before is not None and before.language == "python" and not is_file(before))
                ), f"{each.name}:{block.line} stands behind nothing that prints it"


def test_the_first_journey_has_fifteen_lines_and_is_the_same_in_both_places() -> None:
    first = README.blocks("python")[0].text.splitlines()
    assert first[0] == "# workflows/welcome.py"
    assert len(first[1:]) == 15
    assert FIRST.blocks("python")[0].text.splitlines() == first


def test_what_is_different_is_shown_six_times_in_about_ten_lines() -> None:
    _, _, rest = README.text.partition("## What makes it different\n")
    part = Page(README.path, rest.partition("\n## ")[0])
    assert len(part.blocks()) == 6
    assert [block.line for block in part.blocks() if block.text.count("\n") > 12] == []


def test_the_application_starts_and_stops_the_engine(begun: Path) -> None:
    here = begun
    for block in page("docs/embedding.md").blocks("python"):
        if re.match(r"# (app|journeys)\.py\n", block.text):
            write(here, block)
    program = """
import asyncio, app, journeys
from studio.store.inbox import engine_of
from tests.sampling import sampled
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
    block = block_with("jsonl", "activation-1")
    events = list(eventfiles.read(block.text.splitlines(), 1_767_225_600_000))
    assert [event.name for event in events] == ["signup", "app/login", "activated"]
    fields = {field for line in block.text.splitlines() for field in json.loads(line)}
    assert [row[0].strip("`") for row in table("field")] == ["event", "user", "data", "at", "id"]
    assert fields == {"event", "user", "data", "at", "id"}


def test_the_expectations_are_met_and_each_is_told(begun: Path) -> None:
    block = block_with("jsonl", "expect")
    done = asyncio.run(play_and_check(block.text.splitlines(), begun / "workflows" / "welcome.py"))
    assert (done.expectations, done.mismatch) == (4, None)
    told = {codes(row[0])[0]: tuple(codes(row[1])) for row in table("`expect`")}
    assert told == FIELDS


@pytest.mark.long
def test_under_a_test_that_fails_stands_what_is_shown(begun: Path) -> None:
    block = block_with("text", " timeline ---")
    statement = block.text.splitlines()[0].removeprefix(">").strip()
    lines = [
        "def test(journeys):",
        '    journeys.stub("*")',
        '    journeys.send("signup", user="ada")',
        '    journeys.forward("90d")',
        f"    {statement}",
    ]
    (begun / "test_fails.py").write_text("\n".join(lines))
    code, came = run(begun, sys.executable, "-m", "pytest", *PLUGINS, "test_fails.py")
    assert code == 1
    assert [line for line in block.text.splitlines() if line not in came.splitlines()] == []


def test_the_projects_table_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    block = block_with("toml", "[tool.")
    (tmp_path / "pyproject.toml").write_text(block.text)
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    at = str(tmp_path)
    assert settings(None, None, None) == Settings(f"{at}/workflows", f"{at}/data/studio.db", "full", "auto")


def test_the_settings_are_read_and_its_keys_are_there(tmp_path: Path) -> None:
    block = block_with("toml", "[keymap]")
    file = tmp_path / "settings.toml"
    file.write_text(block.text, encoding="utf-8")
    chosen = preferences.read(file)
    assert chosen.theme in (themes.LIGHT, themes.DARK)
    assert chosen.symbols == "ascii"
    assert complaints(chosen.keymap) == []
