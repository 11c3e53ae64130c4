"""Events are handed in many at a time, in their order, up to a moment."""

from __future__ import annotations

from concurrent.futures import Future

import pytest

from studio import incoming
from studio.engine.time import playing
from studio.engine.time.playing import play_events
from studio.language.event import Event
from studio.language.incoming import Incoming


class Taken:
    """Takes chunks; every id comes a second time as a duplicate."""

    def __init__(self) -> None:
        self.chunks: list[list[int | None]] = []
        self._ids: set[str | None] = {None}

    def submit(self, events: list[Incoming]) -> Future[list[Event]]:
        self.chunks.append([event.at for event in events])
        done: Future[list[Event]] = Future()
        found: list[Event] = []
        for event in events:
            made = Event(event.name, event.user, event.at or 0, None, event.id, len(found))
            made.duplicate = event.id is not None and event.id in self._ids
            self._ids.add(event.id)
            found.append(made)
        done.set_result(found)
        return done


def at(*moments: int | None) -> list[Incoming]:
    return [incoming("go", "ada", {}, at=moment) for moment in moments]


async def test_they_come_in_chunks_and_the_last_moment_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(playing, "AT_ONCE", 2)
    taken = Taken()
    assert await play_events(at(1, 2, 3), taken.submit, 0, None, None) == 3
    assert taken.chunks == [[1, 2], [3]]


async def test_what_is_behind_the_end_does_not_come() -> None:
    taken = Taken()
    assert await play_events(at(5, None, 20, 6), taken.submit, 10, 15, None) == 10
    assert taken.chunks == [[5, None]]


async def test_an_event_whose_id_was_there_is_told() -> None:
    taken, dropped = Taken(), list[Event]()
    events = [incoming("go", "ada", {}, id=id) for id in ("a", "b", "a")]
    await play_events(events, taken.submit, 0, None, dropped.append)
    assert [event.id for event in dropped] == ["a"]
