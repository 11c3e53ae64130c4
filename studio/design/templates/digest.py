"""A weekly digest of what happened, for as long as something happens.

Play it in virtual time:

    journey-studio play data/journey_name.jsonl
"""

from datetime import timedelta

from studio import Journey, workflow


async def send_digest(to: str, lines: list[str]) -> None:
    print(f"digest to {to}: {', '.join(lines)}")  # Here: your mail service.


# Each pass is one week. It ends without a result; the next event begins another, and so do those
# that came during the week.
@workflow(trigger="post/*", exit_on="user/unsubscribed")
async def journey_name(journey: Journey) -> None:
    await journey.sleep("7d")

    # journey.now() is the moment of this point of the journey, the same at every replay.
    week_ago = journey.now() - timedelta(days=7)
    posts = [post for post in journey.events("post/*") if post.at >= week_ago]
    news = [f"{post.name} {post.get('title', '')}".strip() for post in posts]
    to = journey.user.email or journey.user.id
    if news:
        # Once in each pass is what is meant here.
        await journey.step("send digest", send_digest, to, news, retries=3)  # studio: ok
