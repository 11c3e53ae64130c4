"""Lead a new user through the first things to do, with a hint where they get stuck.

Play it in virtual time:

    journey-studio play data/journey_name.jsonl
"""

from studio import Journey, workflow

# What a new user does, in this order, and what to write when it does not happen.
STAGES = (
    ("profile/completed", "Tell us who you are"),
    ("project/created", "Make your first project"),
    ("teammate/invited", "It is more fun together"),
)


async def send_email(to: str, text: str) -> None:
    print(f"mail to {to}: {text}")  # Here: your mail service.


@workflow(trigger="account/created")
async def journey_name(journey: Journey) -> dict[str, int]:
    to = journey.user.email or journey.user.id

    for number, (event, hint) in enumerate(STAGES):
        # A wait looks back first: who has done it already goes on at once.
        done = await journey.wait_for(event, timeout="2d")
        if not done:
            await journey.step("send hint", send_email, to, hint, retries=3)
            # An event like any other: other journeys may begin at it, and the history has it.
            await journey.ingest("reminder/journey_name", {"about": event})
            done = await journey.wait_for(event, timeout="5d")
        if not done:
            journey.log(f"stuck before {event}")
            return {"stages": number}

    return {"stages": len(STAGES)}
