"""Who listens is called, each on its own."""

from __future__ import annotations

import logging

import pytest

from studio.engine.listeners import Listeners


def test_each_is_called_until_it_ends_that(caplog: pytest.LogCaptureFixture) -> None:
    called: list[str] = []
    listeners = Listeners()

    def breaks() -> None:
        called.append("breaks")
        raise KeyError("mine")

    end = listeners.add(lambda: called.append("one"))
    listeners.add(breaks)
    listeners.add(lambda: called.append("two"))
    with caplog.at_level(logging.ERROR):
        listeners.tell()
    assert called == ["one", "breaks", "two"]
    assert [record.message for record in caplog.records] == ["a function given to on_change failed"]
    end()
    end()
    called.clear()
    listeners.tell()
    assert called == ["breaks", "two"]


def test_one_that_ends_itself_while_it_is_called_leaves_the_others_called() -> None:
    called: list[str] = []
    listeners = Listeners()

    def once() -> None:
        called.append("once")
        end()

    end = listeners.add(once)
    listeners.add(lambda: called.append("other"))
    listeners.tell()
    listeners.tell()
    assert called == ["once", "other", "other"]
