"""The collector is kept out of batches only where the process is the engine's own."""

from __future__ import annotations

import gc

import pytest

from studio.engine.work import garbage_collection
from studio.engine.work.garbage_collection import is_own_process, own_process, without_collection


@pytest.fixture(autouse=True)
def nobodys(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process in which nobody has said anything."""
    monkeypatch.setattr(garbage_collection, "_owners", [])


def test_an_application_keeps_its_collector() -> None:
    assert not is_own_process()
    with without_collection():
        assert gc.isenabled()


def test_in_a_process_of_the_engine_it_is_off_meanwhile_and_on_after() -> None:
    own_process("journey-studio")
    assert is_own_process()
    with without_collection():
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(KeyError), without_collection():
        raise KeyError
    assert gc.isenabled()


def test_who_has_switched_it_off_finds_it_off() -> None:
    own_process("journey-studio")
    gc.disable()
    try:
        with without_collection():
            assert not gc.isenabled()
        assert not gc.isenabled()
    finally:
        gc.enable()
