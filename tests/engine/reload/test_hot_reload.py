"""What a reload does to those who wait: each kind of edit, beforehand in the report, then in the history."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from studio import Engine, Journey, VirtualClock, workflow
from studio.engine.reload.hot_reload import Reloaded
from studio.engine.reload.migration import Swap
from studio.engine.reload.report import ReloadReport
from studio.engine.reload.stored_code import load_version
from studio.errors import StudioError
from studio.store.read_only_store import ReadOnlyStore
from studio.store.rebuild import compare
from studio.store.records import Entry
from studio.store.views import Views
from tests.engine.reloading import gone_over, told, write
from tests.engine.support import entries, history, in_time, journey, logs, until

__all__ = ["in_time"]

PAID = """
paid = await journey.wait_for("paid", timeout="7d")
journey.log(f"paid {bool(paid)} at {journey.now():%d %H:%M}")
return {"paid": bool(paid)}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "workflows"


@pytest.fixture
async def engine(folder: Path, tmp_path: Path) -> AsyncIterator[Engine]:
    """An engine in virtual time, in which ada and bob wait to pay."""
    write(folder, PAID)
    async with Engine(folder, store=tmp_path / "studio.db", clock=VirtualClock()) as engine:
        await engine.ingest("signup", "ada")
        await engine.ingest("signup", "bob")
        await engine.forward("1h")
        yield engine
        await gone_over(engine)
        assert compare(engine.path) == []


async def reload(engine: Engine) -> ReloadReport:
    report = await engine.reload()
    assert report is not None
    await gone_over(engine)
    return report


def rows(path: Path, statement: str) -> list[tuple[object, ...]]:
    con = sqlite3.connect(path)
    try:
        return con.execute(statement).fetchall()
    finally:
        con.close()


# -- what an edit does -------------------------------------------------------------------------


async def test_a_changed_timeout_moves_the_deadline_counted_from_the_opening(
    engine: Engine, folder: Path
) -> None:
    write(folder, PAID.replace("7d", "2d"))
    report = await reload(engine)
    assert report.summary == "2 waiting: 2 with a new deadline"
    with Views(engine.path) as views:
        for wait in views.waits():
            assert wait.due_at is not None
            assert wait.due_at - wait.opened_at == 2 * 86_400_000
    assert told(engine.path, "ada") == ["journey.moved new deadline"]
    await engine.forward("2d")
    assert journey(engine.path, "welcome/ada").status == "completed"
    assert logs(engine.path, "ada") == ["paid False at 03 00:00"]


async def test_a_deadline_that_has_passed_by_the_new_code_comes_at_once(engine: Engine, folder: Path) -> None:
    write(folder, PAID.replace("7d", "30m"))
    await reload(engine)
    await engine.run_until_idle()
    assert told(engine.path, "ada") == [
        "journey.moved new deadline",
        "wait.timeout paid",
        "log paid False at 01 01:00",
        'journey.completed {"paid": false}',
    ]


async def test_a_timeout_that_is_taken_away_waits_for_ever_and_one_that_is_added_counts(
    engine: Engine, folder: Path
) -> None:
    write(folder, PAID.replace(', timeout="7d"', ""))
    await reload(engine)
    assert engine.next_due() is None
    write(folder, PAID)
    await reload(engine)
    await engine.forward("7d")
    assert logs(engine.path, "ada") == ["paid False at 08 00:00"]


async def test_a_changed_match_is_looked_up_in_the_history_at_once(engine: Engine, folder: Path) -> None:
    write(folder, PAID.replace('"paid",', '"paid", {"n": 1},'))
    await reload(engine)
    await engine.ingest("paid", "ada", {"n": 2})
    assert journey(engine.path, "welcome/ada").status == "waiting"
    write(folder, PAID.replace('"paid",', '"paid", {"n": 2},'))
    report = await reload(engine)
    assert report.summary == "2 waiting: 2 with another match, at :7"
    assert told(engine.path, "ada")[-4:] == [
        "wait.closed paid",
        'wait.matched paid {"n": 2}, 1 event',
        "log paid True at 01 01:00",
        'journey.completed {"paid": true}',
    ]
    # Of those who wait on, the time counts from when they began to.
    await engine.forward("7d")
    assert logs(engine.path, "bob") == ["paid False at 08 00:00"]


