"""Which users were handed over, and events of theirs, which are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio import Engine
from studio.errors import EventError
from studio.language.incoming import incoming
from studio.store.away import (
    Handover,
    forget_handover,
    handover_of,
    has_handovers,
    refuse_away,
    set_handover,
)
from studio.store.erase import erase
from studio.store.inbox import send
from studio.store.sqlite import Store
from tests.store.build import small

ADA = incoming("signup", "ada")


def any_away(path: Path) -> bool:
    store = Store(path)
    try:
        return store.has_handovers
    finally:
        store.close()


def mark(path: Path, user: str, handover: Handover) -> None:
    store = Store(path)
    with store.transaction() as con:
        set_handover(con, user, handover)
    store.close()


def test_a_user_who_was_never_handed_over_is_here(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    assert handover_of(path, "ada") == Handover(0, "here")
    refuse_away(path, [ADA])
    path.touch()
    refuse_away(path, [ADA])
    assert handover_of(path, "ada") == Handover(0, "here")
    assert not any_away(path)


@pytest.mark.parametrize("state", ["away", "leaving", "arriving"])
async def test_events_of_one_who_is_elsewhere_are_refused_whoever_sends(tmp_path: Path, state: str) -> None:
    path = small(tmp_path / "a.db")
    mark(path, "cleo", Handover(3, state, "t"))  # type: ignore[arg-type]
    assert any_away(path)
    with pytest.raises(EventError, match="'cleo' was handed over to another engine"):
        refuse_away(path, [ADA, incoming("signup", "cleo")])
    with pytest.raises(EventError, match=r"Send it there\."):
        send(path, [ADA, incoming("signup", "cleo")])
    async with Engine(store=path) as engine:
        with pytest.raises(EventError, match="'cleo' was handed over"):
            await engine.ingest("signup", "cleo")
        await engine.ingest("signup", "ada")
    send(path, [ADA])


def test_one_who_came_back_is_here_and_who_is_erased_leaves_nothing(tmp_path: Path) -> None:
    path = small(tmp_path / "a.db")
    mark(path, "ada", Handover(4, "here"))
    send(path, [ADA])
    assert handover_of(path, "ada") == Handover(4, "here")
    erase(path, "ada")
    assert not any_away(path)
    mark(path, "bob", Handover(1, "away"))
    store = Store(path)
    with store.transaction() as con:
        assert has_handovers(con)
        forget_handover(con, "bob")
        assert not has_handovers(con)
    store.close()
