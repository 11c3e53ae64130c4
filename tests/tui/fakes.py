"""A small world to draw: a real store of records, and an engine that only keeps what it was asked.

What screens read is real (`store_of_records.py`). What they ask for is not done: the journeys of this world
were never driven, so no engine could go on with them, and a test wants to see what was asked, once. What a
real engine makes of a screen is tested on real stores (`test_studio.py`, `keys/test_clock_studio.py`,
`screens/test_time_control.py`).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from textual._context import visible_screen_stack
from textual.app import App
from textual.strip import Strip
from textual.widget import Widget
from textual.worker import WorkerCancelled

from studio.clocks.adjustable_clock import ClockReading
from studio.clocks.clock import Clock, VirtualClock
from studio.engine.client import ClockClient, Stored, Trouble
from studio.engine.reload.report import ReloadReport
from studio.engine.remote import RemoteTimeTravel
from studio.errors import StudioError, WorkflowError
from studio.language.definition import Workflow, workflow
from studio.language.incoming import Incoming
from studio.language.journey import Journey
from studio.language.journey_ids import journey_id
from studio.store.approvals import HELD, HOLD
from studio.store.capabilities import LOCAL
from studio.store.records import Entry, UserRow, WaitRow
from studio.store.view_funnel import PlaceCounts
from studio.tui.app import StudioApp
from studio.tui.session.cells import difference
from tests.tui.store_of_records import RecordsReader, StoreRecords

START = 1_795_519_800_000
"""2026-11-24 11:30:00 UTC."""
SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000


@workflow(trigger="app/email.submitted")
async def onboarding(journey: Journey) -> None:
    """A workflow to name and to start."""


@workflow(trigger="cart/created", key="cart_id", name="cart")
async def cart(journey: Journey) -> None:
    """A workflow with a key."""


def entry(seq: int, at: int, kind: str, name: str | None = None, **more: Any) -> Entry:
    """An entry `at` ms after the start, of onboarding/user1 unless said otherwise."""
    facts: dict[str, Any] = {
        "user": "user1",
        **dict.fromkeys(("key", "line", "message", "data")),
        "pass_number": None if more.get("journey", "") is None else 1,
        **_of_journey(more.get("user", "user1"), more),
    }
    return Entry(seq=seq, at=START + at, kind=kind, name=name, **{**facts, **more})


def wait(seq: int, user: str, name: str | None, due: int | None, **more: Any) -> WaitRow:
    """An open wait that was opened at the start and is due `due` ms after it."""
    facts: dict[str, Any] = {
        "kind": "wait",
        "key": f"wait:{name}#0",
        "match": None,
        "opened_at": START,
        "line": "onboarding.py:22",
        **_of_journey(user, more),
    }
    due_at = None if due is None else START + due
    return WaitRow(seq=seq, user=user, name=name, due_at=due_at, **{**facts, **more})


def _of_journey(user: str | None, more: Mapping[str, Any]) -> dict[str, str | None]:
    """The workflow and the journey: where one is said, the other follows from it."""
    if more.get("journey") is not None:
        return {"workflow": more["journey"].partition("/")[0]}
    workflow = more.get("workflow", "onboarding")
    if "journey" in more or user is None or workflow is None:
        return {"workflow": None, "journey": None}
    return {"workflow": workflow, "journey": journey_id(workflow, user, "", 1)}


def user(id: str, state: str = "waiting", due: int | None = None, **more: Any) -> UserRow:
    """A user, due `due` ms after the start."""
    facts: dict[str, Any] = {
        "workflow": "onboarding",
        "journeys": 1,
        "waits_for": None,
        "note": None,
        "last_event": "app/email.submitted",
        "last_at": START,
    }
    return UserRow(id=id, state=state, due_at=None if due is None else START + due, **{**facts, **more})


class FakeClock:
    """Takes acts of the clock into a list, and stands as a test says."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.acts: list[tuple[str, int]] = []
        self.stands = ClockReading(movable=True)
        self.refusal: StudioError | None = None

    def reading(self) -> ClockReading:
        return self.stands

    def _take(self, act: str, number: int = 0) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.acts.append((act, number))

    async def pause(self) -> None:
        self._take("pause")
        self.stands = replace(self.stands, paused=True)

    async def run(self) -> None:
        self._take("run")
        self.stands = replace(self.stands, paused=False)

    async def speed(self, speed: int) -> None:
        self._take("speed", speed)
        self.stands = replace(self.stands, speed=speed)

    async def jump(self, to: int) -> None:
        self._take("jump", to)
        self.clock.move(to)

    async def stop_jump(self) -> None:
        self._take("stop_jump")
        self.stands = replace(self.stands, jump=None)

    async def time_out(self, wait: int) -> None:
        self._take("time_out", wait)


