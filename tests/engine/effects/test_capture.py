"""What journeys and steps say: in their log, whatever it is made of, and once."""

from __future__ import annotations

import asyncio
import builtins
import io
import logging
import os
import subprocess
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, redirect_stdout
from contextvars import copy_context
from pathlib import Path
from typing import Any

import pytest

from studio import Engine, Journey, VirtualClock, current_step, workflow
from studio.engine.effects.capture import install, listen, listener, uninstall
from studio.engine.work.unit_of_work import StoreUnit
from studio.kernel import log_limit as said
from studio.text.streams import HeardStream
from tests.engine.support import entries, in_time, journey, logs, settled, until

__all__ = ["in_time"]

log = logging.getLogger("shop")
speak: Callable[[], Any] = lambda: None  # noqa: E731 - what a test has said


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "s.db"


@workflow(trigger="in step")
async def in_step(journey: Journey) -> dict[str, bool]:
    await journey.step("speak", lambda: speak() and None)
    return {"ok": True}


@workflow(trigger="in workflow")
async def in_workflow(journey: Journey) -> dict[str, bool]:
    speak()
    await journey.wait_for("more", timeout="1d")
    return {"ok": True}


BOTH = [in_step, in_workflow]


async def said_by(path: Path, what: Callable[[], Any], where: str) -> list[tuple[str, str]]:
    """Level and text of what is said in a step or a workflow, which must come to its end."""
    global speak
    speak = what
    async with Engine(BOTH, store=path, clock=VirtualClock()) as engine:
        await engine.ingest(where, user="ada")
        await engine.forward("2d")
    assert journey(path, f"{where.replace(' ', '_')}/ada").status == "completed"
    return [(entry.level or "", entry.message or "") for entry in entries(path, "log")]


class Mute:
    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__


class Wrong:
    def __str__(self) -> str:
        return 7  # type: ignore[return-value]


MUTE = "<Mute, whose text cannot be made: RuntimeError>"
BAD = "(this line cannot be put together: "


def fail() -> None:
    raise ValueError("card refused")


def log_exception() -> None:
    try:
        fail()
    except ValueError:
        log.exception("charge of %s", "ada")


def log_odd_record() -> None:
    log.handle(logging.makeLogRecord({"msg": "from afar", "pathname": None, "lineno": "x", "levelno": None}))


def log_broken_exc_info() -> None:
    log.handle(logging.makeLogRecord({"msg": "odd", "levelno": 40, "exc_info": (ValueError, Mute(), 7)}))


LINES: list[tuple[Callable[[], Any], str, str]] = [
    (
        lambda: log.warning("%s and %s", "a"),
        "warning",
        f"%s and %s (a) {BAD}TypeError: not enough",
    ),
    (lambda: log.warning("%d", "x"), "warning", f"%d (x) {BAD}TypeError"),
    (
        lambda: log.warning("%(a)s", {"b": 1}),
        "warning",
        f"%(a)s ({{'b': 1}}) {BAD}KeyError",
    ),
    (
        lambda: log.error("it is %s", Mute()),
        "error",
        f"it is %s ({MUTE}) {BAD}RuntimeError",
    ),
    (lambda: log.error(Mute()), "error", f"{MUTE} () {BAD}RuntimeError"),
    (lambda: log.error(None), "error", "None"),
    (lambda: log.error({"a": 1}), "error", "{'a': 1}"),
    (lambda: log.error("50 %"), "error", "50 %"),
    (lambda: log.warning("\ud800"), "warning", "\\ud800"),
    (lambda: log.log(35, "between"), "warning", "between"),
    (lambda: log.warning("who", extra={"user": Mute()}), "warning", "who"),
    (lambda: logging.LoggerAdapter(log, {"a": 1}).warning("by %s", "adapter"), "warning", "by adapter"),
    (lambda: log.warning("here", stack_info=True), "warning", "here\nStack (most recent call last):"),
    (log_exception, "error", "charge of ada\nTraceback (most recent call last):"),
    (log_odd_record, "info", "from afar"),
    (log_broken_exc_info, "error", "odd"),
    (lambda: print("a", 1, None, sep="-"), "info", "a-1-None"),
    (lambda: print(Mute(), "b"), "info", f"{MUTE} b"),
    (lambda: print(Wrong()), "info", "<Wrong, whose text cannot be made: TypeError>"),
    (lambda: print("no", "end", end=""), "info", "no end"),
    (lambda: (print("a", end=""), print("b", end=" "), print("c")), "info", "ab "),
]


