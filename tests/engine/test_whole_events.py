"""`engine.ingest` takes an event as one object, as a line of an event file has it."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from studio import Engine, VirtualClock
from studio.errors import EventError
from studio.store.views import Views
from tests.engine.support import entries

START = 1_750_000_000_000


async def test_an_event_as_one_object_is_as_one_in_parts(tmp_path: Path) -> None:
    who = {"id": "ada", "email": "ada@example.com"}
    async with Engine(store=tmp_path / "s.db", clock=VirtualClock(START)) as engine:
        one = await engine.ingest({"event": "signup", "user": who, "data": {"plan": "pro"}, "id": "1"})
        again = await engine.ingest("signup", who, {"plan": "pro"}, id="1")
        other = await engine.ingest(MappingProxyType({"event": "login", "user": "ada"}))
        late = await engine.ingest({"at": "2025-06-01T00:00:00Z", "event": "x", "user": "ada", "from": "web"})
    assert (one.name, one.user, one.data, one.id) == ("signup", "ada", {"plan": "pro"}, "1")
    assert again.duplicate
    assert (other.name, other.data) == ("login", {})
    assert late.sent_at is not None
    assert [e.name for e in entries(tmp_path / "s.db", "event")] == ["signup", "login", "x"]
    with Views(tmp_path / "s.db") as views:
        assert views.given_with([late.seq])[late.seq]["extra"] == {"from": "web"}


@pytest.mark.parametrize(
    ("fields", "beside", "why"),
    [
        ({"user": "ada"}, {}, "the field event is missing"),
        ({"event": "a"}, {}, "the field user is missing"),
        ({"event": "a", "user": "ada", "data": 1}, {}, 'the data of "a" is a int, not an object'),
        ({"event": "a", "user": "ada"}, {"user": "bob"}, "given, and more beside it"),
        ({"event": "a", "user": "ada"}, {"data": {"n": 1}}, "given, and more beside it"),
        ({"event": "a", "user": "ada"}, {"id": "1"}, "given, and more beside it"),
        ({"at": "1s", "expect": "log", "user": "ada", "message": "x"}, {}, "it expects something"),
        ("a", {}, 'the user of "a" is empty'),
    ],
)
async def test_what_is_no_whole_event_is_refused(
    tmp_path: Path, fields: Any, beside: dict[str, Any], why: str
) -> None:
    async with Engine(store=tmp_path / "s.db", clock=VirtualClock(START)) as engine:
        with pytest.raises(EventError, match=why):
            await engine.ingest(fields, **beside)
    assert entries(tmp_path / "s.db", "event") == []
