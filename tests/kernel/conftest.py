"""What the rules decide, noted as it is decided."""

from __future__ import annotations

from typing import Any

import pytest

from studio.kernel import journey_driver
from studio.kernel.decisions import (
    Close,
    Decision,
    HandOver,
    Interrupt,
    Open,
    Over,
    RecordOutcome,
    Repeat,
    Run,
    SendEvent,
)
from studio.kernel.resolver import CommandResolver
from studio.language.commands import Command, key_text
from studio.language.kinds import KIND_TEXT

Noted = list[tuple[Any, ...]]


@pytest.fixture
def decided(monkeypatch: pytest.MonkeyPatch) -> Noted:
    """Each decision that resolvers make: its name, and what it is about."""
    found: Noted = []

    class Noting(CommandResolver):
        def resolve(self, command: Command[Any]) -> Any:
            deciding, came = super().resolve(command), None
            while True:
                try:
                    decision = deciding.send(came)
                except StopIteration as stop:
                    return stop.value
                found.append((type(decision).__name__, *about(decision)))
                came = yield decision

    monkeypatch.setattr(journey_driver, "CommandResolver", Noting)
    return found


def about(decision: Decision) -> tuple[Any, ...]:
    """What tells one decision from another."""
    match decision:
        case Open() | RecordOutcome():
            return key_text(decision.command.key), KIND_TEXT[decision.kind], decision.data
        case Over(wait) | Close(wait) | Interrupt(wait):
            return (key_text(wait.key),)
        case Run(command, attempt, start):
            return key_text(command.key), attempt, start
        case HandOver(command, data):
            return key_text(command.key), data
        case SendEvent(command) | Repeat(command):
            return (command.name,)
        case _:
            return tuple(decision)
