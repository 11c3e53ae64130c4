"""A small world to take back: journeys with waits, sleeps, steps, and events to one another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from studio import Engine, Journey, VirtualClock, workflow
from studio.language.event import Event
from studio.language.incoming import incoming
from tests.engine.support import history, settled

START = 1_795_519_800_000

calls: list[str] = []
"""What the steps have done, in order."""


def charge(user: str, n: int) -> str:
    calls.append(f"charge {user} {n}")
    return f"receipt {n}"


def mail(user: str) -> str:
    calls.append(f"mail {user}")
    print("mailed", user)
    return "sent"


@workflow(trigger="order", key="n", again=True)
async def order(journey: Journey) -> dict[str, Any]:
    n = journey.trigger["n"]
    journey.log(f"order {n} {journey.random():.6f}")
    receipt = await journey.step("charge", charge, journey.user.id, n)
    paid = await journey.wait_for("paid", match={"n": n}, timeout="10s")
    if not paid:
        await journey.ingest("order/late", {"n": n}, user="warden")
    await journey.step("mail", mail, journey.user.id)
    await journey.sleep("5s")
    return {"receipt": receipt, "paid": bool(paid)}


@workflow(trigger=["hello", "order/late"])
async def greets(journey: Journey) -> None:
    journey.note(f"pass {journey.trigger.name}")
    a, b = await journey.wait_any(journey.wait_for("paid", past=False), journey.sleep("3s"), timeout="1m")
    journey.log(f"{bool(a)} {bool(b)}")


@workflow(trigger="paid", exit_on="bye")
async def payer(journey: Journey) -> None:
    await journey.wait_for("never", timeout="1h")


WORKFLOWS = [order, greets, payer]


def engine_on(path: Path, **more: Any) -> Engine:
    """An engine on a store, in virtual time."""
    return Engine(WORKFLOWS, store=path, **{"clock": VirtualClock(START), "durability": "normal", **more})


def op_of(kind: str, user: str, n: int) -> tuple[str, str, dict[str, Any]]:
    """An event to send."""
    data: dict[str, Any] = {"n": n} if kind in ("order", "paid") else {}
    if kind == "identify":
        data = {"plan": n}
    return kind, user, data


async def do(engine: Engine, op: tuple[Any, ...], *, by_hand: bool = False) -> None:
    """Send an event, or let time pass."""
    if op[0] == "forward":
        await engine.forward(op[1])
    else:
        event, user, data = op
        await settled(engine)
        await send(engine, event, user, data, by_hand=by_hand)
        await settled(engine)


async def send(
    engine: Engine, event: str, user: str, data: dict[str, Any] | None = None, *, by_hand: bool = True
) -> Event:
    """Send an event as the studio does."""
    import asyncio

    (stored,) = await asyncio.wrap_future(engine.submit([incoming(event, user, data)], by_hand=by_hand))
    return stored


def plain(path: Path) -> list[tuple[Any, ...]]:
    """The history, comparable."""
    return history(path)
