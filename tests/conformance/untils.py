"""until: moments by the clock of the user. The first moment of a case is Thursday, 2026-01-01, 00:00 UTC."""

from __future__ import annotations

from typing import Any

from studio import Journey, workflow
from tests.conformance.case import Case, Down, Forward, Send

CASES: list[Case] = []


@workflow(trigger="go", timezone="Europe/Berlin")
async def mornings(journey: Journey) -> list[str]:
    found = []
    for _ in range(2):
        await journey.until("09:00")
        found.append(f"{journey.now():%d %H:%M}")
    return found


CASES += [
    Case(
        "until is the next of a time, strictly after now, in the zone of the workflow",
        (mornings,),
        (Send("go"), Forward("3d")),
        """
        +0s event go
        +0s journey.started
        +0s sleep.opened #0 8h until 09:00 Europe/Berlin from workflow
        +8h sleep.done #0
        +8h sleep.opened #1 1d until 09:00 Europe/Berlin from workflow
        +1d8h sleep.done #1
        +1d8h journey.completed ["01 08:00","02 08:00"]
        """,
    ),
    Case(
        "the zone of the profile comes before that of the workflow",
        (mornings,),
        (Send("go", user={"id": "u", "timezone": "America/Lima"}), Forward("3d")),
        """
        +0s event go
        +0s journey.started
        +0s sleep.opened #0 14h until 09:00 America/Lima from profile
        +14h sleep.done #0
        +14h sleep.opened #1 1d until 09:00 America/Lima from profile
        +1d14h sleep.done #1
        +1d14h journey.completed ["01 14:00","02 14:00"]
        """,
    ),
    Case(
        "an until that was slept through is served late, at its own moment",
        (mornings,),
        (Send("go"), Down("2d")),
        """
        +0s event go
        +0s journey.started
        +0s sleep.opened #0 8h until 09:00 Europe/Berlin from workflow
        +8h sleep.done #0
        +8h sleep.opened #1 1d until 09:00 Europe/Berlin from workflow
        +1d8h sleep.done #1
        +1d8h journey.completed ["01 08:00","02 08:00"]
        """,
    ),
]


@workflow(trigger="go")
async def thursdays(journey: Journey) -> None:
    await journey.until("09:00", on="thu")


@workflow(trigger="go")
async def working_days(journey: Journey) -> None:
    for _ in range(3):
        await journey.until("21:30:15", on="mon-fri", id=f"day{journey.pass_number}{_}")


CASES += [
    Case(
        "a weekday is the same day before its hour, and the next week after it",
        (thursdays,),
        (Send("go"), Forward("10h"), Send("go"), Forward("8d")),
        """
        +0s event go
        +0s journey.started
        +0s sleep.opened #0 9h until 09:00 thu UTC from default
        +9h sleep.done #0
        +10h event go
        +10h journey.pass 2
        +10h sleep.opened #0 6d23h until 09:00 thu UTC from default
        +7d9h sleep.done #0
        """,
    ),
    Case(
        "days of the week may be several, and a time may have seconds",
        (working_days,),
        (Send("go"), Forward("8d")),
        """
        +0s event go
        +0s journey.started
        +0s sleep.opened =day10 21h30m15s until 21:30:15 mon-fri UTC from default
        +21h30m15s sleep.done =day10
        +21h30m15s sleep.opened =day11 1d until 21:30:15 mon-fri UTC from default
        +1d21h30m15s sleep.done =day11
        +1d21h30m15s sleep.opened =day12 3d until 21:30:15 mon-fri UTC from default
        +4d21h30m15s sleep.done =day12
        """,
    ),
]


@workflow(trigger="go")
async def past(journey: Journey) -> list[Any]:
    await journey.sleep("10h")
    now = await journey.until("09:00", days=0)
    late = journey.late
    skipped = await journey.until("09:00", date="2026-01-01", if_past="skip")
    next_day = await journey.until("09:00", days=0, if_past="next")
    return [now, str(late), skipped, next_day, f"{journey.now():%d %H:%M}"]


@workflow(trigger="go")
async def dates(journey: Journey) -> None:
    await journey.until("09:00", days=1)
    await journey.until("08:00", date="2026-01-05")
    await journey.until("08:00", days=0)
    await journey.until("07:00", days=1, on="thu")


