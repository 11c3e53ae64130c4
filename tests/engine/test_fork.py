"""An engine in a process that was forked from the one that started it."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from studio import Engine, StudioError, incoming
from studio.store.inbox import engine_of

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")


def in_child(do: Callable[[], object]) -> str:
    """What something says in a forked child that then ends by itself, as a worker does."""
    read, write = os.pipe()
    with warnings.catch_warnings():
        # Python warns of a fork beside threads, which is what this is about.
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if pid == 0:
        try:
            said = str(do())
        except BaseException as error:
            said = f"{type(error).__name__}: {error}"
        os.write(write, said.encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        said = pipe.read()
    os.waitpid(pid, 0)
    return said


def test_each_question_is_answered_with_an_error_at_once(tmp_path: Path) -> None:
    engine = Engine(store=tmp_path / "s.db")
    with engine:
        asked: list[Callable[[], object]] = [
            lambda: engine.submit([incoming("visit", "ada", {})]),
            engine.next_due,
            engine.subscribe,
            engine.start_now,
        ]
        for ask in asked:
            said = in_child(ask)
            assert said.startswith(f"StudioError: the engine runs in another process (pid {os.getpid()})")
        state, problem = in_child(lambda: f"{engine.status().state}|{engine.status().problem}").split("|")
        assert state == "stopped"
        assert "runs in another process" in problem


@pytest.mark.parametrize("where", ["s.db", ":memory:"])
def test_a_child_that_stops_it_takes_nothing_from_the_parent(tmp_path: Path, where: str) -> None:
    with Engine(store=tmp_path / where if where == "s.db" else where) as engine:
        assert in_child(engine.stop_now) == "None"
        assert engine.path.exists()
        assert engine_of(engine.path) is not None
        (event,) = engine.submit([incoming("visit", "ada", {})]).result(timeout=60)
        assert event.name == "visit"
        with pytest.raises(StudioError, match="runs on this store"):
            Engine(store=engine.path).start_now()
