"""Two workflows of people who ask each other in. A store keeps this source: it names nobody."""

from __future__ import annotations

from studio import Journey, workflow


def mail(to: str) -> dict[str, str]:
    """A step's function whose result names whom it wrote to."""
    return {"mailed": to}


@workflow(trigger="signup")
async def welcome(journey: Journey) -> dict[str, bool]:
    journey.log(f"hello {journey.user.id}, {journey.user.email}")
    await journey.step("mail", mail, journey.user.email)
    friend = journey.trigger.get("friend")
    if friend:
        # Written backwards, so that what the events say of others names nobody.
        await journey.ingest("invited", {"by": "a friend"}, user=friend[::-1])
    came = await journey.wait_for("activated", match={"plan": "pro"}, timeout="7d")
    return {"ok": bool(came)}


@workflow(trigger="invited")
async def guest(journey: Journey) -> None:
    journey.note(f"{journey.user.id} was asked in")
    await journey.wait_for("invited", past=False, timeout="400d")
