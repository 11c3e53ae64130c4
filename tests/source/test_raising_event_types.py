"""A class of an event that raises refuses the event, and ends nobody."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from studio import Engine, Journey, event, incoming, workflow
from studio.errors import EventError
from studio.store import inbox
from studio.store.views import Views


class WithoutText(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")


RAISES: list[BaseException] = [KeyError("x"), ZeroDivisionError("by 0"), SystemExit(3), WithoutText()]


@event("odd/came")
@dataclass
class Odd:
    which: int

    def __post_init__(self) -> None:
        raise RAISES[self.which]


@workflow(trigger=Odd)
async def odd(journey: Journey) -> None:
    await journey.wait_for(Odd)


@pytest.mark.parametrize("which", range(len(RAISES)))
def test_it_refuses_the_event_and_the_engine_goes_on(tmp_path: Path, which: int) -> None:
    store = tmp_path / "s.db"
    # Of another process: it was taken already, and is looked at by the engine's thread.
    inbox.send(store, [incoming("odd/came", "bob", {"which": which}), incoming("other", "bob")])
    with Engine(odd, store=store) as engine:
        with pytest.raises(EventError, match=f"Odd raised {type(RAISES[which]).__name__}"):
            engine.door.check([incoming("odd/came", "ada", {"which": which})])
        engine.submit([incoming("signup", "eve")]).result(30)
        assert engine.status().problem is None
        with Views(store) as views:
            assert {row.id for row in views.users()} == {"bob", "eve"}
            assert [(kept.user, kept.event) for kept in views.refused()] == [("bob", "odd/came")]
