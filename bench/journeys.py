"""The journeys that are measured, and the events that move them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Literal

from studio import Journey, incoming, workflow
from studio.language.incoming import Incoming

CHUNK = 10_000
"""Events that are handed in together."""
GAP_USERS = 2_000
"""Sign-ups that at most come between a user's own and the activation, where the two are interleaved."""

Order = Literal["phases", "interleaved"]
"""All sign-ups and then all activations, shuffled; or each activation some sign-ups after its own."""


@workflow(trigger="signup")
async def reference(journey: Journey) -> dict[str, bool]:
    """The journey that others were measured with."""
    activated = await journey.wait_for("activated", timeout="7d")
    journey.log("activated" if activated else "not activated")
    return {"activated": bool(activated)}


@workflow(trigger="signup")
async def expecting_pro(journey: Journey) -> str:
    """Stands at a wait that "activated" meets by its name and not by its match."""
    await journey.wait_for("activated", match={"plan": "pro"}, timeout="7d")
    return "pro"


@workflow(trigger="tick")
async def each_tick(journey: Journey) -> None:
    """Has a pass for every event, and never ends."""
    journey.log("tick")


@workflow(trigger="signup")
async def short(journey: Journey) -> str:
    """Gives up after two seconds."""
    await journey.wait_for("activated", timeout="2s")
    return "given up"


@workflow(trigger="signup")
async def longer(journey: Journey) -> str:
    """Gives up after a time in which very many can sign up."""
    await journey.wait_for("activated", timeout="10s")
    return "given up"


def user_id(number: int) -> str:
    """A user's id. Neighbours in time are none in the index: multiplying by an odd number permutes 2**32."""
    return f"user-{number * 2_654_435_761 % 2**32:08x}"


def signups(count: int, *, start: int = 0) -> Iterator[Incoming]:
    """One sign-up a user."""
    for number in range(start, start + count):
        yield incoming("signup", user_id(number))


def reference_events(users: int, order: Order, data: dict[str, str] | None = None) -> Iterator[Incoming]:
    """The two events of each user's reference journey, checked as a caller's would be."""
    chance = random.Random(7)
    if order == "phases":
        for number in range(users):
            yield incoming("signup", user_id(number), data)
        numbers = list(range(users))
        chance.shuffle(numbers)
        for number in numbers:
            yield incoming("activated", user_id(number), data)
        return
    coming: dict[int, list[int]] = {}
    for number in range(users + GAP_USERS + 1):
        if number < users:
            yield incoming("signup", user_id(number), data)
            coming.setdefault(number + chance.randrange(GAP_USERS + 1), []).append(number)
        for activated in coming.pop(number, ()):
            yield incoming("activated", user_id(activated), data)


def chunks(events: Iterator[Incoming], size: int = CHUNK) -> Iterator[list[Incoming]]:
    """Events in lists of this size; the last may be shorter."""
    chunk: list[Incoming] = []
    for event in events:
        chunk.append(event)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
