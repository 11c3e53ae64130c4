"""Workflows that are paused, as an engine and its clients see it; the rules: tests/conformance/pauses.py."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from studio import Engine, Journey, VirtualClock, workflow
from studio.engine.on_demand import OnDemandEngine, carry_out
from studio.engine.remote import RemoteEngine
from studio.errors import JourneyError, StudioError
from studio.language.definition import Workflow
from studio.store.capabilities import foreign
from studio.store.views import Views
from tests.engine.reloading import write
from tests.engine.support import entries, journey, sound

DAY = 86_400_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "studio.db"


@workflow(trigger="go")
async def waits(journey: Journey) -> str:
    x = await journey.wait_for("x", timeout="1d")
    return "x" if x else "late"


def engine_of(path: Path, *workflows: Workflow, at: int | None = None) -> Engine:
    return Engine(list(workflows) or [waits], store=path, clock=VirtualClock(at), durability="normal")


def kinds(path: Path) -> list[str]:
    found = entries(path, "workflow.paused", "workflow.unpaused", "journey.exited", "journey.completed")
    return [f"{e.kind} {e.workflow} {e.user or ''}".strip() for e in found]


def status(path: Path, id: str = "waits/ada") -> str:
    return journey(path, id).status


async def test_a_paused_workflow_stays_so_over_restarts_and_says_who_paused_it(path: Path) -> None:
    async with engine_of(path) as engine:
        await engine.ingest("go", "ada")
        await engine.pause_workflow("waits")
    async with engine_of(path) as engine:
        await engine.forward("2d")
        with Views(path) as views:
            (pause,) = views.pauses().values()
            assert (pause.state, pause.stands) == ("paused", True)
            assert views.paused_workflows() == ["waits"]
            (counts,) = views.workflow_counts(0)
            assert counts.paused
            (row,) = views.journeys(user="ada")
            assert row.waits_for == "workflow paused"
        (entry,) = entries(path, "workflow.paused")
        assert isinstance(entry.data, dict)
        assert entry.data.get("by") == pause.by
        assert status(path) == "waiting"
        await engine.unpause_workflow("waits")
        await engine.run_until_idle()
        assert status(path) == "completed"
    sound(path)


async def test_what_cannot_be_paused_or_unpaused_is_refused_by_name(path: Path) -> None:
    async with engine_of(path) as engine:
        with pytest.raises(JourneyError, match=r"there is no workflow 'wait'.*There is waits"):
            await engine.pause_workflow("wait")
        with pytest.raises(JourneyError, match="waits: it is not paused"):
            await engine.unpause_workflow("waits")
        with pytest.raises(JourneyError, match="there is no workflow 'other'"):
            await engine.unpause_workflow("other")
        await engine.pause_workflow("waits")
        with pytest.raises(JourneyError, match="waits: it is paused already"):
            await engine.pause_workflow("waits")
    assert kinds(path) == ["workflow.paused waits"]


async def test_acts_that_would_move_a_journey_are_refused_and_cancel_ends_it(path: Path) -> None:
    async with engine_of(path) as engine:
        await engine.ingest("go", "ada")
        await engine.pause_workflow("waits")
        with Views(path) as views:
            (wait,) = views.waits(user="ada")
        with pytest.raises(JourneyError, match=r"its workflow is paused.*Unpause it"):
            await engine.time_out(wait.seq)
        with pytest.raises(JourneyError, match="its workflow is paused"):
            await engine.restart("waits/ada")
        await engine.cancel("waits/ada")
        assert status(path) == "cancelled"
        await engine.unpause_workflow("waits")
    sound(path)


async def test_a_step_that_runs_ends_and_is_recorded_and_its_journey_goes_on_later(path: Path) -> None:
    begun, go = threading.Event(), threading.Event()

    def send() -> str:
        begun.set()
        assert go.wait(20)
        return "sent"

    @workflow(trigger="go")
    async def sends(journey: Journey) -> str:
        return f"was {await journey.step('send', send)}"

    async with Engine(sends, store=path, durability="normal") as engine:
        await engine.ingest("go", "ada")
        assert await asyncio.to_thread(begun.wait, 20)
        await engine.pause_workflow("sends")
        go.set()
        await until(lambda: engine.status().steps == 0)
        assert [e.kind for e in entries(path, "step.done")] == ["step.done"]
        assert status(path, "sends/ada") == "waiting"
        await engine.unpause_workflow("sends")
        await engine.run_until_idle()
        assert status(path, "sends/ada") == "completed"
        assert len(entries(path, "step.started")) == 1
    sound(path)


async def test_a_step_whose_process_ended_meanwhile_is_started_again_when_its_workflow_goes_on(
    path: Path,
) -> None:
    hangs = threading.Event()
    calls: list[str] = []

    def send() -> str:
        calls.append("call")
        if len(calls) == 1:
            hangs.wait(20)
        return "sent"

    @workflow(trigger="go")
    async def sends(journey: Journey) -> str:
        return await journey.step("send", send)

    first = Engine(sends, store=path, durability="normal")
    await first.start()
    await first.ingest("go", "ada")
    await until(lambda: bool(calls))
    await first.pause_workflow("sends")
    # As a process that dies: what the step comes to is lost.
    first.hurry()
    await first.stop()
    hangs.set()
    async with Engine(sends, store=path, durability="normal") as engine:
        await engine.run_until_idle()
        assert calls == ["call"]
        await engine.unpause_workflow("sends")
        await engine.run_until_idle()
        assert (len(calls), status(path, "sends/ada")) == (2, "completed")
    sound(path)


PAID = 'await journey.wait_for("paid", {"n": 1}, timeout="7d")'


async def test_a_file_that_is_edited_while_paused_counts_when_its_workflow_goes_on(
    path: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "workflows"
    write(folder, PAID)
    async with Engine(folder, store=path, clock=VirtualClock(), durability="normal") as engine:
        (name,) = engine.workflows
        await engine.ingest("signup", "ada")
        await engine.pause_workflow(name)
        loaded = len(entries(path, "workflow.loaded"))
        write(folder, PAID.replace("7d", "9d"))
        await engine.reload()
        await until(lambda: not engine.reloading)
        assert len(entries(path, "workflow.loaded")) == loaded
        assert not entries(path, "journey.moved")
    async with Engine(folder, store=path, clock=VirtualClock(), durability="normal") as engine:
        await engine.unpause_workflow(name)
        await until(lambda: not engine.reloading)
        assert [e.kind for e in entries(path, "journey.moved")] == ["journey.moved"]
        with Views(path) as views:
            (wait,) = views.waits(user="ada")
            assert wait.due_at is not None
            assert wait.due_at - wait.opened_at == 9 * DAY
    sound(path)


async def test_a_file_that_is_deleted_while_paused_is_told_when_its_workflow_goes_on(
    path: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "workflows"
    write(folder, PAID)
    async with Engine(folder, store=path, clock=VirtualClock(), durability="normal") as engine:
        (name,) = engine.workflows
        await engine.ingest("signup", "ada")
        await engine.pause_workflow(name)
        for file in folder.glob("*.py"):
            file.unlink()
        await engine.reload()
        assert not entries(path, "workflow.failed")
        await engine.unpause_workflow(name)
        assert [e.workflow for e in entries(path, "workflow.failed")] == [name]
        with Views(path) as views:
            assert [row.waits_for for row in views.journeys(user="ada")] == ["workflow deleted"]
    sound(path)


async def test_a_pause_stands_through_a_rewind_and_is_told_again(path: Path) -> None:
    async with engine_of(path) as engine:
        first = await engine.ingest("go", "ada")
        await engine.forward("1h")
        await engine.pause_workflow("waits")
        await engine.rewind(first.seq)
        assert kinds(path) == ["workflow.paused waits"]
        assert "told again: a cut took the entry away" in (entries(path, "workflow.paused")[0].message or "")
        await engine.forward("2d")
        assert status(path) == "waiting"
        await engine.unpause_workflow("waits")
        await engine.run_until_idle()
        assert status(path) == "completed"
    sound(path)


async def test_a_rewind_behind_an_unpause_pauses_nothing(path: Path) -> None:
    async with engine_of(path) as engine:
        await engine.pause_workflow("waits")
        paused = await engine.ingest("go", "ada")
        await engine.forward("1h")
        await engine.unpause_workflow("waits")
        await engine.rewind(paused.seq)
        assert kinds(path) == ["workflow.paused waits", "workflow.unpaused waits"]
        with Views(path) as views:
            assert views.paused_workflows() == []
            assert views.pauses()["waits"].held(paused.seq)
        await engine.ingest("go", "bob")
        assert status(path, "waits/bob") == "waiting"
    sound(path)


async def test_a_rewind_to_before_a_pause_that_is_over_forgets_it(path: Path) -> None:
    async with engine_of(path) as engine:
        first = await engine.ingest("go", "ada")
        await engine.forward("1h")
        await engine.pause_workflow("waits")
        await engine.unpause_workflow("waits")
        await engine.rewind(first.seq)
        assert kinds(path) == []
        with Views(path) as views:
            assert views.pauses() == {}
    sound(path)


async def test_a_return_to_a_snapshot_and_an_undo_leave_a_pause_as_it_is(path: Path) -> None:
    async with engine_of(path) as engine:
        first = await engine.ingest("go", "ada")
        await engine.forward("1h")
        await engine.rewind(first.seq)
        await engine.pause_workflow("waits")
        await engine.restore((await engine.snapshots())[0].number)
        with Views(path) as views:
            assert views.paused_workflows() == ["waits"]
        await engine.ingest("go", "bob")
        with Views(path) as views:
            assert not views.journeys(user="bob")
        await engine.undo()
        with Views(path) as views:
            assert views.paused_workflows() == ["waits"]
    # The snapshot knows of another entry than the one that was told after the return.
    assert set(kinds(path)) == {"workflow.paused waits"}
    sound(path)


async def test_a_fork_is_paused_as_its_store_is(path: Path, tmp_path: Path) -> None:
    async with engine_of(path) as engine:
        first = await engine.ingest("go", "ada")
        await engine.forward("1h")
        await engine.pause_workflow("waits")
        await engine.fork(first.seq, tmp_path / "fork.db")
    async with engine_of(tmp_path / "fork.db") as engine:
        assert kinds(engine.path) == ["workflow.paused waits"]
        await engine.ingest("go", "bob")
        with Views(engine.path) as views:
            assert not views.journeys(user="bob")
    sound(tmp_path / "fork.db")


async def test_another_process_pauses_through_the_inbox(path: Path) -> None:
    async with engine_of(path) as engine:
        await engine.ingest("go", "ada")
        other = RemoteEngine(path, None)
        await other.pause_workflow("waits")
        with pytest.raises(JourneyError, match="waits: it is paused already"):
            await other.pause_workflow("waits")
        await engine.forward("3d")
        await other.unpause_workflow("waits", DAY)
        await engine.run_until_idle()
        assert status(path) == "exited"
    assert kinds(path) == ["workflow.paused waits", "workflow.unpaused waits", "journey.exited waits ada"]
    (exited,) = entries(path, "journey.exited")
    assert exited.message == "2d late when unpaused"
    sound(path)


async def test_without_an_engine_it_is_kept_for_the_next_one(path: Path, tmp_path: Path) -> None:
    async with engine_of(path) as engine:
        await engine.ingest("go", "ada")
        await engine.ingest("go", "bob")
    client = OnDemandEngine(path, str(tmp_path / "none"))
    carry_out(client.pause_workflow("waits"))
    with pytest.raises(JourneyError, match="waits: it is paused already"):
        carry_out(client.pause_workflow("waits"))
    async with engine_of(path) as engine:
        await engine.forward("1h")
        await engine.ingest("x", "bob")
        await engine.forward("3d")
        assert kinds(path) == ["workflow.paused waits"]
    carry_out(client.unpause_workflow("waits", DAY))
    with pytest.raises(JourneyError, match="it goes on already, as soon as an engine runs"):
        carry_out(client.unpause_workflow("waits"))
    assert status(path) == "waiting"
    async with engine_of(path) as engine:
        await engine.run_until_idle()
    assert (status(path), status(path, "waits/bob")) == ("exited", "completed")
    sound(path)


def test_a_workflow_that_never_ran_is_known_by_its_file(path: Path, tmp_path: Path) -> None:
    write(tmp_path / "workflows", PAID)
    with Engine((), store=path):
        pass
    client = OnDemandEngine(path, str(tmp_path / "workflows"))
    (name,) = client.workflows
    carry_out(client.pause_workflow(name))
    with Engine(tmp_path / "workflows", store=path) as engine:
        asyncio.run(engine.ingest("signup", "ada"))
    with Views(path) as views:
        assert not views.journeys(user="ada")


async def test_many_who_are_late_leave_in_parts_and_those_in_time_go_on(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studio.engine.loop.pauses.PAGE", 7)
    async with engine_of(path) as engine:
        for n in range(30):
            await engine.ingest("go", f"early{n}")
        await engine.forward("12h")
        for n in range(10):
            await engine.ingest("go", f"later{n}")
        await engine.pause_workflow("waits")
        await engine.forward("36h")
        await engine.unpause_workflow("waits", DAY - 1)
        await engine.run_until_idle()
        with Views(path) as views:
            totals = views.totals()
        assert (totals.exited, totals.completed, totals.waiting) == (30, 10, 0)
    sound(path)


def test_where_others_drive_the_journeys_it_is_refused_by_name() -> None:
    assert not foreign("temporal").has("pause")
    with pytest.raises(StudioError, match="workflows cannot be paused here"):
        foreign("temporal").require("pause")


async def until(what: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not what():
            await asyncio.sleep(0.002)