async def test_a_changed_event_ends_the_wait_and_finds_what_has_come(engine: Engine, folder: Path) -> None:
    await engine.ingest("ordered", "ada")
    write(folder, PAID.replace('"paid", t', '"ordered", t'))
    report = await reload(engine)
    assert report.summary == "2 waiting: 2 on another path, at :7"
    assert told(engine.path, "ada") == [
        "journey.moved other path",
        "wait.matched ordered 1 event",
        "log paid True at 01 01:00",
        "wait.closed paid",
        'journey.completed {"paid": true}',
    ]
    assert told(engine.path, "bob") == [
        "journey.moved other path",
        "wait.opened ordered at most 7d",
        "wait.closed paid",
    ]


async def test_a_wait_that_is_gone_is_closed_and_the_journey_goes_on(engine: Engine, folder: Path) -> None:
    write(folder, 'journey.log("no wait any more")\nreturn {"ok": True}')
    await reload(engine)
    assert told(engine.path, "ada") == [
        "journey.moved other path",
        "log no wait any more",
        "wait.closed paid",
        'journey.completed {"ok": true}',
    ]


async def test_what_was_said_before_is_not_said_again(tmp_path: Path, folder: Path) -> None:
    body = """
    journey.log("begin")
    first = await journey.wait_for("first")
    journey.log("between")
    await journey.wait_for("paid", timeout="7d")
    """
    write(folder, body)
    async with Engine(folder, store=tmp_path / "s.db", clock=VirtualClock()) as engine:
        await engine.ingest("signup", "ada")
        await engine.ingest("first", "ada")
        more = 'journey.log("between")\n    journey.log("new")\n    await journey.ingest("mail")'
        write(folder, body.replace('journey.log("between")', more).replace('"begin"', '"edited"'))
        await reload(engine)
        assert logs(engine.path) == ["begin", "between", "new"]
        assert compare(engine.path) == []


async def test_a_step_that_is_put_in_runs_and_one_that_is_done_does_not_again(
    tmp_path: Path, folder: Path
) -> None:
    body = """
    await journey.step("one", print, "one")
    await journey.wait_for("paid", timeout="7d")
    """
    write(folder, body)
    async with Engine(folder, store=tmp_path / "s.db", clock=VirtualClock()) as engine:
        await engine.ingest("signup", "ada")
        await engine.run_until_idle()
        write(
            folder,
            body.replace(
                "await journey.wait", 'await journey.step("two", print, "two")\n    await journey.wait'
            ),
        )
        report = await reload(engine)
        await engine.run_until_idle()
        assert report.summary == "1 waiting: 1 on another path, at :8"
        assert [each.name for each in entries(engine.path, "step.done")] == ["one", "two"]
        # The wait that is still there was not touched: it began when it began.
        assert [each.kind for each in entries(engine.path, user="ada")].count("wait.opened") == 2
        assert compare(engine.path) == []


async def test_a_group_gets_a_member_and_its_deadline(tmp_path: Path, folder: Path) -> None:
    body = """
    a, b = await journey.wait_any(journey.wait_for("a"), journey.wait_for("b"), timeout="2d")
    return {"a": bool(a)}
    """
    write(folder, body)
    async with Engine(folder, store=tmp_path / "s.db", clock=VirtualClock()) as engine:
        for user in ("ada", "bob"):
            await engine.ingest("signup", user)
        await engine.ingest("c", "ada")
        write(
            folder,
            body.replace("a, b =", "a, b, c =")
            .replace('for("b")', 'for("b"), journey.wait_for("c")')
            .replace("2d", "1d"),
        )
        await reload(engine)
        assert journey(engine.path, "welcome/ada").status == "completed"
        assert journey(engine.path, "welcome/bob").status == "waiting"
        await engine.forward("1d")
        assert journey(engine.path, "welcome/bob").status == "completed"
        assert compare(engine.path) == []


async def test_a_journey_that_fails_by_the_new_code_is_told_before_and_can_be_resumed(
    engine: Engine, folder: Path
) -> None:
    write(folder, 'x = {}["email"]\n' + PAID)
    report = await reload(engine)
    assert report.summary == "2 waiting: 2 would fail: KeyError at :7"
    assert journey(engine.path, "welcome/ada").status == "failed"
    write(folder, PAID)
    report = await reload(engine)
    assert report.summary == "nothing is waiting in it"
    assert journey(engine.path, "welcome/ada").status == "failed"
    await engine.resume("welcome/ada")
    assert journey(engine.path, "welcome/ada").status == "waiting"