class FakeEngine(RemoteTimeTravel):
    """Takes events into a list."""

    def __init__(self) -> None:
        self.path = Path("data/studio.db")
        self.clock: Clock = VirtualClock(START)
        self.fake_clock = FakeClock(self.clock)
        self.time: ClockClient = self.fake_clock
        self.viewer_of: int | None = None
        self.read_only = False
        self.no_steps = False
        self.capabilities = LOCAL
        self.sent: list[Incoming] = []
        self.acts: list[tuple[str, str | int]] = []
        self.wrong: Trouble | None = None
        self.named: Mapping[str, Workflow] = {"onboarding": onboarding, "cart": cart}
        self.refused: list[WorkflowError] = []

    @property
    def workflows(self) -> Mapping[str, Workflow]:
        return self.named

    @property
    def problems(self) -> list[WorkflowError]:
        return self.refused

    def trouble(self) -> Trouble | None:
        return self.wrong

    async def send(self, event: Incoming) -> Stored | None:
        self.sent.append(event)
        return Stored(1_000 + len(self.sent))

    async def send_many(self, events: Sequence[Incoming], *, by_hand: bool = True) -> list[Stored | None]:
        return [await self.send(event) for event in events]

    async def act(self, act: str, target: str | int) -> None:
        self.acts.append((act, target))

    async def pause_workflow(self, workflow: str) -> None:
        self.acts.append(("pause", workflow))

    async def unpause_workflow(self, workflow: str, skip_late: int | None = None) -> None:
        self.acts.append(("unpause", workflow if skip_late is None else f"{workflow} {skip_late}"))

    @property
    def pending_reload(self) -> ReloadReport | None:
        return None

    async def reload(self) -> ReloadReport | None:
        return None

    async def stop_reload(self) -> bool:
        self.acts.append(("stop_reload", 0))
        return True

    async def close(self) -> None:
        """Nothing runs."""


class FakeStudio(StudioApp):
    """The real application on a small world."""

    def __init__(
        self, records: StoreRecords, desk: FakeEngine | None = None, *, settings: Path | None = None
    ) -> None:
        self.fake_engine = desk or FakeEngine()
        self.records = records
        super().__init__(client=self.fake_engine, settings=settings)
        self.session.make_reader = lambda path: RecordsReader(self.records)
        # Nothing is written down.
        self.session.keeps_sent = False

    def move(self, ms: int) -> None:
        """Let time pass."""
        self.fake_engine.clock.move(self.fake_engine.clock.now() + ms)
        self._tick()


def lines_written(app: FakeStudio, widget: Widget) -> list[int]:
    """The lines of a widget that time changes from now on, as they come."""
    lines: list[int] = []
    real = app.session.cells.change

    def change(other: Widget, y: int, before: Strip, after: Strip) -> None:
        if other is widget and difference(before, after) is not None:
            lines.append(y)
        real(other, y, before, after)

    app.session.cells.change = change  # type: ignore[method-assign, assignment]
    return lines


