"""What is asked of the clock through the inbox reaches it, or is refused."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from studio.engine.loop.clock_commands import command
from studio.errors import ClockError
from studio.kernel import operator_commands


class Clock:
    """Notes what it is asked."""

    def __init__(self, turns: bool = True) -> None:
        self.asked: list[Any] = []
        self._turns = turns

    def turn(self, facts: dict[str, Any]) -> Any:
        self.asked.append(facts)
        return self if self._turns else None

    def say(self, batch: Any, at: int) -> None:
        self.asked.append(("said", batch, at))

    def ask_jump(self, to: int, progress: None, inbox: int) -> None:
        self.asked.append(("jump", to, progress, inbox))

    def withdraw_jump(self) -> None:
        self.asked.append("withdrawn")

    def stop_jump(self) -> None:
        self.asked.append("stop")


BATCH: Any = SimpleNamespace(take_backs=[])


def ask(kind: str, body: Any = None, turns: bool = True) -> list[Any]:
    clock: Any = Clock(turns)
    command(clock, BATCH, 7, kind, body if isinstance(body, str) else json.dumps(body), 3)
    return list(clock.asked)


@pytest.mark.parametrize(
    ("kind", "body", "asked"),
    [
        ("clock.pause", {}, [{"paused": True}, ("said", BATCH, 7)]),
        ("clock.run", {}, [{"paused": False}, ("said", BATCH, 7)]),
        ("clock.speed", {"speed": 60}, [{"speed": 60}, ("said", BATCH, 7)]),
        ("clock.jump", {"to": -5}, [("jump", -5, None, 3)]),
        ("clock.jump", {"to": 2**63 - 1}, [("jump", 2**63 - 1, None, 3)]),
        ("clock.stop_jump", {}, ["stop"]),
    ],
)
def test_each_command_does_what_it_is_called(kind: str, body: Any, asked: list[Any]) -> None:
    assert ask(kind, body) == asked


def test_a_jump_is_known_by_the_number_of_its_request_and_withdrawn_when_its_batch_comes_to_nothing() -> None:
    clock: Any = Clock()
    batch: Any = SimpleNamespace(take_backs=[])
    assert command(clock, batch, 7, "clock.jump", '{"to": 9}', 3) == {"jump": 3}
    (take_back,) = batch.take_backs
    take_back()
    assert clock.asked[-1] == "withdrawn"
    assert command(clock, batch, 7, "clock.stop_jump", "{}", 4) is None


def test_what_changes_nothing_says_nothing() -> None:
    assert ask("clock.pause", {}, turns=False) == [{"paused": True}]


NO_MOMENTS = (None, True, 1.5, "7", 2**63, -(2**63))


@pytest.mark.parametrize("body", ["no json", "7", "{}", *({"to": value} for value in NO_MOMENTS)])
def test_what_names_no_moment_is_refused(body: Any) -> None:
    with pytest.raises(ClockError, match=r"'clock\.jump' names no to\. It takes \{\"to\": a whole number\}"):
        ask("clock.jump", body)


def test_a_wait_is_ended_by_hand_by_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[Any] = []
    monkeypatch.setattr(operator_commands, "time_out", lambda *facts: ended.append(facts))
    assert ask("time_out", {"wait": 3}) == []
    assert ended == [(BATCH, 3, 7)]
    with pytest.raises(ClockError, match="'time_out' names no wait"):
        ask("time_out", {"to": 3})
