"""A trial that ends: welcome, a reminder before the end, and what comes after it.

Play it in virtual time, two weeks in a moment:

    journey-studio play data/trial.jsonl

What to see here: whatever has an effect outside stands in a step. A step's function runs
outside the journey, is tried again when it fails, and its result is recorded, so that it
is not called again when the journey goes on after a restart.
"""

from typing import Any

from studio import Journey, workflow


# Step functions stand at the top level of a module and take and return what JSON can hold.
# `idempotency_key` is filled in by the engine, the same for every attempt: hand it to the
# service, and a mail that was sent just before a crash is not sent twice.
async def send_email(to: str, template: str, idempotency_key: str) -> dict[str, Any]:
    print(f"mail to {to}: {template}")  # Here: await your_mail_service.send(…)
    return {"sent": template}


# A plain function is fine as well; it runs in a thread.
def close_account(user: str) -> None:
    print(f"account of {user} closed")  # Here: your database, your billing system …


@workflow(trigger="trial/started")
async def trial(journey: Journey) -> dict[str, Any]:
    to = journey.user.email or journey.user.id
    await journey.step("send welcome", send_email, to, "welcome", retries=5, pause="10s")

    journey.note("11 days to look round")
    paid = await journey.wait_for("billing/paid", timeout="11d")
    if not paid:
        await journey.step("send reminder", send_email, to, "three days left", retries=5)
        journey.note("3 days left")
        paid = await journey.wait_for("billing/paid", timeout="3d")

    if paid:
        plan = paid.first["plan"] if paid.first else None
        journey.note(f"customer, {plan}")
        await journey.step("send thanks", send_email, to, "thank you", retries=5)
        return {"converted": True, "plan": plan}

    journey.note("expired")
    await journey.step("close account", close_account, journey.user.id, retries=5)
    # Other workflows may begin at this one's end: @workflow(trigger="trial/expired").
    await journey.ingest("trial/expired", {"after": "14d"})
    return {"converted": False}
