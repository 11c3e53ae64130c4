"""What other processes may ask of the engine's clock, through the inbox."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from studio.engine import operator_acts
from studio.errors import ClockError

if TYPE_CHECKING:
    from studio.engine.batch import Batch
    from studio.engine.runner import Runner

COMMANDS = frozenset(("clock.pause", "clock.run", "clock.speed", "clock.jump", "clock.stop_jump", "time_out"))


def command(runner: Runner, batch: Batch, at: int, kind: str, body: str) -> None:
    """Do what is asked. A jump is answered when it begins: the state of the clock tells how far it is.

    Raises:
        StudioError: it is refused.
    """
    match kind:
        case "clock.pause":
            _turn(runner, batch, at, {"paused": True})
        case "clock.run":
            _turn(runner, batch, at, {"paused": False})
        case "clock.speed":
            _turn(runner, batch, at, {"speed": _number(kind, body, "speed")})
        case "clock.jump":
            runner.deck.ask_jump(_number(kind, body, "to"), None)
        case "clock.stop_jump":
            runner.deck.stop_jump()
        case _:
            operator_acts.time_out(batch, _number(kind, body, "wait"), at)


def _turn(runner: Runner, batch: Batch, at: int, facts: dict[str, Any]) -> None:
    if (say := runner.deck.turn(facts)) is not None:
        say(batch, at)


def _number(kind: str, body: str, name: str) -> int:
    try:
        value = json.loads(body)[name]
    except (ValueError, KeyError, TypeError):
        value = None
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) >= 2**63:
        raise ClockError(f"{kind!r} names no {name}", fix=f'It takes {{"{name}": a whole number}}.')
    return value
