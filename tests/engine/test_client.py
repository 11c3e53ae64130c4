"""Who acts on journeys does so through one protocol, whether the engine runs here or elsewhere."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from studio import Engine, VirtualClock
from studio.engine.client import EngineClient
from studio.engine.local import LocalEngine
from studio.engine.on_demand import OnDemandEngine, carry_out
from studio.engine.remote import RemoteEngine
from studio.errors import JourneyError, StudioError
from studio.language.incoming import incoming
from tests.engine.support import entries

START = 1_795_519_800_000
WELCOME = """
from studio import workflow

@workflow(trigger="signup")
async def welcome(journey):
    paid = await journey.wait_for("paid", timeout="1h")
    return {"paid": bool(paid)}
"""


@pytest.fixture
def workflows(tmp_path: Path) -> str:
    folder = tmp_path / "workflows"
    folder.mkdir()
    (folder / "welcome.py").write_text(WELCOME)
    return str(folder)


async def act(client: EngineClient) -> None:
    """The same acts, whoever is asked."""
    await client.send(incoming("signup", "ann", {}))
    await client.send_many([incoming("signup", "bob", {}), incoming("signup", "cleo", {})])


async def looks_into(client: EngineClient, wait: int) -> None:
    """The inside of a journey, its past, and why it still waits."""
    now = await client.inspect("welcome/cleo")
    assert (now.state, now.entry.seq) == ("waits", wait)
    assert [frame.function for frame in now.frames] == ["welcome"]
    seqs = [entry.seq for entry in await client.inspectable("welcome/cleo")]
    assert seqs[-1] == wait
    assert (await client.inspect("welcome/cleo", seqs[0])).state == "begins"
    with client.look() as views:
        why = client.why(views, wait)
        assert why is not None
        assert why.answer is not None
        assert (why.answer.event, why.answer.user) == ("paid", "cleo")
        assert client.why(views, 10_000) is None
    with pytest.raises(JourneyError, match="no such journey"):
        await client.inspectable("welcome/nobody")


async def test_an_engine_here_and_one_elsewhere_are_asked_alike(tmp_path: Path, workflows: str) -> None:
    histories = []
    for name in ("local", "remote"):
        store = tmp_path / f"{name}.db"
        async with Engine(workflows, store=store, clock=VirtualClock(START)) as engine:
            client: EngineClient = LocalEngine(engine) if name == "local" else RemoteEngine(store, workflows)
            await act(client)
            await engine.run_until_idle()
            await client.act("cancel", "welcome/ann")
            waits = {each.user: each.seq for each in entries(store, "wait.opened")}
            await client.act("time_out", waits["bob"])
            await engine.run_until_idle()
            undone = await client.undo()
            assert (undone["what"], undone["user"]) == ("wait.timeout", "bob")
            preview = await client.preview_rewind(waits["cleo"])
            assert preview.behind.entries
            assert await client.redo()
            assert {*client.workflows} == {"welcome"}
            await looks_into(client, waits["cleo"])
            assert (client.problems, client.trouble(), client.path) == ([], None, store)
        histories.append([(each.kind, each.user, each.name) for each in entries(store)])
    assert histories[0] == histories[1]


def test_a_command_asks_who_runs_or_does_it_itself(tmp_path: Path, workflows: str) -> None:
    store = tmp_path / "s.db"
    client = OnDemandEngine(store, workflows)
    assert carry_out(client.send_many([incoming("signup", "ann"), incoming("signup", "bob")])) == [None, None]
    ran = [client.engine_runs]
    # Nobody runs: an engine is started for each, and takes in what waits.
    with Engine(workflows, store=store):
        pass
    carry_out(client.act("cancel", "welcome/ann"))
    carry_out(client.time.pause())
    with client.look() as views:
        assert [each.user for each in views.waits()] == ["bob"]
        assert views.clock()["paused"]
    carry_out(client.time.run())
    # One runs: it is asked.
    with Engine(workflows, store=store):
        assert client.look_for_engine()
        ran.append(client.engine_runs)
        carry_out(client.act("cancel", "welcome/bob"))
        with client.look() as views:
            assert views.waits() == []
        with pytest.raises(StudioError, match="there is no such journey"):
            carry_out(client.act("cancel", "welcome/nobody"))
    assert client.look_for_engine()
    assert ran == [False, True]


def test_a_command_reads_workflows_once_it_looks_into_a_journey(tmp_path: Path, workflows: str) -> None:
    store, wrong = tmp_path / "s.db", Path(workflows) / "wrong.py"
    with Engine(workflows, store=store) as engine:
        engine.submit([incoming("signup", "ann"), incoming("signup", "cleo")]).result(20)
    wrong.write_text("import nothing_of_this_name\n")
    told: list[str] = []
    client = OnDemandEngine(store, workflows, on_problem=lambda problem: told.append(str(problem)))
    assert told == []
    (wait,) = (each.seq for each in entries(store, "wait.opened") if each.user == "cleo")
    carry_out(looks_into(client, wait))
    assert len(client.problems) == len(told) == 1
    assert "nothing_of_this_name" in told[0]


def test_what_needs_an_event_loop_is_not_carried_out_without_one() -> None:
    with pytest.raises(RuntimeError, match="event loop"):
        carry_out(asyncio.sleep(0))
