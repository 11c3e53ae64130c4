"""A server that has begun to listen is not yet one that serves."""

from __future__ import annotations

import pytest

pytest.importorskip("temporalio", reason="the extra temporal is not installed")

from studio.errors import StudioError
from studio.temporal import connecting
from studio.temporal.settings import TemporalSettings

SETTINGS = TemporalSettings(address="127.0.0.1:1")


class Server:
    """Answers as a front end does that starts."""

    def __init__(self, *answers: Exception | str) -> None:
        self.answers = list(answers)

    async def connect(self, address: str, **options: object) -> str:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


STARTS = RuntimeError('Status { code: Unavailable, message: "Frontend is not healthy yet" }')


async def test_one_that_starts_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(STARTS, STARTS, "connected")
    monkeypatch.setattr(connecting, "Client", server)
    assert await connecting.connect(SETTINGS) == "connected"  # type: ignore[comparison-overlap]


async def test_one_that_starts_for_ever_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connecting, "START_SECONDS", 0.0)
    monkeypatch.setattr(connecting, "Client", Server(STARTS, STARTS))
    with pytest.raises(StudioError, match="not healthy yet"):
        await connecting.connect(SETTINGS)


async def test_where_nobody_listens_it_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(RuntimeError("Connection refused"), "connected")
    monkeypatch.setattr(connecting, "Client", server)
    with pytest.raises(StudioError, match="Temporal does not answer: Connection refused"):
        await connecting.connect(SETTINGS)
