"""The tools: each is a command of the command line with names and words for a model to read.

On the project's own store they only look, unless acts are allowed. A scratch store is theirs: events, virtual
time and acts of any kind, and no step is called there.
"""

from __future__ import annotations

import functools
import inspect
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Literal

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError

from studio.assistant.commands import ProjectCommands
from studio.errors import StudioError

SCRATCH = "scratch.db"
INSTRUCTIONS = """Journey Studio runs what happens to a user over days and weeks: one async Python
function, a workflow, per user. Read a workflow with read_workflow, look at its map and its paths (map,
explore), check it after each edit, play events in virtual time (play). scratch=true is a store of your own in
which nothing real happens: send events there, move its clock, and look at timeline, waits and why. The
project's own store is for looking, unless the server was started with --allow-acts."""

Tool = Callable[..., Awaitable[str]]


class Tools:
    """The tools of one project.

    Args:
        folder: the project's.
        workflows: its workflow files: a folder or a file.
        scratch: a folder for the scratch store; it goes with the server.
        acts: whether the project's own store may be acted on.
    """

    def __init__(
        self, folder: Path, workflows: Path, commands: ProjectCommands, scratch: Path, acts: bool
    ) -> None:
        self._folder, self._workflows = folder, workflows
        self._commands = commands
        self._store = scratch / SCRATCH
        self._acts = acts

    # -- workflows -------------------------------------------------------------------------

    async def list_workflows(self) -> str:
        """The workflows of the project: file, what starts and ends each, and files that do not load."""
        return await self._commands.python("-m", "studio.assistant.listing", str(self._workflows))

    async def read_workflow(self, name: str) -> str:
        """The source of the file in which a workflow stands."""
        source = await self._commands.python("-m", "studio.assistant.listing", str(self._workflows), name)
        return source

    async def check(self) -> str:
        """Read all workflows and say what will go wrong, with line and what to write."""
        return await self._commands.python(
            "-m", "studio.cli", "check", f"--workflows={self._workflows}", fails=False
        )

    async def map(self, name: str) -> str:
        """The map of a workflow: what it waits for, what it does, where its paths part and end."""
        return await self._commands.run("map", "--", name)

    async def explore(self, name: str, depth: int = 10) -> str:
        """Every path that a user can take through a workflow, with what is sent on it and where it ends.

        Args:
            depth: decisions on one path, at most.
        """
        return await self._commands.run("explore", f"--depth={depth}", "--", name, store=Path(":memory:"))

    async def play(self, events: str, until: str | None = None) -> str:
        """Play events in virtual time on an empty store, and give the trace. No step is called.

        Args:
            events: JSON lines, each {"at": "2d", "event": "app/login", "user": "ada", "data": {}}; "at"
                counts from the first.
            until: stop there: "30d" after the start.
        """
        until_option = [] if until is None else [f"--until={until}"]
        return await self._commands.run(
            "play", "--no-steps", *until_option, "--", "-", given=events, store=Path(":memory:")
        )

    async def run_tests(self, path: str = "tests/journeys") -> str:
        """Run tests of the project with pytest, a file or folder within it. Steps are really called there.

        Args:
            path: relative to the project's folder.
        """
        where = (self._folder / path).resolve()
        if not where.is_relative_to(self._folder.resolve()) or not where.exists():
            raise StudioError("there is no such file or folder in the project", where=path)
        return await self._commands.python(
            "-m", "pytest", "-q", "-p", "no:cacheprovider", str(where), fails=False
        )

    async def simulate(self, name: str, users: int = 500, profile: str | None = None) -> str:
        """Let made-up users go through a workflow for 90 days, and give its funnel as one JSON object.

        Args:
            users: how many, 5,000 at most.
            profile: a TOML file in the project that says who they are; without one all chances are guesses.
        """
        if not 1 <= users <= 5_000:
            raise StudioError("users must be from 1 to 5,000", where=str(users))
        chosen = [] if profile is None else [f"--profile={profile}"]
        return await self._commands.run("simulate", f"--users={users}", "--json", *chosen, "--", name)

    # -- looking ---------------------------------------------------------------------------

    async def status(self, scratch: bool = False) -> str:
        """The state of the store: counts, its clock, and the engine that runs on it."""
        return await self._look("status", "--json", scratch=scratch)

    async def users(self, scratch: bool = False, limit: int = 50) -> str:
        """Users of the store, the newest last, with where they stand."""
        return await self._look("users", "--json", f"--limit={limit}", scratch=scratch)

    async def timeline(self, user: str, scratch: bool = False, limit: int = 100) -> str:
        """What happened to a user, the newest entries, oldest first."""
        return await self._look("timeline", "--json", f"--limit={limit}", "--", user, scratch=scratch)

    async def waits(self, user: str | None = None, scratch: bool = False, limit: int = 50) -> str:
        """Open waits, sleeps and steps, the nearest deadline first."""
        whose = [] if user is None else [f"--user={user}"]
        return await self._look("waits", "--json", f"--limit={limit}", *whose, scratch=scratch)

    async def why(self, user: str, scratch: bool = False) -> str:
        """What the newest event of a user did, nearly did, and what each open wait would be ended by."""
        return await self._look("why", "--", user, scratch=scratch)

    async def inspect(self, journey: str, scratch: bool = False) -> str:
        """Where a journey's function stands, with its variables. A journey is "workflow/user"."""
        return await self._look("inspect", "--", journey, scratch=scratch)

    async def logs(self, scratch: bool = False, limit: int = 50) -> str:
        """What journeys said and what failed, the newest."""
        return await self._look("logs", "--json", f"--limit={limit}", scratch=scratch)

    async def funnel(self, name: str, scratch: bool = False) -> str:
        """How far the journeys of a workflow get, as one JSON object."""
        return await self._look("funnel", "--json", "--", name, scratch=scratch)

    # -- acting ----------------------------------------------------------------------------

    async def send(self, event: str, user: str, data: str = "{}", scratch: bool = True) -> str:
        """Send an event, and give what came of it. On the scratch store no step is called.

        Args:
            data: a JSON object.
            scratch: false: to the project's own store, where that is allowed.
        """
        if scratch:
            return await self._try({"do": "send", "event": event, "user": user, "data": _object(data)})
        self._allowed()
        return await self._commands.run("send", f"--user={user}", f"--data={data}", "--", event)

    async def clock(
        self, act: Literal["show", "forward", "to"] = "show", value: str = "", scratch: bool = True
    ) -> str:
        """Show or move the clock: forward "3d", to "2026-04-01". Deadlines on the way are served.

        The scratch store's time is virtual: it stands until it is moved.

        Args:
            value: how far, or to where.
            scratch: false: of the project's own store, where that is allowed.
        """
        if act == "show":
            return await self._look("clock", scratch=scratch)
        if scratch:
            self._filled()
            return await self._try({"do": act, "value": value})
        self._allowed()
        return await self._commands.run("clock", "--", act, value)

    async def act(
        self, what: Literal["cancel", "resume", "restart"], journey: str, scratch: bool = True
    ) -> str:
        """End a journey, try a failed one again, or start one from its beginning again.

        A journey is "workflow/user".

        Args:
            scratch: false: in the project's own store, where that is allowed.
        """
        if scratch:
            self._filled()
            return await self._try({"do": what, "journey": journey})
        self._allowed()
        return await self._commands.run(what, "--", journey)

    async def reset_scratch(self) -> str:
        """Begin with an empty scratch store."""
        for file in self._store.parent.glob(f"{SCRATCH}*"):
            file.unlink()
        return "the scratch store is empty"

    # -- stores ----------------------------------------------------------------------------

    async def _look(self, *words: str, scratch: bool) -> str:
        return await self._commands.run(*words, store=self._filled() if scratch else None)

    def _filled(self) -> Path:
        """The scratch store, once there is something in it."""
        if not self._store.exists():
            raise StudioError("the scratch store is empty", fix="Send an event there: scratch=true.")
        return self._store

    async def _try(self, request: dict[str, Any]) -> str:
        """Do something on the scratch store."""
        words = ("-m", "studio.assistant.trying", str(self._workflows), str(self._store))
        return await self._commands.python(*words, given=json.dumps(request))

    def _allowed(self) -> None:
        if not self._acts:
            raise StudioError(
                "the project's own store is for looking only",
                fix="Use scratch=true; or a person starts: journey-studio mcp --allow-acts.",
            )