CASES += [
    Case(
        "a moment that has passed is over now, skipped, or the next, as is said; always with an entry",
        (past,),
        (Send("go"), Forward("2d")),
        """
        +0s event go
        +0s journey.started
        +0s sleep.opened #0 10h
        +10h sleep.done #0
        +10h sleep.opened #1 0s until 09:00 today UTC from default late 1h
        +10h sleep.done #1
        +10h sleep.done #2 skipped until 09:00 on 2026-01-01 UTC from default late 1h
        +10h sleep.opened #3 23h until 09:00 today UTC from default
        +1d9h sleep.done #3
        +1d9h journey.completed [true,"1:00:00",false,true,"02 09:00"]
        """,
        {"wall": "how late the journey was is in its result"},
    ),
    Case(
        "days and dates are days of the calendar",
        (dates,),
        (Send("go"), Forward("20d")),
        """
        +0s event go
        +0s journey.started
        +0s sleep.opened #0 1d9h until 09:00 tomorrow UTC from default
        +1d9h sleep.done #0
        +1d9h sleep.opened #1 2d23h until 08:00 on 2026-01-05 UTC from default
        +4d8h sleep.done #1
        +4d8h sleep.opened #2 0s until 08:00 today UTC from default
        +4d8h sleep.done #2
        +4d8h sleep.opened #3 2d23h until 07:00 tomorrow thu UTC from default
        +7d7h sleep.done #3
        """,
    ),
]


@workflow(trigger="go", timezone="Europe/Paris")
async def paris(journey: Journey) -> None:
    await journey.until("02:30", date="2026-03-29")
    await journey.until("02:30")
    await journey.until("02:30", date="2026-10-25")
    await journey.until("02:30")


@workflow(trigger="go", timezone="Africa/Cairo")
async def cairo(journey: Journey) -> None:
    await journey.until("00:00", date="2026-04-24")
    await journey.until("00:00")


@workflow(trigger="go", timezone="Australia/Lord_Howe")
async def lord_howe(journey: Journey) -> None:
    await journey.until("02:15", date="2026-10-04")
    await journey.until("02:15")


@workflow(trigger="go", timezone="Europe/Berlin")
async def spring(journey: Journey) -> None:
    await journey.until("09:00", date="2026-03-28")
    await journey.until("09:00", days=1)
    await journey.sleep("1d")


CASES += [
    Case(
        "a time that does not exist is later by the gap, and one that comes twice is the first",
        (paris,),
        (Send("go"), Forward("310d")),
        """
        +0s event go
        +0s journey.started
        +0s sleep.opened #0 87d1h30m until 02:30 on 2026-03-29 Europe/Paris from workflow shifted 1h
        +87d1h30m sleep.done #0
        +87d1h30m sleep.opened #1 23h until 02:30 Europe/Paris from workflow
        +88d30m sleep.done #1
        +88d30m sleep.opened #2 209d until 02:30 on 2026-10-25 Europe/Paris from workflow
        +297d30m sleep.done #2
        +297d30m sleep.opened #3 1d1h until 02:30 Europe/Paris from workflow
        +298d1h30m sleep.done #3
        """,
    ),
    Case(
        "a day that has no midnight begins an hour later",
        (cairo,),
        (Send("go"), Forward("120d")),
        """
        +0s event go
        +0s journey.started
        +0s sleep.opened #0 112d22h until 00:00 on 2026-04-24 Africa/Cairo from workflow shifted 1h
        +112d22h sleep.done #0
        +112d22h sleep.opened #1 23h until 00:00 Africa/Cairo from workflow
        +113d21h sleep.done #1
        """,
    ),
    Case(
        "clocks may be moved by half an hour",
        (lord_howe,),
        (Send("go"), Forward("280d")),
        """
        +0s event go
        +0s journey.started
        +0s sleep.opened #0 275d15h45m until 02:15 on 2026-10-04 Australia/Lord_Howe from workflow shifted 30m
        +275d15h45m sleep.done #0
        +275d15h45m sleep.opened #1 23h30m until 02:15 Australia/Lord_Howe from workflow
        +276d15h15m sleep.done #1
        """,
    ),
    Case(
        "a day of the calendar may be 23 hours, and a sleep of a day is 24",
        (spring,),
        (Send("go"), Forward("100d")),
        """
        +0s event go
        +0s journey.started
        +0s sleep.opened #0 86d8h until 09:00 on 2026-03-28 Europe/Berlin from workflow
        +86d8h sleep.done #0
        +86d8h sleep.opened #1 23h until 09:00 tomorrow Europe/Berlin from workflow
        +87d7h sleep.done #1
        +87d7h sleep.opened #2 1d
        +88d7h sleep.done #2
        """,
    ),
]


