"""The workflows of the store that version 0.1.0 has made: their source stands in it, so it stays as it is."""

from __future__ import annotations

import os
import signal

from studio import Journey, workflow

DONE: list[tuple[str, str]] = []
"""Steps that were really run, with their idempotency keys."""


def pay(order: object, idempotency_key: str) -> str:
    DONE.append((f"pay {order}", idempotency_key))
    return idempotency_key


def crash(idempotency_key: str) -> str:
    """Kills its process where the store is made."""
    if "JOURNEYS_CRASH" in os.environ:
        os.kill(os.getpid(), signal.SIGKILL)
    DONE.append(("crash", idempotency_key))
    return idempotency_key


def told(journey: Journey) -> str:
    return f"id={journey.id} uuid={journey.uuid()} random={journey.random()!r}"


@workflow(trigger="cart/created", key="cart_id")
async def cart(journey: Journey) -> dict[str, str]:
    key = await journey.step("pay", pay, journey.trigger["cart_id"])
    journey.log(f"{told(journey)} key={key}")
    await journey.wait_for("cart/bought", timeout="10d")
    journey.log(f"later {told(journey)} key={await journey.step('pay', pay, 'later')}")
    return {"id": journey.id}


@workflow(trigger="ping", again=True)
async def ping(journey: Journey) -> dict[str, str]:
    journey.log(told(journey))
    return {"id": journey.id}


@workflow(trigger="again", again=True)
async def again(journey: Journey) -> dict[str, str]:
    journey.log(told(journey))
    stopped = await journey.wait_for("stop", timeout="20d", past=False)
    journey.log(f"later {told(journey)} stopped={bool(stopped)}")
    return {"id": journey.id}


@workflow(trigger="signup")
async def welcome(journey: Journey) -> dict[str, str]:
    journey.note("new here")
    once = await journey.step("once", pay, "once", once=True)
    await journey.sleep("2d")
    left, right = await journey.wait_any(
        journey.wait_for("left"), journey.wait_for("right", {"n": 1}), timeout="5d"
    )
    both = await journey.wait_all(journey.sleep("1d"), journey.wait_for("a*", timeout="3d"))
    journey.log(f"{told(journey)} once={once} {bool(left)} {bool(right)} {bool(both[1])}")
    return {"id": journey.id}


@workflow(trigger="bad")
async def bad(journey: Journey) -> dict[str, str]:
    journey.log(told(journey))
    if "JOURNEYS_MENDED" not in os.environ:
        raise RuntimeError("broken")
    return {"id": journey.id}


@workflow(trigger="remind")
async def remind(journey: Journey) -> dict[str, str]:
    await journey.ingest("reminder", {"a": 1}, id="reminded")
    await journey.wait_for("ok", timeout="30d")
    journey.log(told(journey))
    return {"id": journey.id}


@workflow(trigger="pay")
async def buy(journey: Journey) -> dict[str, str]:
    key = await journey.step("pay", pay, journey.trigger["order"])
    return {"key": key}


@workflow(trigger="crash")
async def crashing(journey: Journey) -> dict[str, str]:
    journey.log(told(journey))
    key = await journey.step("crash", crash)
    return {"key": key}


ALL = [cart, ping, again, welcome, bad, remind, buy, crashing]