TOOLS = (
    *(Tools.list_workflows, Tools.read_workflow, Tools.check, Tools.map, Tools.explore, Tools.play),
    *(Tools.run_tests, Tools.simulate, Tools.status, Tools.users, Tools.timeline, Tools.waits, Tools.why),
    *(Tools.inspect, Tools.logs, Tools.funnel, Tools.send, Tools.clock, Tools.act, Tools.reset_scratch),
)


def server(tools: Tools) -> MCPServer[Any]:
    """The server that offers the tools."""
    made: MCPServer[Any] = MCPServer("journey-studio", instructions=INSTRUCTIONS)
    for tool in TOOLS:
        made.add_tool(_told(getattr(tools, tool.__name__)), name=tool.__name__, structured_output=False)
    return made


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise StudioError(f"it is not valid JSON: {error}", where="data") from None
    if not isinstance(found, dict):
        raise StudioError("it is no JSON object", where="data", fix='Write {"plan": "pro"}.')
    return found


def _told(tool: Tool) -> Tool:
    """An error that is meant for people is one for models, too; any other is a fault of ours."""

    @functools.wraps(tool)
    async def told(*args: Any, **kwargs: Any) -> str:
        try:
            return await tool(*args, **kwargs)
        except StudioError as error:
            raise ToolError(str(error)) from error

    told.__signature__ = inspect.signature(tool, eval_str=True)  # type: ignore[attr-defined]
    return told
