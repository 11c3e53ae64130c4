"""What other processes may ask of the engine's clock, through the inbox."""

from __future__ import annotations

import json
from typing import Any

from studio.engine.time.clock_control import ClockControl
from studio.engine.work.batch import Batch
from studio.errors import ClockError
from studio.kernel import operator_commands as operator_acts
from studio.store.inbox import JUMP

COMMANDS = frozenset(("clock.pause", "clock.run", "clock.speed", "clock.jump", "clock.stop_jump", "time_out"))


def command(
    clock_control: ClockControl, batch: Batch, at: int, kind: str, body: str, number: int
) -> dict[str, Any] | None:
    """Do what is asked. A jump is answered when it begins, and once more with its end (`JUMP_ENDED`).

    Args:
        number: the row of the inbox that asks for it.

    Returns:
        What the answer says beside that it is done.

    Raises:
        StudioError: it is refused.
    """
    match kind:
        case "clock.pause":
            _turn(clock_control, batch, at, {"paused": True})
        case "clock.run":
            _turn(clock_control, batch, at, {"paused": False})
        case "clock.speed":
            _turn(clock_control, batch, at, {"speed": _number(kind, body, "speed")})
        case "clock.jump":
            clock_control.ask_jump(_number(kind, body, "to"), None, number)
            batch.take_backs.append(clock_control.withdraw_jump)
            return {JUMP: number}
        case "clock.stop_jump":
            clock_control.stop_jump()
        case _:
            operator_acts.time_out(batch, _number(kind, body, "wait"), at)
    return None


def _turn(clock_control: ClockControl, batch: Batch, at: int, facts: dict[str, Any]) -> None:
    if (turn := clock_control.turn(facts)) is not None:
        turn.say(batch, at)


def _number(kind: str, body: str, name: str) -> int:
    try:
        value = json.loads(body)[name]
    except (ValueError, KeyError, TypeError):
        value = None
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) >= 2**63:
        raise ClockError(f"{kind!r} names no {name}", fix=f'It takes {{"{name}": a whole number}}.')
    return value
