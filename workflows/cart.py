"""Abandoned carts: three reminders, unless the cart is bought, emptied, or nobody wants mail.

Play it in virtual time:

    journey-studio play data/cart.jsonl

What to see here: `key=` gives each cart a journey of its own, so that a user may have several
at once; `again=True` lets the same cart begin once more after its journey has ended; and
`exit_on=` ends the journeys of a user wherever they stand.
"""

from typing import Any

from studio import Journey, workflow


async def send_reminder(user: str, cart_id: str, number: int) -> None:
    print(f"reminder {number} to {user} about cart {cart_id}")  # Here: your mail service.


@workflow(trigger="cart/created", key="cart_id", again=True, exit_on="user/unsubscribed")
async def cart(journey: Journey) -> dict[str, Any]:
    cart_id = journey.trigger["cart_id"]

    for number, pause in enumerate(("1h", "1d", "3d"), start=1):
        # The first of the two that comes, or neither in time. With key=, an event that names
        # another cart does not count here, so that no match= is needed.
        bought, emptied = await journey.wait_any(
            journey.wait_for("cart/checked_out"),
            journey.wait_for("cart/emptied"),
            timeout=pause,
        )
        if bought:
            journey.log(f"cart {cart_id} bought, reminders: {number - 1}")
            return {"bought": True, "reminders": number - 1}
        if emptied:
            journey.log(f"cart {cart_id} emptied")
            return {"bought": False, "reminders": number - 1}
        await journey.step("send reminder", send_reminder, journey.user.id, cart_id, number, retries=3)

    journey.log(f"cart {cart_id} given up")
    return {"bought": False, "reminders": 3}
