"""Threads and pools that somebody uses who listens know whose they are; all others are as they were."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from typing import Any

import pytest

from studio.engine.effects import inherited_context as module
from studio.engine.effects.inherited_context import install, start_outside, uninstall

WHO: ContextVar[str | None] = ContextVar("who", default=None)


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(module, "_who", None)
    install(WHO)
    token = WHO.set("me")
    yield
    WHO.reset(token)
    uninstall()


def in_thread(start: Callable[[threading.Thread], object]) -> str | None:
    found: list[str | None] = []
    thread = threading.Thread(target=lambda: found.append(WHO.get()))
    start(thread)
    thread.join(60)
    return found[0]


def test_a_thread_is_its_starters() -> None:
    assert in_thread(threading.Thread.start) == "me"
    assert in_thread(start_outside) is None


def test_each_job_of_a_pool_is_its_own_submitters() -> None:
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(WHO.get).result(20) == "me"
        token = WHO.set("another")
        assert pool.submit(WHO.get).result(20) == "another"
        WHO.reset(token)
        WHO.set(None)
        # The thread of the pool outlives the jobs, and is nobody's.
        assert pool.submit(WHO.get).result(20) is None
        WHO.set("me")


def test_where_nobody_listens_nothing_is_taken_along() -> None:
    other: ContextVar[Any] = ContextVar("other", default=None)
    other.set(1)
    WHO.set(None)
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(other.get()))
    thread.start()
    thread.join(60)
    assert found == [None]
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(other.get).result(20) is None
    WHO.set("me")


def test_both_are_put_back() -> None:
    uninstall()
    assert in_thread(threading.Thread.start) is None
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(WHO.get).result(20) is None