def lives_in(zone: str, after: str | None = None) -> Send:
    """The user's zone becomes known."""
    return Send("identify", {"timezone": zone}, after=after)


CASES += [
    Case(
        "who moves to another zone while waiting waits for the time there",
        (mornings,),
        (Send("go"), lives_in("America/Lima", "1h"), lives_in("America/Lima"), Forward("3d")),
        """
        +0s event go
        +0s journey.started
        +0s sleep.opened #0 8h until 09:00 Europe/Berlin from workflow
        +1h event identify {"timezone":"America/Lima"}
        +1h wait.moved #0 Europe/Berlin to America/Lima 14h
        +1h event identify {"timezone":"America/Lima"}
        +14h sleep.done #0
        +14h sleep.opened #1 1d until 09:00 America/Lima from profile
        +1d14h sleep.done #1
        +1d14h journey.completed ["01 14:00","02 14:00"]
        """,
    ),
    Case(
        "where the time has passed already in the other zone, it is over now",
        (mornings,),
        (Send("go"), lives_in("Asia/Tokyo", "3h"), Forward("3d")),
        """
        +0s event go
        +0s journey.started
        +0s sleep.opened #0 8h until 09:00 Europe/Berlin from workflow
        +3h event identify {"timezone":"Asia/Tokyo"}
        +3h wait.moved #0 Europe/Berlin to Asia/Tokyo 1d
        +1d sleep.done #0
        +1d sleep.opened #1 1d until 09:00 Asia/Tokyo from profile
        +2d sleep.done #1
        +2d journey.completed ["02 00:00","03 00:00"]
        """,
    ),
    Case(
        "a deadline that a move puts into the past is due now",
        (dates,),
        (Send("go"), lives_in("Pacific/Auckland", "23h"), Forward("2d")),
        """
        +0s event go
        +0s journey.started
        +0s sleep.opened #0 1d9h until 09:00 tomorrow UTC from default
        +23h event identify {"timezone":"Pacific/Auckland"}
        +23h wait.moved #0 UTC to Pacific/Auckland 20h
        +23h sleep.done #0
        +23h sleep.opened #1 2d20h until 08:00 on 2026-01-05 Pacific/Auckland from profile
        """,
    ),
    Case(
        "a name that is no zone is told, and moves nothing",
        (mornings,),
        (lives_in("Mars/Olympus"), Send("go"), lives_in("Europe/Berlin ", "1h"), Forward("1d")),
        """
        +0s event identify {"timezone":"Mars/Olympus"}
        +0s log.warning the timezone of u: 'Mars/Olympus' is no time zone…
        +0s event go
        +0s journey.started
        +0s sleep.opened #0 8h until 09:00 Europe/Berlin from workflow (Mars/Olympus is none)
        +1h event identify {"timezone":"Europe/Berlin "}
        +1h log.warning the timezone of u: 'Europe/Berlin ' is no time zone; did you mean 'Europe/Berlin'?
        +8h sleep.done #0
        +8h sleep.opened #1 1d until 09:00 Europe/Berlin from workflow (Europe/Berlin  is none)
        """,
    ),
]


@workflow(trigger="go", timezone="Europe/Berlin")
async def either(journey: Journey) -> list[Any]:
    paid, morning = await journey.wait_any(journey.wait_for("paid"), journey.until("09:00"))
    return [bool(paid), morning]


CASES += [
    Case(
        "until may be a member of a group",
        (either,),
        (Send("go"), Forward("1d")),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened paid#0
        +0s sleep.opened #0 8h until 09:00 Europe/Berlin from workflow
        +0s wait.opened any#0 [wait:paid#0, sleep#0]
        +8h sleep.done #0
        +8h wait.closed paid#0
        +8h wait.matched any#0 [sleep#0]
        +8h journey.completed [false,true]
        """,
    ),
]
