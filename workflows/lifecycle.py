"""A product's first weeks with a user: a welcome in two versions, a nudge at nine local time, a digest.

Play it in virtual time, or let ten thousand made-up users go through it:

    journey-studio play data/lifecycle.jsonl
    journey-studio simulate lifecycle --profile data/lifecycle.toml

What to see here: what the owner of a journey cares about stands in it. Who gets which subject is dealt once
and recorded; nobody gets mail by night, or more than one a day, whatever other journeys send; the goal counts
also after the journey's end; one user of ten gets nothing, to compare with.
"""

from typing import Any

from studio import Event, Journey, User, channel, goal, workflow

# Part of the code: hashed and reloaded with it. All journeys that send through it share its caps.
email = channel("email", quiet_hours="22:00-08:00", cap=["1 per day", "3 per 7d"], jitter="10m")


async def send_email(to: str, template: str, idempotency_key: str) -> dict[str, Any]:
    print(f"mail to {to}: {template}")  # Here: await your_mail_service.send(…)
    return {"sent": template}


def has_paid(user: User, event: Event) -> str | None:
    """Why somebody does not enter: shown by the funnel, and by `why`."""
    return "is a customer already" if user.get("customer") else None


@workflow(
    trigger="user/joined",
    exit_on="user/unsubscribed",
    goal=goal("billing/paid", within="30d"),
    refuse=has_paid,
    holdout=10,
    timezone="Europe/Berlin",
)
async def lifecycle(journey: Journey) -> str:
    to = journey.user.email or journey.user.id
    subject = await journey.split("subject", {"plain": 50, "playful": 50})
    await journey.message(email, "welcome", send_email, to, f"welcome, {subject}", transactional=True)

    if not await journey.wait_for("project/created", timeout="3d"):
        # The user's own nine o'clock, on a day on which people work.
        await journey.until("09:00", on="mon-fri")
        await journey.message(email, "nudge", send_email, to, "your first project", valid_for="1d")
        await journey.wait_for("project/created", timeout="7d")

    # Comments come in swarms: one mail for all of them, once it is quiet for an hour.
    comments = await journey.collect("comment/added", quiet="1h", at_most="1d", timeout="7d")
    if comments:
        await journey.message(email, "comments", send_email, to, f"{len(comments)} comments")

    if await journey.wait_for("billing/paid", timeout="7d"):
        return "customer"
    sent = await journey.message(email, "offer", send_email, to, "two months for one", priority=5)
    journey.log("offer sent" if sent else f"no offer: {sent.reason}")
    await journey.sleep("5d")
    return "offered"
