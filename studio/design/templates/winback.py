"""Win back who has not been there for a month.

Play it in virtual time:

    journey-studio play data/journey_name.jsonl
"""

from studio import Journey, workflow


async def send_offer(to: str, text: str) -> None:
    print(f"offer to {to}: {text}")  # Here: your mail service.


# With again=True the next login after the end begins another journey.
@workflow(trigger="app/login", again=True, exit_on="user/unsubscribed")
async def journey_name(journey: Journey) -> dict[str, bool]:
    # past=False: only logins from here on count.
    if await journey.wait_for("app/login", past=False, timeout="30d"):
        # Still there. A new pass begins afresh, so that the journey may go on for years.
        return await journey.new_pass()

    to = journey.user.email or journey.user.id
    await journey.step("send offer", send_offer, to, "we miss you", retries=3)
    back = await journey.wait_for("app/login", past=False, timeout="14d")
    journey.log("came back" if back else "is gone")
    return {"back": bool(back)}