def world() -> StoreRecords:
    """Users in every state, waits of every kind, a timeline, a log."""
    records = StoreRecords()
    crowd = [n for n in range(30, 120) if n % 3 == 0 or n < 35]
    records.rows_users = [
        user("user1", journeys=2, last_event="app/account.created"),
        user("lena.fischer"),
        user("user7", workflow="cart"),
        user("user3", "failed"),
        user("zoë.ünal", "sleeping", workflow="trial"),
        user("user4", "completed"),
        user("max", "step", workflow="trial"),
        user("o.brien+test@example.com", workflow="cart", journeys=3),
        user("priya", workflow="winback"),
        user("user22", "cancelled"),
        user("kim", "idle", last_event="app/login"),
        *[user(f"user{n}", "waiting" if n in crowd else "completed") for n in range(30, 120)],
    ]
    verified = {"timeout": 6_000, "match": {"userId": "user1"}}
    records.rows_waits = [
        wait(16, "user1", "app/email.verified", 12_512, match={"userId": "user1"}, opened_at=START + 6_512),
        wait(60, "lena.fischer", "app/account.created", 21_800, match={"email": "lena@x.io"}),
        wait(61, "max", "charge", None, kind="step", key="step:charge#0", workflow="trial"),
        wait(
            62,
            "user1",
            None,
            3 * DAY + 6_723,
            kind="sleep",
            key="sleep#0",
            opened_at=START + 6_723,
            workflow="trial",
        ),
        wait(63, "user7", "wait_any", 7 * DAY, kind="group", key="any#0", workflow="cart"),
        wait(65, "zoë.ünal", None, 2 * DAY + 4 * HOUR, kind="sleep", key="sleep#0", workflow="trial"),
        wait(66, "o.brien+test@example.com", "cart/paid", 38 * MINUTE, workflow="cart"),
        wait(64, "priya", "app/*, web/login", None, workflow="winback"),
        *[
            wait(130 + at, f"user{n}", "order/paid", n * DAY, opened_at=START - n * DAY)
            for at, n in enumerate(crowd)
        ],
    ]
    account, reminder = "wait:app/account.created#0", "wait:reminder/account.created#0"
    trial: dict[str, Any] = {"workflow": "trial", "journey": "trial/user1"}
    records.rows_timeline["user1"] = [
        entry(
            1, 0, "event", "app/email.submitted", data={"email": "user1@x.io"}, journey=None, workflow=None
        ),
        entry(2, 1, "journey.started"),
        entry(
            3,
            1,
            "wait.opened",
            "reminder/account.created",
            line="onboarding.py:9",
            key=reminder,
            data={"timeout": 1000},
        ),
        entry(4, 1_001, "wait.timeout", "reminder/account.created", line="onboarding.py:9", key=reminder),
        entry(
            5,
            1_001,
            "wait.opened",
            "app/account.created",
            line="onboarding.py:13",
            key=account,
            data={"timeout": 1000},
        ),
        entry(6, 2_001, "wait.timeout", "app/account.created", line="onboarding.py:13", key=account),
        entry(
            7, 2_001, "log", message="waited 1s for account.created", level="info", line="onboarding.py:16"
        ),
        entry(
            8,
            2_001,
            "event",
            "reminder/account.created",
            data={"email": "user1@x.io"},
            line="onboarding.py:17",
        ),
        entry(9, 2_001, "journey.pass", pass_number=2),
        entry(
            10,
            2_001,
            "wait.opened",
            "app/account.created",
            pass_number=2,
            line="onboarding.py:13",
            key=account,
            data={"timeout": 6000},
        ),
        entry(14, 6_511, "event", "app/account.created", data={"id": "user1"}, journey=None, workflow=None),
        entry(
            15,
            6_511,
            "wait.matched",
            "app/account.created",
            pass_number=2,
            line="onboarding.py:13",
            key=account,
        ),
        entry(
            16,
            6_512,
            "wait.opened",
            "app/email.verified",
            pass_number=2,
            line="onboarding.py:22",
            key="wait:app/email.verified#0",
            data=verified,
        ),
        entry(17, 6_513, "journey.started", **trial),
        entry(
            18, 6_513, "step.started", "send welcome", line="trial.py:8", key="step:send welcome#0", **trial
        ),
        entry(
            19,
            6_723,
            "step.done",
            "send welcome",
            line="trial.py:8",
            key="step:send welcome#0",
            data={"result": {"ok": True}},
            **trial,
        ),
        entry(
            62, 6_723, "sleep.opened", line="trial.py:9", key="sleep#0", data={"duration": 3 * DAY}, **trial
        ),
    ]
    records.rows_logs = [
        entry(
            50,
            5_870,
            "log",
            message="cart still open after 7d, order o-907",
            level="warning",
            user="user7",
            workflow="cart",
            line="cart.py:21",
        ),
        entry(
            51,
            6_120,
            "journey.failed",
            message="KeyError: 'email'",
            user="user3",
            line="onboarding.py:20",
            data={"source": '    user = account.result[0]["email"]', "traceback": "Traceback\n  KeyError"},
        ),
        entry(
            52,
            6_723,
            "log",
            message="welcome mail sent",
            level="info",
            user="max",
            workflow="trial",
            line="trial.py:8",
        ),
        entry(53, 8_020, "log", message="charged card, 12 EUR", level="info", user="max", workflow="trial"),
    ]
    return records


