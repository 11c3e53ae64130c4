"""Every tool for assistants, called by the SDK's own client: with what it takes and what it does not."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("mcp", reason="the extra is not installed: pip install 'journey-studio[mcp]'")

from mcp import Client, StdioServerParameters

from studio.assistant.commands import ProjectCommands
from studio.assistant.server import TOOLS, Tools, server
from studio.cli import call
from tests.sampling import sampled

ROOT = Path(__file__).parent.parent.parent
SOURCE = """
from studio import workflow


def charge(user):
    raise AssertionError("no step is called")


@workflow(trigger="signup")
async def welcome(journey):
    \"\"\"Greets who has signed up.\"\"\"
    await journey.step("charge", charge, journey.user.id)
    opened = await journey.wait_for("opened", match={"mail": 1}, timeout="2d")
    journey.log("opened" if opened else "never opened")
    return bool(opened)
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one workflow, one test of its journeys, and a user in its own store."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "workflows").mkdir()
    (tmp_path / "workflows" / "welcome.py").write_text(SOURCE)
    (tmp_path / "tests" / "journeys").mkdir(parents=True)
    (tmp_path / "tests" / "journeys" / "test_one.py").write_text("def test_one():\n    assert 1 + 1 == 2\n")
    (tmp_path / "data").mkdir()
    assert call(["send", "signup", "--user", "real", "--store", "data/studio.db"]) == 0
    assert call(["run", "--until-idle", "--no-steps", "--store", "data/studio.db"]) == 0
    return tmp_path


@asynccontextmanager
async def assistant(project: Path, *, acts: bool = False, seconds: float = 60.0) -> AsyncIterator[Client]:
    """The SDK's client, connected to the tools of a project."""
    workflows, scratch = project / "workflows", project / "scratch"
    scratch.mkdir(exist_ok=True)
    options = [f"--workflows={workflows}", f"--store={project / 'data' / 'studio.db'}"]
    tools = Tools(project, workflows, ProjectCommands(project, options, seconds), scratch, acts)
    async with Client(server(tools)) as client:
        yield client


async def ask(client: Client, tool: str, **given: Any) -> str:
    """What a tool answers; an error is one of the test."""
    result = await client.call_tool(tool, given)
    text = "".join(each.text for each in result.content if each.type == "text")
    assert not result.is_error, text
    return text


async def refused(client: Client, tool: str, **given: Any) -> str:
    """With what words a tool refuses."""
    result = await client.call_tool(tool, given)
    assert result.is_error
    return "".join(each.text for each in result.content if each.type == "text")


async def test_each_tool_has_words_for_a_model_and_for_each_of_its_arguments(project: Path) -> None:
    async with assistant(project) as client:
        listed = (await client.list_tools()).tools
    assert len(listed) == len(TOOLS) >= 12
    for tool in listed:
        assert len(tool.description or "") > 30, tool.name
        assert "self" not in tool.input_schema.get("properties", {}), tool.name


async def test_workflows_are_listed_read_checked_drawn_and_explored(project: Path) -> None:
    async with assistant(project) as client:
        (line,) = map(json.loads, (await ask(client, "list_workflows")).splitlines())
        assert (line["workflow"], line["starts at"], line["about"]) == (
            "welcome",
            "signup",
            "Greets who has signed up.",
        )
        assert 'wait_for("opened"' in await ask(client, "read_workflow", name="welcome")
        assert "1 workflow: nothing found." in await ask(client, "check")
        assert "◷ opened" in await ask(client, "map", name="welcome")
        assert "2 paths: 2 completed" in await ask(client, "explore", name="welcome")
        # What was edited since is seen by the next call.
        (project / "workflows" / "welcome.py").write_text(SOURCE.replace('"2d"', '"9d"'))
        assert "9d" in await ask(client, "map", name="welcome")


async def test_events_are_played_and_made_up_users_go_through(project: Path) -> None:
    opened = '{"at": "1d", "event": "opened", "user": "ada", "data": {"mail": 1}}'
    events = f'{{"event": "signup", "user": "ada"}}\n{opened}'
    async with assistant(project) as client:
        trace = await ask(client, "play", events=events)
        assert "would run charge" in trace
        assert "completed" in trace
        found = json.loads((await ask(client, "simulate", name="welcome", users=20)).splitlines()[0])
        assert found["users"] == 20


async def test_on_the_scratch_store_anything_can_be_tried(project: Path) -> None:
    async with assistant(project) as client:
        assert "the scratch store is empty" in await refused(client, "timeline", user="ada", scratch=True)
        sent = await ask(client, "send", event="signup", user="ada")
        kinds = [json.loads(line)["kind"] for line in sent.splitlines()]
        assert kinds[:3] == ["event", "journey.started", "step.started"]
        assert "would run charge('ada')" in sent
        (wait,) = map(json.loads, (await ask(client, "waits", scratch=True)).splitlines())
        assert (wait["journey"], wait["name"]) == ("welcome/ada", "opened")
        assert 'mail": 1' in await ask(client, "why", user="ada", scratch=True)
        assert '>   13  opened = await journey.wait_for("opened"' in await ask(
            client, "inspect", journey="welcome/ada", scratch=True
        )
        assert "wait.timeout" in await ask(client, "clock", act="forward", value="3d")
        entries = [
            json.loads(line)
            for line in (await ask(client, "timeline", user="ada", scratch=True)).splitlines()
        ]
        assert entries[-1]["kind"] == "journey.completed"
        assert "never opened" in await ask(client, "logs", scratch=True)
        assert json.loads(await ask(client, "funnel", name="welcome", scratch=True))["entered"] == 1
        assert "ada" in await ask(client, "users", scratch=True)
        assert json.loads(await ask(client, "status", scratch=True))["users"] == 1
        await ask(client, "act", what="restart", journey="welcome/ada")
        assert "welcome/ada~2" in await ask(client, "waits", scratch=True)
        await ask(client, "clock", act="show")
        await ask(client, "reset_scratch")
        assert "the scratch store is empty" in await refused(client, "users", scratch=True)


