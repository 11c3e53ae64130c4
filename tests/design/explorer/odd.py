"""Journeys that are odd in one way each, for the explorer and the checks."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

from studio import Journey, StepFailed, channel, workflow


def charge(user: str) -> dict[str, Any]:
    """A step that nobody runs here."""
    return {"id": f"charge of {user}"}


async def send(text: str) -> None:
    """Another."""


@workflow(trigger="go")
async def linear(journey: Journey) -> dict[str, bool]:
    paid = await journey.wait_for("paid", {"plan.name": "pro"}, timeout="1d")
    await journey.sleep("2h")
    if not paid:
        print("no money")
        await journey.ingest("reminder/paid", {"n": 1})
    return {"paid": bool(paid)}


@workflow(trigger="go", timezone="Europe/Berlin")
async def morning(journey: Journey) -> bool:
    if not await journey.until("00:30", days=0, if_past="skip"):
        await journey.until("09:00", on="mon-fri")
    return bool(await journey.wait_for("paid", timeout="1d"))


email = channel("email", quiet_hours="22:00-08:00", cap="1 per day")


@workflow(trigger="go")
async def mails(journey: Journey) -> str:
    await journey.message(email, "day 1", send, "hello")
    second = await journey.message(email, "day 2", send, "hello again")
    return "sent" if second else "not sent"


@workflow(trigger="go")
async def digests(journey: Journey) -> int:
    return len(await journey.collect("comment", quiet="10m", timeout="1d"))


@workflow(trigger="go")
async def dealt(journey: Journey) -> str:
    arm = await journey.split("price", {"low": 50, "high": 50, "nobody": 0})
    print(arm)
    paid = await journey.wait_for("paid", timeout="1d")
    again = await journey.split("price", {"low": 50, "high": 50})
    return f"{arm} {again} {bool(paid)}"


@workflow(trigger="go")
async def any_of_three(journey: Journey) -> str:
    a, b, slept = await journey.wait_any(
        journey.wait_for("a"), journey.wait_for("b", timeout="1h"), journey.sleep("3d"), timeout="7d"
    )
    logging.getLogger("odd").warning("one of them")
    return "a" if a else "b" if b else "slept" if slept else "nothing"


@workflow(trigger="go")
async def all_of_two(journey: Journey) -> list[bool]:
    a, b = await journey.wait_all(journey.wait_for("a", timeout="1d"), journey.wait_for("b", timeout="2d"))
    return [bool(a), bool(b)]


@workflow(trigger="go")
async def all_cut_short(journey: Journey) -> list[bool]:
    a, b = await journey.wait_all(journey.wait_for("a"), journey.sleep("9d"), timeout="1d")
    return [bool(a), a.timed_out, b is None]


@workflow(trigger="go")
async def nested_groups(journey: Journey) -> list[bool]:
    pair, left = await journey.wait_any(
        journey.wait_all(journey.wait_for("a"), journey.wait_for("b")), journey.wait_for("left"), timeout="1d"
    )
    return [pair is not None, bool(left)]


@workflow(trigger="go")
async def for_ever(journey: Journey) -> str:
    await journey.wait_for("never/sent")
    return "came"


@workflow(trigger="go")
async def five_reminders(journey: Journey) -> str:
    for _ in range(5):
        if await journey.wait_for("done", past=False, timeout="1d"):
            return "done"
        await journey.step("remind", send, "still there?")
    return "given up"


@workflow(trigger="go")
async def never_ends(journey: Journey) -> str:
    while True:
        if await journey.wait_for("stop", past=False, timeout="1d"):
            return "stopped"
        await journey.ingest("reminder/stop")


@workflow(trigger="go")
async def only_sleeps(journey: Journey) -> None:
    await journey.sleep("1d")
    await journey.new_pass()


@workflow(trigger="again")
async def feeds_itself(journey: Journey) -> None:
    await journey.ingest("again")


@workflow(trigger=["go", "reminder/*"])
async def reminds_itself(journey: Journey) -> str | None:
    reminders = len(journey.events("reminder/go"))
    if await journey.wait_for("done", timeout=f"{reminders + 1}h"):
        return f"after {reminders}"
    if reminders == 2:
        return "given up"
    await journey.ingest("reminder/go")
    return None


@workflow(trigger="go")
async def lacks_data(journey: Journey) -> str:
    account = await journey.wait_for("account", timeout="1d")
    if not account:
        return "none"
    return str(account.result[0]["profile"]["email"]) if account.result else ""


@workflow(trigger="go")
async def step_result(journey: Journey) -> str:
    charged = await journey.step("charge", charge, journey.user.id)
    return str(charged["id"])


@workflow(trigger="go")
async def catches(journey: Journey) -> str:
    try:
        await journey.step("charge", charge, journey.user.id, retries=2, pause="1m")
    except StepFailed as error:
        await journey.sleep("1h")
        return f"failed: {error.name}"
    finally:
        journey.log("either way")
    return "charged"


@workflow(trigger="go")
async def steps_twice(journey: Journey) -> str | None:
    await journey.step("welcome", send, "hello", once=True)
    await journey.step("each pass", send, "hello")
    return "done" if journey.pass_number == 2 else None


@workflow(trigger="cart/created", key="cart_id", exit_on="left")
async def keyed(journey: Journey) -> str:
    if await journey.wait_for("bought", timeout="1h"):
        return str(journey.trigger["cart_id"])
    if await journey.wait_for("bought", {"cart_id": "another"}, timeout="1h"):
        return "never"
    await journey.wait_for("left")
    return "never either"


async def helper(journey: Journey, name: str) -> bool:
    if await journey.wait_for(name, timeout="1d"):
        return True
    if journey.pass_number > 1:
        journey.log("not here")
    return False


@workflow(trigger="go")
async def with_helpers(journey: Journey) -> int:
    found = [await helper(journey, name) for name in ("a", "b")]
    match found:
        case [True, True]:
            return 2
        case [False, False]:
            return 0
        case _:
            return 1


@workflow(trigger="go")
async def unreached(journey: Journey) -> str:
    x = await journey.wait_for("x", timeout="1d")
    if x and not x.result:
        await journey.wait_for("impossible", timeout="1d")
        return "cannot be"
    return "x"


@workflow(trigger="go")
async def raises(journey: Journey) -> str:
    if await journey.wait_for("x", timeout="1d"):
        raise ValueError("no x please")
    return "fine"


@workflow(trigger="go")
async def foreign(journey: Journey) -> str:
    if await journey.wait_for("x", timeout="1d"):
        await asyncio.sleep(1)
    return "fine"


@workflow(trigger="go")
async def hangs(journey: Journey) -> str:
    if await journey.wait_for("x", timeout="1d"):
        while True:
            pass
    return "fine"


@workflow(trigger="go")
async def blocks(journey: Journey) -> str:
    if await journey.wait_for("x", timeout="1d"):
        time.sleep(1)
    return "fine"


@workflow(trigger="go")
async def fans_out(journey: Journey) -> int:
    waits = [journey.wait_for(f"e{n}", timeout="1d") for n in range(3_000)]
    return sum(bool(each) for each in await journey.wait_all(*waits))


@workflow(trigger="go")
async def first_of_many(journey: Journey) -> int:
    waits = [journey.wait_for(f"e{n}", timeout="1d") for n in range(3_000)]
    return [bool(each) for each in await journey.wait_any(*waits)].index(True)


@workflow(trigger="go")
async def catches_everything(journey: Journey) -> str:
    try:
        await journey.wait_for("x")
    except BaseException:
        return "caught"
    return "x"


@workflow(trigger="go")
async def misspelt(journey: Journey) -> str:
    await journey.ingest("reminder/account")
    await journey.wait_for("reminder/acount", timeout="1d")
    return "x"
