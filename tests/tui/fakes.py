"""A small world to draw: an engine and a reader that hold records, and no store.

The screens' tests draw what a store rarely holds, and change it by a line, in more than a hundred
places: a user in each state without a history that led there, a median of 41 s at a line of code, texts
that attack a terminal in every field, a wait that ends between two looks and leaves all else as it was.
Rows that agree with one another would have to be written for each of these, by a second engine in the
tests. A store itself is cheap (27 ms to write and to ask one of this size, where a test takes 700 ms);
it is that second engine which is not. So records stand in for a store here. That they are asked, and
answer, as a real one, is held by `test_fakes.py`; what an engine makes of a screen is tested on real
stores (`test_studio.py`, `keys/test_clock_studio.py`, `screens/test_time_control.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar, cast

from textual._context import visible_screen_stack
from textual.app import App
from textual.strip import Strip
from textual.widget import Widget

from studio.clocks.adjustable_clock import ClockReading
from studio.clocks.clock import Clock, VirtualClock
from studio.engine.client import ClockClient, Stored, Trouble
from studio.engine.reload.report import ReloadReport
from studio.engine.remote import RemoteTimeTravel
from studio.errors import StudioError, WorkflowError
from studio.language.definition import Workflow, workflow
from studio.language.incoming import Incoming
from studio.language.journey import Journey
from studio.store.capabilities import LOCAL
from studio.store.records import Entry, JourneyRow, JourneysView, LeftWaiting, Totals, UserRow, WaitRow
from studio.store.refused import LeftAside
from studio.store.under_way import UnderWay
from studio.store.view_funnel import PlaceCounts
from studio.store.view_users import UserPage, UserSearch, rank
from studio.store.views import Views
from studio.tui.app import StudioApp
from studio.tui.session.cells import difference
from studio.tui.session.reader import Reader

T = TypeVar("T")

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
        "workflow": "onboarding",
        "journey": "onboarding/user1",
        "pass_number": 1,
        "key": None,
        "line": None,
        "message": None,
        "data": None,
    }
    return Entry(seq=seq, at=START + at, kind=kind, name=name, **{**facts, **more})


def wait(seq: int, user: str, name: str | None, due: int | None, **more: Any) -> WaitRow:
    """An open wait that was opened at the start and is due `due` ms after it."""
    facts: dict[str, Any] = {
        "kind": "wait",
        "journey": f"onboarding/{user}",
        "workflow": "onboarding",
        "key": f"wait:{name}#0",
        "match": None,
        "opened_at": START,
        "line": "onboarding.py:22",
    }
    due_at = None if due is None else START + due
    return WaitRow(seq=seq, user=user, name=name, due_at=due_at, **{**facts, **more})


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


class FakeViews:
    """Answers from lists; a test changes them and says so."""

    def __init__(self) -> None:
        self.rows_users: list[UserRow] = []
        self.rows_waits: list[WaitRow] = []
        self.rows_timeline: dict[str, list[Entry]] = {}
        self.rows_logs: list[Entry] = []
        self.rows_entries: list[Entry] = []
        self.rows_moves: list[Entry] = []
        self.rows_funnel: list[PlaceCounts] = []
        self.rows_inbox = 0
        self.rows_under_way: list[UnderWay] = []
        self.events = 1
        self.asked: list[str] = []
        self.kept: dict[str, str] = {}
        """What the engine keeps under a name."""

    def meta(self, key: str) -> str | None:
        return self.kept.get(key)

    def totals(self) -> Totals:
        failed = sum(1 for row in self.rows_users if row.state == "failed")
        waits = len(self.rows_waits)
        return Totals(len(self.rows_users), waits, self.events, waits, 0, 0, failed, 0, 0)

    def recent_users(self, *, limit: int = 100) -> list[UserRow]:
        self.asked.append("recent_users")
        return self.rows_users[:limit]

    def users(
        self, *, limit: int = 100, after: str | None = None, contains: str | None = None
    ) -> list[UserRow]:
        self.asked.append(f"users {contains}")
        rows = sorted((row for row in self.rows_users if row.id > (after or "")), key=lambda row: row.id)
        return [row for row in rows if not contains or contains in row.id][:limit]

    def users_before(self, before: str | None, *, limit: int = 100) -> list[UserRow]:
        rows = sorted(
            (row for row in self.rows_users if before is None or row.id < before), key=lambda row: row.id
        )
        return rows[-limit:]

    def users_starting(self, prefix: str, *, limit: int = 100) -> list[UserRow]:
        return [row for row in self.rows_users if row.id.startswith(prefix)][:limit]

    def users_named(self, ids: Collection[str]) -> list[UserRow]:
        return [row for row in self.rows_users if row.id in ids]

    def users_by_deadline(self, *, limit: int = 100) -> list[UserRow]:
        return sorted(self.rows_users, key=lambda row: (row.due_at is None, row.due_at or 0))[:limit]

    def users_by_state(self, *, limit: int = 100) -> list[UserRow]:
        return sorted(self.rows_users, key=rank)[:limit]

    def failed_users(self, *, limit: int = 1000) -> list[str]:
        return [row.id for row in self.rows_users if row.state == "failed"][:limit]

    def find_users(self, search: UserSearch, *, before: int | None = None, limit: int = 200) -> UserPage:
        self.asked.append(f"find_users {search.words}")
        found = [row for row in self.rows_users if search.named(row.id) and search.fits(row)]
        found = [row for row in found if all(part in (row.workflow or "") for part in search.workflows)]
        return UserPage(found, 0, 1.0)

    def waits(
        self, *, user: str | None = None, limit: int = 100, after: tuple[int | None, int] | None = None
    ) -> list[WaitRow]:
        return [row for row in self.rows_waits if user in (None, row.user)][:limit]

    def waiting(
        self, *, limit: int = 100, after: tuple[int | None, int] | None = None, last: bool = False
    ) -> tuple[list[WaitRow], tuple[int | None, int] | None]:
        at = after[1] if after is not None else 0
        rows = (self.rows_waits[::-1] if last else self.rows_waits)[at : at + limit]
        return rows, (None, at + limit) if at + limit < len(self.rows_waits) else None

    def overdue(self, before: int) -> dict[str, int]:
        late = (row.workflow for row in self.rows_waits if row.due_at is not None and row.due_at < before)
        return dict(Counter(late))

    def open_among(self, waits: Iterable[WaitRow]) -> set[int]:
        return {row.seq for row in waits} & {row.seq for row in self.rows_waits}

    def ending(self, wait: WaitRow) -> Entry | None:
        ends = [e for e in self.rows_entries if (e.journey, e.key) == (wait.journey, wait.key)]
        return next((e for e in ends if e.seq > wait.seq), None)

    def timeline(self, user: str, *, limit: int = 200, before: int | None = None) -> list[Entry]:
        self.asked.append(f"timeline {user}")
        return self.rows_timeline.get(user, [])[-limit:]

    def timeline_from(self, user: str, *, limit: int = 200, after: int = 0) -> list[Entry]:
        return [row for row in self.rows_timeline.get(user, []) if row.seq > after][:limit]

    def user_start(self, user: str) -> int | None:
        return next((row.at for row in self.rows_timeline.get(user, [])), None)

    def last_users(self, *, limit: int = 100, by_deadline: bool = False) -> list[UserRow]:
        return self.rows_users[-limit:]

    def logs_from(
        self, after: int, *, limit: int = 200, user: str | None = None, level: str | None = None
    ) -> list[Entry]:
        return [row for row in self.logs(limit=1 << 30, user=user, level=level) if row.seq > after][:limit]

    def journeys(
        self, *, user: str | None = None, status: str | None = None, limit: int = 100, after: int | str = 0
    ) -> list[JourneyRow]:
        if status == "failed":
            failed = [row for row in self.rows_users if row.state == "failed"]
            rest = ("failed", 1, START, None, None, None)
            rows = [JourneyRow(f"{e.workflow}/{e.id}", e.id, e.workflow or "", None, *rest) for e in failed]
            ids = [row.id for row in rows]
            return rows[ids.index(str(after)) + 1 :] if after in ids else rows
        state = next((row.state for row in self.rows_users if row.id == user), "waiting")
        known = self.rows_timeline.get(user or "", [])
        names = dict.fromkeys(row.workflow for row in known if row.workflow)
        if not names and state == "failed":
            names = {"onboarding": None}
        status_now = state if state in ("failed", "completed") else "waiting"
        return [
            JourneyRow(f"{each}/{user}", user or "", each, None, status_now, 1, START, None, None, None)
            for each in names
        ]

    def side_by_side(self, user: str, *, only: Collection[str] | None = None) -> JourneysView:
        entries = [row for row in self.rows_timeline.get(user, []) if row.journey is not None]
        found = self.journeys(user=user)
        shown = [row for row in found if only is None or row.id in only]
        return JourneysView(shown, entries, self.rows_moves, len(found))

    def logs(
        self,
        *,
        limit: int = 200,
        before: int | None = None,
        user: str | None = None,
        level: str | None = None,
        contains: str | None = None,
    ) -> list[Entry]:
        levels = {None: 0, "debug": 0, "info": 1, "warning": 2, "error": 3, "note": 4}
        return [
            row
            for row in self.rows_logs
            if (not contains or contains in (row.message or "").casefold())
            and user in (None, row.user)
            and (before is None or row.seq < before)
            and levels[row.level or "error"] >= levels[level]
        ][-limit:]

    def entries(
        self,
        *,
        after: int = 0,
        limit: int = 1000,
        kinds: Collection[str] | None = None,
        user: str | None = None,
    ) -> list[Entry]:
        found = [row for row in self.rows_entries if row.seq > after and user in (None, row.user)]
        return [row for row in found if kinds is None or row.kind in kinds][:limit]

    def due_until(self, at: int) -> int:
        return sum(1 for row in self.rows_waits if row.due_at is not None and row.due_at <= at)

    def effects(self, causes: Collection[int], limit: int = 200) -> list[Entry]:
        return [row for row in self.rows_entries if row.cause in causes][:limit]

    def entry(self, seq: int) -> Entry | None:
        found = [each for rows in self.rows_timeline.values() for each in rows]
        return next((e for e in [*found, *self.rows_entries, *self.rows_logs] if e.seq == seq), None)

    def is_open(self, seq: int) -> bool:
        return any(row.seq == seq for row in self.rows_waits)

    def before(self, user: str, seq: int) -> list[list[Entry]]:
        found: dict[str, list[Entry]] = {}
        for each in self.rows_timeline.get(user, []):
            if each.journey is not None and each.seq < seq and each.kind != "log":
                found.setdefault(each.journey, []).append(each)
        return list(found.values())

    def matched_after(self, user: str, seq: int) -> list[Entry]:
        return [
            row for row in self.rows_entries if row.user == user and row.kind == "wait.matched" and row.data
        ]

    def failure(self, journey: str) -> Entry | None:
        found = [*self.rows_logs, *self.rows_entries]
        return next((e for e in found if e.journey == journey and e.kind == "journey.failed"), None)

    def events_of(self, user: str) -> dict[str, int]:
        names = [each.name for each in self.rows_timeline.get(user, []) if each.kind == "event"]
        return {name: number for number, name in enumerate(names) if name is not None}

    def newest_events(self, user: str, name: int, limit: int = 20) -> list[Entry]:
        wanted = {number: text for text, number in self.events_of(user).items()}[name]
        rows = self.rows_timeline.get(user, [])
        return [each for each in rows if each.kind == "event" and each.name == wanted][-limit:]

    def known_users(self, names: Collection[str]) -> list[str]:
        return [row.id for row in self.rows_users if row.id in names]

    def neighbours(self, user: str) -> list[str]:
        return []

    def has_journey(self, user: str) -> bool:
        return bool(self.journeys(user=user))

    def journey(self, id: str) -> JourneyRow | None:
        found = [row for user in self.rows_timeline for row in self.journeys(user=user)]
        return next((row for row in found if row.id == id), None)

    def event_names(self, prefix: str = "", limit: int = 50) -> list[str]:
        return [name for name in ("app/login", "web/login") if name.startswith(prefix)][:limit]

    def changed(self) -> bool:
        return False

    def funnel(self, workflow: str) -> list[PlaceCounts]:
        return self.rows_funnel if workflow == "onboarding" else []

    def waits_at(self, workflow: str, place: str, *, limit: int = 100) -> list[WaitRow]:
        found = [row for row in self.rows_waits if row.workflow == workflow and row.line == place]
        return sorted(found, key=lambda row: (row.due_at is None, row.due_at or 0))[:limit]

    def last_seq(self) -> int:
        return max((row.seq for row in self.rows_entries), default=0)

    def left_waiting(self) -> LeftWaiting:
        return LeftWaiting(self.rows_inbox, False)

    def left_aside(self) -> LeftAside:
        return LeftAside()

    def hold(self) -> dict[str, Any] | None:
        return None

    def under_way(self) -> list[UnderWay]:
        return self.rows_under_way


class FakeReader:
    """Answers at once."""

    def __init__(self, views: FakeViews) -> None:
        self._views = views

    async def ask(self, question: Callable[[Views], T]) -> T:
        return question(cast(Views, self._views))

    def close(self, last: Callable[[], object] | None = None) -> None:
        """Nothing is open."""
        if last is not None:
            last()


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
        self, views: FakeViews, desk: FakeEngine | None = None, *, settings: Path | None = None
    ) -> None:
        self.fake_engine = desk or FakeEngine()
        self.views = views
        super().__init__(client=self.fake_engine, settings=settings)
        self.session.make_reader = lambda path: cast(Reader, FakeReader(self.views))
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


def world() -> FakeViews:
    """Users in every state, waits of every kind, a timeline, a log."""
    views = FakeViews()
    views.events = 900
    views.rows_users = [
        user("user1", due=12_500, journeys=2, last_event="app/account.created"),
        user("lena.fischer", due=21_800),
        user("user7", due=6 * DAY + 23 * HOUR, workflow="cart"),
        user("user3", "failed"),
        user("zoë.ünal", "sleeping", due=2 * DAY + 4 * HOUR, workflow="trial"),
        user("user4", "completed"),
        user("max", "step", workflow="trial"),
        user("o.brien+test@example.com", due=38 * MINUTE, workflow="cart", journeys=3),
        user("priya", workflow="winback"),
        user("user22", "cancelled"),
        user("kim", "idle"),
        *[
            user(f"user{n}", "completed" if n % 3 else "waiting", None if n % 3 else n * DAY)
            for n in range(30, 120)
        ],
    ]
    verified = {"timeout": 6_000, "match": {"userId": "user1"}}
    views.rows_waits = [
        wait(16, "user1", "app/email.verified", 12_512, match={"userId": "user1"}, opened_at=START + 6_512),
        wait(60, "lena.fischer", "app/account.created", 21_800, match={"email": "lena@x.io"}),
        wait(61, "max", "charge", None, kind="step", key="step:charge#0", journey="trial/max"),
        wait(62, "user1", None, 3 * DAY + 6_723, kind="sleep", key="sleep#0", opened_at=START + 6_723),
        wait(63, "user7", "wait_any", 7 * DAY, kind="group", key="any#0"),
        wait(64, "priya", "app/*, web/login", None),
        *[wait(100 + n, f"user{n}", "order/paid", n * DAY, opened_at=START - n * DAY) for n in range(30, 65)],
    ]
    account, reminder = "wait:app/account.created#0", "wait:reminder/account.created#0"
    trial: dict[str, Any] = {"workflow": "trial", "journey": "trial/user1"}
    views.rows_timeline["user1"] = [
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
    views.rows_logs = [
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
            journey="onboarding/user3",
            line="onboarding.py:20",
            data={"source": '    user = account.result[0]["email"]', "traceback": "Traceback\n  KeyError"},
        ),
        entry(
            52, 6_723, "log", message="welcome mail sent", level="info", workflow="trial", line="trial.py:8"
        ),
        entry(53, 8_020, "log", message="charged card, 12 EUR", level="info", user="max", workflow="trial"),
    ]
    return views


def designer_world() -> FakeViews:
    """The small world with many users of the example journey, whose places are its lines."""
    views = world()
    account, verified, login = "onboarding.py:26", "onboarding.py:36", "onboarding.py:42"
    views.rows_funnel = [
        PlaceCounts(account, "wait", "app/account.created", 12, 101, 27, 0, 0, 41_000),
        PlaceCounts("onboarding.py:28", "log", None, said=27),
        PlaceCounts("onboarding.py:31", "event", "reminder/account.created", said=27),
        PlaceCounts(verified, "wait", "app/email.verified", 21, 50, 30, 0, 0, 3_100),
        PlaceCounts("onboarding.py:38", "log", None, said=30),
        PlaceCounts(login, "wait", "app/login", 6, 44, 0, 0, 0, 61_000),
    ]
    names = ("mika", "user77", "ana", "user80", "joão", "user91", "user93")
    views.rows_waits = [
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
        *[wait(310 + n, f"new{n}", "app/account.created", 20_000 + n * 900, line=account) for n in range(12)],
    ]
    views.rows_timeline["user1"] = [
        entry(2, 1, "journey.started"),
        entry(15, 6_511, "wait.matched", "app/account.created", line=account),
        entry(16, 6_512, "wait.opened", "app/email.verified", line=verified),
    ]
    return views


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
