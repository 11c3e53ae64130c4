"""The callers of `check_event` and `set_event`, without an engine; in the engine: `test_hooks.py`."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

import pytest

from studio import Event, incoming
from studio.engine.effects.hooks import THREADS, CheckEventLookup, SetEventOutbox
from studio.kernel.records import Ask
from studio.language.incoming import Incoming
from tests.engine.support import until
from tests.store.build import Builder

ASK = Ask(7, "ada", ("paid",), None)


def nobody(hook: str, what: str | None) -> None:
    """Takes complaints."""


async def test_a_question_is_open_until_it_is_answered_and_whoever_asks_hears_it_first(
    tmp_path: Path,
) -> None:
    go = threading.Event()
    heard: list[tuple[list[Incoming], bool]] = []

    def check(user: str, events: object, match: object) -> list[dict[str, str]]:
        go.wait(60)
        return [{"name": "paid", "id": "p1"}]

    lookup = CheckEventLookup(check, nobody, "salt", tmp_path / "s.db")
    lookup.ask(ASK, lambda future: heard.append((future.result(), lookup.busy)))
    assert lookup.busy
    go.set()
    await until(lambda: not lookup.busy)
    assert heard == [([incoming("paid", "ada", {}, "p1")], True)]
    lookup.stop()


async def test_what_is_asked_at_the_end_is_left_to_the_next_start(tmp_path: Path) -> None:
    lookup = CheckEventLookup(lambda user, events, match: [], nobody, "salt", tmp_path / "s.db")
    lookup.stop()
    heard: list[Future[list[Incoming]]] = []
    lookup.ask(ASK, heard.append)
    assert [future.cancelled() for future in heard] == [True]
    assert not lookup.busy


async def test_what_waits_to_be_asked_when_the_engine_stops_is_left_to_the_next_start(tmp_path: Path) -> None:
    go, asked = threading.Event(), list[str]()

    def check(user: str, events: object, match: object) -> list[dict[str, str]]:
        asked.append(user)
        go.wait(60)
        return []

    lookup = CheckEventLookup(check, nobody, "salt", tmp_path / "s.db")
    heard: list[Future[list[Incoming]]] = []
    for _ in range(THREADS + 1):
        lookup.ask(ASK, heard.append)
    await until(lambda: len(asked) == THREADS)
    lookup.stop()
    assert [future.cancelled() for future in heard] == [True]
    go.set()
    await until(lambda: not lookup.busy)
    assert [future.cancelled() for future in heard] == [True] + [False] * THREADS


@pytest.mark.parametrize("end", [lambda outbox: outbox.stop(0.0), lambda outbox: outbox.let_go()])
async def test_of_an_outbox_whose_time_to_stop_is_over_nothing_more_is_told(
    tmp_path: Path, end: Callable[[SetEventOutbox], None]
) -> None:
    path = tmp_path / "s.db"
    b = Builder(path)
    for at, name in enumerate("abc"):
        b.event(name, "ada", at)
    b.done()
    go, told = threading.Event(), list[str]()

    def slowly(event: Event) -> None:
        told.append(event.name)
        go.wait(60)

    outbox = SetEventOutbox(slowly, path, 0, nobody, "salt")
    outbox.start()
    await until(lambda: told)
    end(outbox)
    go.set()
    await until(lambda: not outbox._thread.is_alive())
    # It goes on behind the last that was told.
    assert (told, outbox.delivered) == (["a"], 1)
