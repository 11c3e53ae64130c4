"""A trial of two weeks: a reminder before it ends, and what happens when it does.

Play it in virtual time:

    journey-studio play data/journey_name.jsonl
"""

from studio import Journey, workflow


# The engine fills in `idempotency_key`, the same for every attempt: hand it to the service, and
# nothing is sent or charged twice.
async def send_email(to: str, template: str, idempotency_key: str) -> None:
    print(f"mail to {to}: {template}")  # Here: your mail service.


def end_trial(user: str) -> None:
    print(f"trial of {user} ended")  # Here: your database, your billing system …


@workflow(trigger="trial/started")
async def journey_name(journey: Journey) -> dict[str, bool]:
    to = journey.user.email or journey.user.id
    journey.note("11 days to look round")

    if not await journey.wait_for("billing/paid", timeout="11d"):
        await journey.step("send reminder", send_email, to, "three days left", retries=5)
        journey.note("3 days left")
        # The payment may also have come while the mail was sent: the past counts.
        if not await journey.wait_for("billing/paid", timeout="3d"):
            await journey.step("end trial", end_trial, journey.user.id, retries=5)
            return {"paid": False}

    await journey.step("send thanks", send_email, to, "thank you", retries=5)
    return {"paid": True}