async def test_code_that_never_comes_back_is_told_and_fails_only_those_it_is_driven_for(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studio.engine.reload.dry_thread.HANG_SECONDS", 0.2)
    write(folder, PAID)
    async with Engine(folder, store=tmp_path / "s.db", clock=VirtualClock(), hang_after=0.4) as engine:
        await engine.ingest("signup", "ada")
        write(folder, "while True:\n    pass\n" + PAID)
        report = await engine.reload()
        assert report is not None
        assert sum(report.tally.fails.values()) == 1
        await gone_over(engine)
        assert journey(engine.path, "welcome/ada").status == "failed"


async def test_what_is_answered_by_a_record_for_another_match_is_counted(
    tmp_path: Path, folder: Path
) -> None:
    body = 'await journey.wait_for("first", {"n": 1})\nawait journey.wait_for("paid")'
    write(folder, body)
    async with Engine(folder, store=tmp_path / "s.db", clock=VirtualClock()) as engine:
        await engine.ingest("signup", "ada")
        await engine.ingest("first", "ada", {"n": 1})
        write(folder, body.replace("1}", "2}"))
        report = await reload(engine)
        assert report.summary == (
            "1 waiting: 1 matched by an outcome recorded for another match, at :7 · no difference found for 1"
        )
        assert not entries(engine.path, "journey.moved")


# -- what it leaves alone ----------------------------------------------------------------------


async def test_a_comment_changes_no_row_of_those_who_wait(engine: Engine, folder: Path) -> None:
    tables = ("journeys", "waits", "profiles", "users")
    before = [rows(engine.path, f"SELECT * FROM {table}") for table in tables], history(engine.path)
    write(folder, PAID + "# a comment\n")
    report = await reload(engine)
    assert report.summary == "2 waiting: no difference found"
    after = [rows(engine.path, f"SELECT * FROM {table}") for table in tables], history(engine.path)
    assert after == before


async def test_a_reload_that_is_over_is_not_gone_on_with_and_was_told_once(
    engine: Engine, folder: Path
) -> None:
    write(folder, PAID.replace("7d", "2d"))
    await reload(engine)
    assert rows(engine.path, "SELECT key FROM meta WHERE key LIKE 'reload/%'") == []
    # Everyone who waits was looked at beforehand: its entry says all that came of it.
    assert len(entries(engine.path, "workflow.loaded")) == 2


async def test_files_that_say_the_same_are_no_reload(engine: Engine, folder: Path) -> None:
    before = rows(engine.path, "SELECT max(seq) FROM history")
    write(folder, PAID)
    assert await engine.reload() is None
    assert rows(engine.path, "SELECT max(seq) FROM history") == before


async def test_a_step_that_runs_ends_with_the_old_code(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studio.engine.reload.hot_reload.LOOK_SECONDS", 20.0)
    reloaded = tmp_path / "reloaded"
    body = f"""
    import time, pathlib
    def slow():
        while not pathlib.Path({str(reloaded)!r}).exists():
            time.sleep(0.01)
        return "old"
    return {{"result": await journey.step("slow", slow)}}
    """
    write(folder, body)
    async with Engine(folder, store=tmp_path / "s.db") as engine:
        await engine.ingest("signup", "ada")
        write(folder, body.replace('"old"', '"new"'))
        report = await engine.reload()
        reloaded.touch()
        assert report is not None
        assert report.summary == "1 waiting: no difference found"
        await engine.run_until_idle()
        assert [e.message for e in entries(engine.path, "journey.completed")] == ['{"result": "old"}']
        assert len(entries(engine.path, "step.started")) == 1


# -- what comes meanwhile ----------------------------------------------------------------------


async def test_an_event_for_a_journey_that_was_not_reached_takes_it_over_first(
    engine: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The background does nothing: only what comes drives.
    monkeypatch.setattr("studio.engine.reload.migration.Migrations._slice", lambda *_: None)
    monkeypatch.setattr(
        "studio.engine.loop.loop.EngineLoop._moves_on", property(lambda self: bool(self.migrations._asked))
    )
    write(folder, PAID.replace('"paid",', '"paid", {"n": 1},'))
    assert await engine.reload() is not None
    await engine.ingest("paid", "ada", {"n": 2})
    assert told(engine.path, "ada") == [
        "journey.moved other match",
        "wait.closed paid",
        'wait.opened paid {"n": 1}, at most 7d',
        "event paid",
    ]
    assert told(engine.path, "bob") == []
    monkeypatch.undo()
    await gone_over(engine)
    assert told(engine.path, "bob")[0] == "journey.moved other match"
    assert len(entries(engine.path, "journey.moved")) == 2


async def test_those_who_are_looked_at_go_over_first(engine: Engine, folder: Path) -> None:
    for n in range(300):
        await engine.ingest("signup", f"user{n}")
    engine.prefer = lambda: ("user299", "nobody", "user7")
    write(folder, PAID.replace("7d", "2d"))
    await reload(engine)
    moved = [entry.user for entry in entries(engine.path, "journey.moved")]
    assert moved[:3] == ["user299", "user7", "ada"]
    assert len(moved) == 302


async def test_time_that_is_moved_waits_for_those_who_go_over(engine: Engine, folder: Path) -> None:
    write(folder, PAID.replace("7d", "2d"))
    await engine.reload()
    await engine.forward("3d")
    assert logs(engine.path) == ["paid False at 03 00:00"] * 2


# -- between two runs --------------------------------------------------------------------------


async def test_a_file_that_was_edited_while_no_engine_ran_is_a_reload_at_the_start(
    tmp_path: Path, folder: Path
) -> None:
    write(folder, PAID)
    store = tmp_path / "s.db"
    async with Engine(folder, store=store, clock=VirtualClock()) as engine:
        await engine.ingest("signup", "ada")
    write(folder, PAID.replace("7d", "2d"))
    async with Engine(folder, store=store, clock=VirtualClock()) as engine:
        await gone_over(engine)
        assert told(store, "ada") == ["journey.moved new deadline"]
        (end,) = [entry for entry in entries(store, "workflow.loaded") if entry.message]
        assert end.message == "1 waiting: 1 with a new deadline"
    async with Engine(folder, store=store, clock=VirtualClock()) as engine:
        await gone_over(engine)
        assert len(entries(store, "journey.moved")) == 1
        assert compare(store) == []


async def test_code_that_comes_back_is_a_reload_too(engine: Engine, folder: Path) -> None:
    for timeout in ("2d", "7d", "2d"):
        write(folder, PAID.replace("7d", timeout))
        await reload(engine)
    assert [e.message for e in entries(engine.path, "journey.moved", user="ada")] == ["new deadline"] * 3
    assert len(rows(engine.path, "SELECT * FROM codes")) == 2


async def test_a_rewind_to_before_a_reload_brings_back_the_waits_and_moves_them_again(
    engine: Engine, folder: Path
) -> None:
    (seq,) = [entry.seq for entry in entries(engine.path, "wait.opened", user="bob")]
    write(folder, PAID.replace("7d", "2d"))
    await reload(engine)
    await engine.rewind(seq)
    await gone_over(engine)
    with Views(engine.path) as views:
        assert [wait.due_at and wait.due_at - wait.opened_at for wait in views.waits()] == [
            2 * 86_400_000
        ] * 2
    assert len(entries(engine.path, "journey.moved")) == 2


async def test_a_rewind_to_the_middle_of_a_reload_moves_the_rest_again(engine: Engine, folder: Path) -> None:
    write(folder, PAID.replace("7d", "2d"))
    await reload(engine)
    first, _ = entries(engine.path, "journey.moved")
    await engine.rewind(first.seq)
    await gone_over(engine)
    assert [entry.user for entry in entries(engine.path, "journey.moved")] == ["ada", "bob"]


# -- files that do not load, and files that go -------------------------------------------------


async def test_of_a_file_that_does_not_load_the_last_good_version_goes_on(
    engine: Engine, folder: Path
) -> None:
    (folder / "welcome.py").write_text("async def welcome(:\n")
    assert await engine.reload() is None
    (problem,) = engine.problems
    assert (Path(problem.path or "").name, problem.line) == ("welcome.py", 1)
    (failed,) = entries(engine.path, "workflow.failed")
    assert failed.line is not None
    assert failed.line.endswith("welcome.py:1")
    await engine.reload()
    assert len(entries(engine.path, "workflow.failed")) == 1
    await engine.ingest("paid", "ada")
    assert journey(engine.path, "welcome/ada").status == "completed"
    write(folder, PAID.replace("7d", "2d"))
    await reload(engine)
    assert engine.problems == []


async def test_a_name_that_is_there_twice_leaves_the_one_that_runs(engine: Engine, folder: Path) -> None:
    # Its file comes first by name, and yet the other is who runs.
    (folder / "a.py").write_text((folder / "welcome.py").read_text().replace("7d", "1d"))
    assert await engine.reload() is None
    assert [problem.line for problem in engine.problems] == [5]
    assert engine.workflows["welcome"].path.endswith("welcome.py")


async def test_a_journey_whose_workflow_is_deleted_stays_and_says_so(engine: Engine, folder: Path) -> None:
    text = (folder / "welcome.py").read_text()
    (folder / "welcome.py").unlink()
    report = await engine.reload()
    assert report is not None
    assert report.summary == "deleted: welcome; its waiting journeys are kept"
    await engine.ingest("paid", "ada")
    await engine.forward("8d")
    assert journey(engine.path, "welcome/ada").waits_for == "workflow deleted"
    with Views(engine.path) as views:
        user = views.user("ada")
    assert user is not None
    assert user.waits_for == "workflow deleted"
    (folder / "other.py").write_text(text)
    assert await engine.reload() is not None
    await gone_over(engine)
    assert journey(engine.path, "welcome/ada").status == "completed"
    assert logs(engine.path, "ada") == ["paid True at 09 01:00"]
    await engine.run_until_idle()
    assert journey(engine.path, "welcome/bob").status == "completed"


async def test_a_file_that_is_renamed_changes_nothing(engine: Engine, folder: Path) -> None:
    (folder / "welcome.py").rename(folder / "renamed.py")
    assert await engine.reload() is None
    assert engine.workflows["welcome"].path.endswith("renamed.py")
    assert not entries(engine.path, "journey.moved")


# -- asked first -------------------------------------------------------------------------------


async def test_with_ask_the_old_code_goes_on_until_a_yes(tmp_path: Path, folder: Path) -> None:
    write(folder, PAID)
    async with Engine(folder, store=tmp_path / "s.db", clock=VirtualClock(), reload="ask") as engine:
        engine.watch()
        heard: asyncio.Queue[object] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        def hear(told: object) -> None:
            loop.call_soon_threadsafe(heard.put_nowait, told)

        engine.on_reload(hear)
        await engine.ingest("signup", "ada")
        write(folder, PAID.replace("7d", "2d"))
        await asyncio.wait_for(heard.get(), 60)
        pending = engine.pending_reload
        assert pending is not None
        assert pending.summary == "1 waiting: 1 with a new deadline"
        (difference,) = pending.journeys
        assert (difference.journey, difference.what, difference.line) == (
            "welcome/ada",
            "deadline",
            "welcome.py:7",
        )
        assert not entries(engine.path, "journey.moved")
        assert await engine.reload() == pending
        assert engine.pending_reload is None
        await gone_over(engine)
        assert len(entries(engine.path, "journey.moved")) == 1


async def test_with_ask_an_edit_that_is_taken_back_asks_nothing_more(tmp_path: Path, folder: Path) -> None:
    write(folder, PAID)
    async with Engine(folder, store=tmp_path / "s.db", clock=VirtualClock(), reload="ask") as engine:
        write(folder, PAID.replace("7d", "2d"))
        engine._changed_on_disk()
        assert engine.pending_reload is not None
        write(folder, PAID)
        engine._changed_on_disk()
        assert engine.pending_reload is None


def test_a_mode_that_there_is_not_is_refused() -> None:
    with pytest.raises(StudioError, match='use "auto" or "ask"'):
        Engine(reload="often")  # type: ignore[arg-type]


async def test_another_process_may_ask_for_a_reload(engine: Engine, folder: Path) -> None:
    from studio.store.inbox import ask

    write(folder, PAID.replace("7d", "2d"))
    await asyncio.to_thread(ask, engine.path, "reload", {})
    async with asyncio.timeout(10):
        while not entries(engine.path, "journey.moved"):
            await asyncio.sleep(0.01)


# -- sources -----------------------------------------------------------------------------------


async def test_the_code_of_an_old_entry_can_be_had_again_with_its_modules(
    tmp_path: Path, folder: Path
) -> None:
    folder.mkdir()
    (folder / "_prices.py").write_text("PRICE = 1\n")
    body = 'import _prices\nreturn {"price": _prices.PRICE}'
    file = write(folder, body)
    file.write_text("import _prices\n" + file.read_text().replace("    import _prices\n", ""))
    async with Engine(folder, store=tmp_path / "s.db", clock=VirtualClock()) as engine:
        await engine.ingest("signup", "ada")
        (folder / "_prices.py").write_text("PRICE = 2\n")
        report = await engine.reload()
        assert report is not None
        assert report.changed == ("welcome",)
        await engine.ingest("signup", "bob")
        done = entries(engine.path, "journey.completed")
        assert [entry.message for entry in done] == ['{"price": 1}', '{"price": 2}']
        for entry, price in zip(done, (1, 2), strict=True):
            assert _result(engine, entry) == {"price": price}


def _result(engine: Engine, entry: Entry) -> object:
    """What the code that made an entry returns."""
    assert entry.code is not None
    store = ReadOnlyStore(engine.path)
    try:
        workflow, _ = load_version(store, entry.code, "welcome")
    finally:
        store.close()
    try:
        workflow.function(None).send(None)  # type: ignore[arg-type]
    except StopIteration as stop:
        return stop.value
    raise AssertionError("it waits")


async def test_who_listens_is_told_of_what_is_new_and_of_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "workflows"
    write(folder, 'await journey.wait_for("paid")')
    async with Engine(folder, store=tmp_path / "studio.db", clock=VirtualClock()) as engine:
        said: list[Reloaded] = []
        end, other = engine.on_reload(said.append), engine.on_reload(lambda reloaded: None)
        assert await engine.reload() is None
        assert said == []
        broken = folder / "broken.py"
        for text, problems in (("def (", 1), ("def (:", 1), (None, 0)):
            if text is None:
                broken.unlink()
            else:
                broken.write_text(text)
            assert await engine.reload() is None
            (told_now,) = said
            assert (told_now.report, told_now.done, len(told_now.problems)) == (None, False, problems)
            said.clear()
        assert await engine.reload() is None
        assert said == []
        write(folder, 'await journey.wait_for("bought")')
        report = await engine.reload()
        assert [(each.report, each.done) for each in said] == [(report, True)]
        end()
        end()
        write(folder, 'await journey.wait_for("sold")')
        assert await engine.reload() is not None
        assert len(said) == 1
        other()
        # The same code, and it stands in another file.
        (folder / "welcome.py").rename(folder / "moved.py")
        engine.on_reload(said.append)
        assert await engine.reload() is None
        assert [(each.report, each.done) for each in said[1:]] == [(None, False)]


async def test_what_was_saved_before_the_files_are_followed_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "workflows"
    write(folder, 'await journey.wait_for("paid")')
    async with Engine(folder, store=tmp_path / "studio.db", clock=VirtualClock()) as engine:
        write(folder, 'await journey.wait_for("bought")')
        said: list[Reloaded] = []
        engine.on_reload(said.append)
        engine.watch(polling=True)
        assert [each.done for each in said] == [True]


async def test_a_step_that_ends_while_its_workflow_is_deleted_takes_its_journey_on_when_it_is_back(
    tmp_path: Path,
) -> None:
    ended = threading.Event()

    @workflow(trigger="go", name="slow")
    async def slow(journey: Journey) -> str:
        await journey.step("wait", ended.wait, 20)
        return "end"

    async with Engine(slow, store=tmp_path / "a.db") as engine:
        await engine.ingest("go", "ada")
        await until(lambda: entries(engine.path, "step.started"))
        await asyncio.wrap_future(engine._running.swap(Swap({}, {}, [], ())))
        ended.set()
        await until(lambda: entries(engine.path, "step.done"))
        assert not entries(engine.path, "journey.completed")
        await asyncio.wrap_future(engine._running.swap(Swap({"slow": slow}, {}, [], ())))
        await until(lambda: entries(engine.path, "journey.completed"))
    assert compare(engine.path) == []