@pytest.mark.parametrize("where", ["in step", "in workflow"])
@pytest.mark.parametrize(("what", "level", "text"), LINES, ids=[text[:24] for _, _, text in LINES])
async def test_to_say_something_never_fails(
    path: Path,
    what: Callable[[], Any],
    level: str,
    text: str,
    where: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # What pytest keeps of it cannot be told between its processes.
    monkeypatch.setattr(log, "propagate", False)
    found = await said_by(path, what, where)
    assert found[0][0] == level
    assert found[0][1].startswith(text)


async def test_a_journey_says_what_it_is_told_to_say(path: Path) -> None:
    @workflow(trigger="go")
    async def odd(journey: Journey) -> dict[str, bool]:
        journey.log(Mute(), 1, Wrong())
        journey.note(Mute())
        return {"ok": True}

    async with Engine(odd, store=path) as engine:
        await engine.ingest("go", user="ada")
    assert logs(path)[0] == f"{MUTE} 1 <Wrong, whose text cannot be made: TypeError>"
    assert journey(path, "odd/ada").note == MUTE


class Redact(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        if "noise" in record.getMessage():
            return False
        record.msg, record.args = record.getMessage().replace("s3cret", "***"), ()
        return True


class Broken(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        raise AttributeError("no such field")


@contextmanager
def filtered(by: logging.Filter) -> Iterator[None]:
    log.addFilter(by)
    try:
        yield
    finally:
        log.removeFilter(by)


@pytest.mark.parametrize("where", ["in step", "in workflow"])
async def test_filters_of_loggers_are_asked(path: Path, where: str, caplog: pytest.LogCaptureFixture) -> None:
    def say() -> None:
        log.warning("token %s", "s3cret")
        log.warning("noise")
        logging.getLogger("shop.child").warning("a child's line is not asked for")

    with filtered(Redact()):
        found = await said_by(path, say, where)
    assert [text for _, text in found] == ["token ***", "a child's line is not asked for"]
    assert [record.getMessage() for record in caplog.records if record.name == "shop"] == ["token ***"]


async def test_a_filter_that_fails_lets_nothing_through_that_it_would_have_taken_out(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def say() -> None:
        try:
            raise ValueError("s3cret")
        except ValueError:
            log.exception("token %s", "s3cret")

    with filtered(Broken()):
        ((level, text),) = await said_by(path, say, "in step")
    assert level == "error"
    assert text == "(a log line is left out: a filter of its logger failed: AttributeError: no such field)"
    assert "s3cret" not in caplog.text


async def test_a_logger_that_is_turned_off_says_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "disabled", True)
    assert await said_by(path, lambda: log.error("no"), "in step") == []


# -- the application's own handlers ------------------------------------------------------------


class Collect(logging.Handler):
    def __init__(self, do: Callable[[logging.LogRecord], object] = lambda record: None) -> None:
        super().__init__()
        self.seen: list[str] = []
        self._do = do

    def emit(self, record: logging.LogRecord) -> None:
        self.seen.append(record.getMessage())
        self._do(record)


@contextmanager
def handled(handler: logging.Handler, *, propagate: bool = True) -> Iterator[None]:
    log.addHandler(handler)
    log.propagate = propagate
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.propagate = True


@workflow(trigger="go")
async def talks(journey: Journey) -> dict[str, bool]:
    log.warning("begins")
    await journey.step("speak", lambda: log.warning("in the step"))
    log.warning("goes on")
    await journey.wait_for("more", timeout="1d")
    log.warning("ends for %s", journey.user)
    return {"ok": True}


@pytest.mark.parametrize("propagate", [True, False])
@pytest.mark.parametrize("virtual", [True, False])
async def test_handlers_get_each_line_once_in_order_after_the_commit(
    path: Path, propagate: bool, virtual: bool, caplog: pytest.LogCaptureFixture
) -> None:
    def is_stored(record: logging.LogRecord) -> None:
        stored.append(record.getMessage() in [entry.message for entry in entries(path, "log")])

    stored: list[bool] = []
    handler = Collect(is_stored)
    with handled(handler, propagate=propagate):
        async with Engine(talks, store=path, clock=VirtualClock() if virtual else None) as engine:
            await engine.ingest("go", user="ada")
            await settled(engine)
            await engine.ingest("more", user="ada")
            await settled(engine)
            assert handler.seen[:3] == ["begins", "in the step", "goes on"]
            assert handler.seen[3].startswith("ends for ")
            assert len(handler.seen) == 4
    assert stored == [True] * 4
    assert bool([record for record in caplog.records if record.name == "shop"]) == propagate


async def test_a_batch_that_came_to_nothing_is_handed_over_once(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, handler = StoreUnit.commit, Collect()
    drives = failed = 0

    def once(self: StoreUnit) -> None:
        nonlocal failed
        if drives and not failed:
            failed += 1
            raise ValueError("it breaks")
        real(self)

    @workflow(trigger="go")
    async def counted(journey: Journey) -> dict[str, bool]:
        nonlocal drives
        drives += 1
        log.warning("once")
        return {"ok": True}

    monkeypatch.setattr(StoreUnit, "commit", once)
    with handled(handler):
        async with Engine(counted, store=path) as engine:
            await engine.ingest("go", user="ada")
            await settled(engine)
    assert failed == 1
    assert drives > 1
    assert handler.seen == ["once"]
    assert logs(path) == ["once"]


async def test_a_handler_that_raises_disturbs_nobody(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    class Odd(logging.Handler):
        def handle(self, record: logging.LogRecord) -> bool:
            raise SystemExit("no")

    good = Collect()
    with handled(Odd()), handled(good):
        async with Engine(talks, store=path) as engine:
            await engine.ingest("go", user="ada")
            await settled(engine)
    assert logs(path) == ["begins", "in the step", "goes on"]
    assert "SystemExit: no" in capsys.readouterr().err


async def test_a_handler_that_blocks_holds_up_nobody(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.engine.effects.log_forwarding.PATIENCE", 0.1)
    monkeypatch.setattr("studio.engine.effects.log_forwarding.MOST", 2)
    free = threading.Event()
    handler = Collect(lambda record: free.wait(60))
    with handled(handler, propagate=False):
        async with Engine(talks, store=path) as engine:
            for user in ("ada", "bob", "cyd"):
                await engine.ingest("go", user=user)
                await settled(engine)
            assert handler.seen == ["begins"]
            assert len(logs(path)) == 9
            free.set()
            await until(lambda: len(handler.seen) == 3)
    free.set()
    assert handler.seen == ["begins", "in the step", "goes on"]


async def test_a_log_without_handlers_is_nobody_elses(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`logging` writes on stderr where there is no handler, and the log of the journey is one."""
    root = logging.getLogger()
    before, root.handlers = root.handlers, []
    try:
        await said_by(path, lambda: log.warning("alone"), "in step")
    finally:
        root.handlers = before
    assert "alone" not in capsys.readouterr().err


# -- threads, pools, processes -----------------------------------------------------------------


async def test_threads_and_pools_of_a_step_speak_for_it(path: Path) -> None:
    shared = ThreadPoolExecutor(1)

    def say(text: str) -> None:
        print(text, current_step().name)

    def say_all() -> None:
        thread = threading.Thread(target=say, args=("thread",))
        thread.start()
        thread.join()
        with ThreadPoolExecutor(1) as pool:
            pool.submit(say, "pool").result()
        shared.submit(say, text="shared").result()
        asyncio.run(asyncio.to_thread(say, "to_thread"))

        async def executor() -> None:
            await asyncio.get_running_loop().run_in_executor(None, say, "executor")

        asyncio.run(executor())

    found = await said_by(path, say_all, "in step")
    assert [text.split() for _, text in found] == [
        [each, "speak"] for each in ("thread", "pool", "shared", "to_thread", "executor")
    ]
    # What the pool does for others afterwards is theirs.
    assert shared.submit(listener).result() is None
    shared.shutdown()


async def test_nothing_is_left_of_it_when_the_last_engine_has_stopped(path: Path) -> None:
    before = print, logging.Logger.handle, threading.Thread.start, ThreadPoolExecutor.submit
    await said_by(path, lambda: print("x"), "in step")
    assert before == (print, logging.Logger.handle, threading.Thread.start, ThreadPoolExecutor.submit)


async def test_a_thread_that_a_step_left_behind_speaks_for_itself(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    free, over = threading.Event(), threading.Event()

    def late() -> None:
        free.wait(60)
        print("said later")
        over.set()

    async with Engine(BOTH, store=path) as engine:
        global speak
        speak = lambda: threading.Thread(target=late).start()  # noqa: E731
        await engine.ingest("in step", user="ada")
        await settled(engine)
        free.set()
        assert await asyncio.to_thread(over.wait, 20)
    assert logs(path) == []
    assert capsys.readouterr().out == "said later\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_process_speaks_for_itself() -> None:
    context = copy_context()
    context.run(listen, lambda *said: True)
    assert context.run(listener) is not None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if pid == 0:
        os._exit(0 if context.run(listener) is None else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert context.run(listener) is not None


# -- how much is said --------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["in step", "in workflow"])
async def test_the_log_of_one_drive_is_bounded_and_says_so(
    path: Path, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(said, "MOST_LINES", 20)

    def say() -> None:
        for number in range(1_000):
            log.warning("line %d", number)

    handler = Collect()
    with handled(handler, propagate=False):
        found = await said_by(path, say, where)
    assert [text for _, text in found[:20]] == [f"line {number}" for number in range(20)]
    assert found[20:] == [("warning", said.LEFT_OUT)]
    assert len(handler.seen) <= 21


def test_much_text_is_bounded_too() -> None:
    bound = said.Bound()
    assert bound.take("info", "x" * (said.MOST_CHARACTERS - 1)) == ("info", "x" * (said.MOST_CHARACTERS - 1))
    assert bound.take("info", "xx") == ("warning", said.LEFT_OUT)
    assert bound.take("info", "x") is None
    many = said.Bound()
    for _ in range(said.MOST_LINES):
        assert many.take("debug", "x") == ("debug", "x")
    assert many.take("debug", "x") == ("warning", said.LEFT_OUT)
    assert many.take("debug", "x") is None


async def test_each_drive_begins_anew(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(said, "MOST_LINES", 3)

    @workflow(trigger="go")
    async def chatty(journey: Journey) -> dict[str, bool]:
        for number in range(3):
            for _ in range(3):
                print(number)
            await journey.sleep(0)
        return {"ok": True}

    async with Engine(chatty, store=path, clock=VirtualClock()) as engine:
        await engine.ingest("go", user="ada")
        await engine.run_until_idle()
    assert logs(path) == [str(number) for number in range(3) for _ in range(3)]


def test_a_million_prints_take_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    bound = said.Bound()
    began = time.monotonic()
    taken = sum(bound.take("info", "x") is not None for _ in range(200_000))
    assert taken == said.MOST_LINES + 1
    assert time.monotonic() - began < 20


# -- while engines run --------------------------------------------------------------------------


def test_print_is_its_own_again_when_the_last_engine_has_stopped() -> None:
    before = builtins.print, logging.Logger.handle, subprocess.Popen.__init__, subprocess.Popen.wait
    install()
    install()
    uninstall()
    assert builtins.print is not before[0]
    uninstall()
    assert (
        builtins.print,
        logging.Logger.handle,
        subprocess.Popen.__init__,
        subprocess.Popen.wait,
    ) == before


def test_what_a_process_prints_has_the_line_that_began_it() -> None:
    heard: list[tuple[str, Any]] = []

    def hear(level: str, message: str, place: Any, *_: Any) -> bool:
        heard.append((message, place))
        return True

    def speaks() -> None:
        listen(hear)
        subprocess.Popen(["echo", "hello"]).wait()

    install()
    try:
        with redirect_stdout(HeardStream(io.StringIO())):
            copy_context().run(speaks)
    finally:
        uninstall()
    assert heard == [("hello", (__file__, speaks.__code__.co_firstlineno + 2))]