def hold_steps(records: StoreRecords, *waits: WaitRow) -> None:
    """Let running steps wait for a yes, since a rewind."""
    known = {row.seq for row in waits}
    records.rows_waits = [*(row for row in records.rows_waits if row.seq not in known), *waits]
    records.kept = {HOLD: json.dumps({"why": "rewind", "at": START + 2_001})}
    records.kept |= {f"{HELD}{row.seq}": "" for row in waits}


def designer_world() -> StoreRecords:
    """The small world with many users of the example journey, whose places are its lines."""
    records = world()
    account, verified, login = "onboarding.py:26", "onboarding.py:36", "onboarding.py:42"
    records.rows_funnel = [
        PlaceCounts(account, "wait", "app/account.created", 12, 101, 27, 0, 0, 41_000),
        PlaceCounts("onboarding.py:28", "log", None, said=27),
        PlaceCounts("onboarding.py:31", "event", "reminder/account.created", said=27),
        PlaceCounts(verified, "wait", "app/email.verified", 21, 50, 30, 0, 0, 3_100),
        PlaceCounts("onboarding.py:38", "log", None, said=30),
        PlaceCounts(login, "wait", "app/login", 6, 44, 0, 0, 0, 61_000),
    ]
    names = ("mika", "user77", "ana", "user80", "joão", "user91", "user93")
    records.rows_waits = [
        wait(16, "user1", "app/email.verified", 12_512, opened_at=START + 6_512, line=verified),
        *[
            wait(
                200 + n,
                name,
                "app/email.verified",
                13_800 - n * 700,
                opened_at=START + 7_800 - n * 700,
                line=verified,
            )
            for n, name in enumerate(names)
        ],
        wait(300, "priya", "app/login", None, line=login),
        *[
            wait(330 + n, f"later{n}", "app/email.verified", 20_000 + n * 900, line=verified)
            for n in range(13)
        ],
        *[wait(350 + n, f"idle{n}", "app/login", None, line=login) for n in range(5)],
        *[wait(310 + n, f"new{n}", "app/account.created", 20_000 + n * 900, line=account) for n in range(12)],
    ]
    records.rows_timeline["user1"] = [
        entry(1, 0, "event", "app/email.submitted", data={"email": "user1@x.io"}, journey=None),
        entry(2, 1, "journey.started"),
        entry(
            15, 6_511, "wait.matched", "app/account.created", key="wait:app/account.created#0", line=account
        ),
        entry(16, 6_512, "wait.opened", "app/email.verified", key="wait:app/email.verified#0", line=verified),
    ]
    took = {"app/account.created": 41_000, "app/email.verified": 3_100, "app/login": 61_000}
    places = {"app/account.created": account, "app/email.verified": verified, "app/login": login}
    for first, name in ((400, "user4"), (410, "user35")):
        records.rows_timeline[name] = [
            row
            for at, (event, ms) in enumerate(took.items())
            for row in (
                entry(first + 2 * at, -ms - 1_000, "wait.opened", event, **_there(name, event, places)),
                entry(first + 2 * at + 1, -1_000, "wait.matched", event, **_there(name, event, places)),
            )
        ]
    return records


def _there(user: str, event: str, places: Mapping[str, str]) -> dict[str, str]:
    return {"user": user, "key": f"wait:{event}#0", "line": places[event]}


async def at_rest(app: App[Any], apart: Collection[str] = ()) -> None:
    """Wait for what is under way, but for workers of these groups.

    What is asked is answered by a thread: one that asks may be replaced by another meanwhile.
    """
    while under_way := [each for each in app.workers if not each.is_finished and each.group not in apart]:
        for worker in under_way:
            with suppress(WorkerCancelled):
                await worker.wait()


def strips_of(app: App[Any]) -> list[Strip]:
    """What would be drawn now: the screen on top, over those that lie below it."""
    visible_screen_stack.set(app._background_screens)
    return app.screen._compositor.render_strips()


def screen_lines(app: StudioApp) -> list[str]:
    """What stands on the screen, line by line."""
    strips = strips_of(app)
    return ["".join(segment.text for segment in strip) for strip in strips]


def screen_text(app: StudioApp) -> str:
    """What stands on the screen."""
    return "\n".join(screen_lines(app))
