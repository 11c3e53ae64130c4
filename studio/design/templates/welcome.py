"""Greet who signs up, and ask again when nothing comes of it.

Play it in virtual time, three days in a moment:

    journey-studio play data/journey_name.jsonl
"""

from studio import Journey, workflow


# Steps are what has an effect outside. Their functions stand at the top level of a module.
async def send_email(to: str, text: str) -> None:
    print(f"mail to {to}: {text}")  # Here: your mail service.


@workflow(trigger="signup")
async def journey_name(journey: Journey) -> dict[str, bool]:
    to = journey.user.email or journey.user.id
    await journey.step("send welcome", send_email, to, "welcome", retries=3)

    activated = await journey.wait_for("activated", timeout="3d")
    if not activated:
        await journey.step("send reminder", send_email, to, "still there?", retries=3)
    return {"activated": bool(activated)}  # A result ends the journey for good.