async def test_the_project_s_own_store_is_for_looking_unless_acts_are_allowed(project: Path) -> None:
    async with assistant(project) as client:
        assert "welcome/real" in await ask(client, "waits")
        for tool, given in (
            ("send", {"event": "opened", "user": "real"}),
            ("clock", {"act": "forward", "value": "3d"}),
            ("act", {"what": "cancel", "journey": "welcome/real"}),
        ):
            assert "for looking only" in await refused(client, tool, **given, scratch=False)
        assert "welcome/real" in await ask(client, "waits")
    async with assistant(project, acts=True) as client:
        await ask(client, "act", what="cancel", journey="welcome/real", scratch=False)
        assert await ask(client, "waits") == ""


@pytest.mark.parametrize(
    ("tool", "given", "said"),
    sampled(
        [
            ("map", {"name": "--help"}, "there is no workflow '--help'"),
            ("read_workflow", {"name": "none"}, "there is no workflow 'none'. There is: welcome."),
            ("timeline", {"user": "nobody"}, "there is no user 'nobody'"),
            ("why", {"user": "nobody"}, "there is no user 'nobody'"),
            ("inspect", {"journey": "nonsense"}, "nonsense"),
            ("explore", {"name": "welcome", "depth": 0}, "0 is not in the range"),
            ("play", {"events": "{"}, "stdin:1: it is not valid JSON"),
            ("simulate", {"name": "welcome", "users": 0}, "users must be from 1 to 5,000"),
            ("simulate", {"name": "welcome", "profile": "none.toml"}, "none.toml"),
            ("run_tests", {"path": "../.."}, "there is no such file or folder in the project"),
            ("send", {"event": "", "user": "ada"}, "event name"),
            ("send", {"event": "a", "user": "ada", "data": "[]"}, "data"),
            ("clock", {"act": "backward"}, "act"),
            ("clock", {"act": "forward", "value": "soon"}, "soon"),
            ("act", {"what": "cancel", "journey": "welcome/nobody"}, "welcome/nobody"),
            ("funnel", {"name": "none"}, "it has no workflow 'none'"),
            ("map", {}, "name"),
        ],
        every=6,
    ),
)
async def test_wrong_input_is_refused_with_words_that_help(
    project: Path, tool: str, given: dict[str, Any], said: str
) -> None:
    async with assistant(project) as client:
        await ask(client, "send", event="hello", user="somebody")
        assert said in await refused(client, tool, **given)


async def test_tests_of_the_project_are_run_and_a_failure_is_told(project: Path) -> None:
    async with assistant(project) as client:
        assert "1 passed" in await ask(client, "run_tests")
        (project / "tests" / "journeys" / "test_one.py").write_text("def test_one():\n    assert 1 == 2\n")
        assert "1 failed" in await ask(client, "run_tests", path="tests/journeys/test_one.py")


async def test_what_never_ends_is_stopped_with_all_that_it_started(project: Path) -> None:
    (project / "workflows" / "welcome.py").write_text("while True:\n    pass\n")
    async with assistant(project, seconds=3.0) as client:
        assert "it did not end within 3 s, and was stopped" in await refused(client, "map", name="welcome")


async def test_an_assistant_starts_the_server_itself_and_speaks_by_stdin(project: Path) -> None:
    parameters = StdioServerParameters(
        command=sys.executable, args=["-m", "studio.cli", "mcp"], cwd=str(project)
    )
    async with Client(parameters) as client:
        assert "welcome" in await ask(client, "list_workflows")


async def test_it_is_served_by_http_on_this_machine(project: Path) -> None:
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "studio.cli",
        "mcp",
        "--http",
        str(port),
        cwd=project,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stderr is not None
        async with asyncio.timeout(60):
            while b"Uvicorn running" not in await process.stderr.readline():
                pass
        async with Client(f"http://127.0.0.1:{port}/mcp") as client:
            assert "welcome" in await ask(client, "list_workflows")
    finally:
        process.terminate()
        await process.wait()


PAGE = (ROOT / "docs" / "assistants.md").read_text(encoding="utf-8")
ROW = re.compile(r"\| `(\w+)` \| (.*?) ?\| (.*?) ?\|")
MAILS = """
from studio import workflow


def greet(user):
    raise AssertionError("no step is called")


remind = greet


@workflow(trigger="signup")
async def welcome(journey):
    await journey.step("greet", greet, journey.user.id)
    opened = await journey.wait_for("opened", timeout="2d", past=False)
    if not opened:
        await journey.step("remind", remind, journey.user.id)
    return bool(opened)
"""


async def test_the_conversation_of_the_page_goes_as_it_says(project: Path) -> None:
    file = project / "workflows" / "welcome.py"
    file.write_text(MAILS)
    first, second = (
        ROW.findall(part) for part in PAGE.partition("## A conversation")[2].split("It edited the file")
    )
    assert (len(first), len(second)) == (6, 6)
    async with assistant(project) as client:
        for number, (tool, given, said) in enumerate([*first, *second]):
            if number == len(first):
                file.write_text(MAILS.replace('"2d"', '"4d"'))
            pairs = dict(pair.split("=") for pair in re.findall(r"`([^`]+)`", given))
            values = {name: value == "true" if name == "scratch" else value for name, value in pairs.items()}
            assert said.strip("`") in await ask(client, tool, **values), (tool, given)
