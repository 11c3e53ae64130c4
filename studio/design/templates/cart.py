"""An abandoned cart: remind twice, unless it is bought or emptied.

Play it in virtual time:

    journey-studio play data/journey_name.jsonl
"""

from studio import Journey, workflow


async def send_reminder(user: str, cart_id: str, text: str) -> None:
    print(f"to {user} about cart {cart_id}: {text}")  # Here: your mail service.


# With key= each cart has a journey of its own, again=True lets the same cart begin once more
# after its journey has ended, and exit_on= ends all of a user's wherever they stand.
@workflow(trigger="cart/created", key="cart_id", again=True, exit_on="user/unsubscribed")
async def journey_name(journey: Journey) -> dict[str, str]:
    cart_id = journey.trigger["cart_id"]

    for pause, text in (("2h", "you left something"), ("2d", "last chance")):
        # The first of the two that comes, or neither in time.
        bought, emptied = await journey.wait_any(
            journey.wait_for("cart/checked_out"),
            journey.wait_for("cart/emptied"),
            timeout=pause,
        )
        if bought or emptied:
            return {"cart": "bought" if bought else "emptied"}
        await journey.step("send reminder", send_reminder, journey.user.id, cart_id, text, retries=3)

    return {"cart": "abandoned"}
