"""Onboarding: from an e-mail address to two posts, with reminders on the way.

Play it in virtual time:

    journey-studio play data/onboarding.jsonl

What to see here: there is no counter, no flag and no table of its own. What has happened to
a user is in the user's history, and each pass reads it again from the top.
"""

from studio import Journey, workflow


# Events of the app begin a journey, and so do the reminders that it sends itself: each of
# them is answered by the next pass.
@workflow(trigger=["app/*", "reminder/*"])
async def onboarding(journey: Journey) -> dict[str, bool] | None:
    if not journey.user.email:
        return None  # Nobody to write to yet. The next event looks again.

    # 1. Remind to open the account, after 1s, 2s, 4s, 6s …: the more reminders were sent, the
    #    longer the wait for the next. `match` counts only those that went to this address.
    email = {"email": journey.user.email}
    reminders = journey.events("reminder/account.created", match=email)
    backoff = f"{len(reminders) * 2 or 1}s"
    account = await journey.wait_for("app/account.created", match=email, timeout=backoff)
    if not account:
        journey.log(f"waited {backoff} for account.created -> send reminder to create account")
        # Sent exactly once, however often this function is called again. It is an event like
        # any other: it is counted above, and it starts the next pass.
        return await journey.ingest("reminder/account.created", email)

    # 2. Have the address verified. A wait looks back first: when the event has come already,
    #    also days ago, the journey goes on at once.
    user = {"userId": account.result[0]["id"]}
    verified = await journey.wait_for("app/email.verified", match=user, timeout="6s")
    if not verified:
        journey.log("waited 6s for app/email.verified -> no email verified, wait for it")
        return None  # This pass ends; the next event starts another.

    # 3. Wait until the user comes back. Without a timeout: for ever, at no cost.
    await journey.wait_for("app/login", match=user)

    # 4. The first post.
    await journey.wait_for("app/post.created", match={**user, "id": "post1"})

    # 5. The second post, with a reminder after each event that is something else.
    post2 = await journey.wait_for("app/post.created", match={**user, "id": "post2"}, timeout="2s")
    if not post2:
        journey.log("waited 2s for post2 created -> send reminder to write post2")
        return None

    journey.log("end of workflow")
    return {"ok": True}  # A result ends the journey for good.
