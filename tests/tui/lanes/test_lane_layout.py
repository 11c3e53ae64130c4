"""The laws of the lanes, and what they look like."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from studio.store.records import Entry, JourneyRow, WaitRow
from studio.tui.lanes.lane_axis import SCALES, fit, linear, scale_that_shows
from studio.tui.lanes.lane_layout import RESERVED, Picture, draw, offset
from studio.tui.lanes.lane_model import Lanes, build
from tests.tui.fakes import DAY, HOUR, MINUTE, SECOND, START, entry, wait

WIDTH = 46


def journey(id: str = "onboarding/user1", status: str = "waiting", **more: Any) -> JourneyRow:
    facts: dict[str, Any] = {"key": None, "pass_number": 1, "started_at": START, "note": None}
    facts |= {"due_at": None, "waits_for": None, "user": "user1", "workflow": id.split("/")[0]}
    return JourneyRow(id=id, status=status, **{**facts, **more})


def picture(
    entries: Sequence[Entry],
    waits: Sequence[WaitRow] = (),
    journeys: Sequence[JourneyRow] = (),
    now: int = 10_000,
    height: int = 20,
    moves: Sequence[Entry] = (),
    total: int = 0,
) -> list[str]:
    lanes = build(entries, waits, journeys or [journey()], moves, total)
    axis = fit(lanes.moments(), START + now, WIDTH - RESERVED)
    found = draw(lanes, axis, START + now, WIDTH, height)
    return [f"{row.name:<12}{row.text}".rstrip() for row in found.rows]


def opened(seq: int, at: int, name: str = "app/login", **more: Any) -> Entry:
    return entry(seq, at, "wait.opened", name, key=f"wait:{name}#0", **more)


def ended(seq: int, at: int, kind: str, name: str = "app/login", **more: Any) -> Entry:
    return entry(seq, at, kind, name, key=f"wait:{name}#0", **more)


# -- what it looks like ---------------------------------------------------------------------


def test_matched_timed_out_and_open_are_told_apart_by_shape() -> None:
    lines = picture(
        [
            entry(1, 0, "event", "app/email.submitted", journey=None),
            entry(2, 0, "journey.started"),
            opened(3, 0),
            ended(4, 1_000, "wait.timeout"),
            opened(5, 1_000, "app/paid"),
            entry(6, 5_000, "event", "app/paid", journey=None),
            ended(7, 5_000, "wait.matched", "app/paid"),
            opened(8, 5_000, "app/left"),
        ],
        [wait(8, "user1", "app/left", 16_000)],
        now=8_000,
    )
    assert lines == [
        "fit         0s    1s       5s      now          16s",
        "events      ●              ●        ┊",
        "onboarding  ┣━━━━━┃━━━━━━━━◉━━━━━━━━╋╍╍╍╍╍╍╍╍╍╍╍▷ 8.0s",
    ]
    assert lines[2].index("┃") < lines[2].index("◉") < lines[2].index("╋") < lines[2].index("▷")
    assert lines[2].endswith("▷ 8.0s")


def ninety_days() -> tuple[list[Entry], int]:
    """A journey of seven waits, of which five took days."""
    entries, at = [entry(1, 0, "event", "signup", journey=None), entry(2, 0, "journey.started")], 1_000
    took = (3 * SECOND, 2 * DAY, 6 * DAY + 23 * HOUR, 40 * SECOND, 14 * DAY, 30 * DAY, 36 * DAY)
    for index, ms in enumerate(took):
        name, seq = f"app/event{index}", 3 * index + 3
        entries.append(opened(seq, at, name))
        at += ms
        entries.append(entry(seq + 1, at, "event", name, journey=None))
        entries.append(ended(seq + 2, at, "wait.matched", name))
    return entries, at + 2 * HOUR


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (40, "fit         0s   ⋯   ⋯     ⋯   ⋯    ⋯    now"),
        (66, "fit         0s    ⋯2d⋯    ⋯6d⋯       ⋯ 14d ⋯ ⋯ 30d ⋯ ⋯ 36d ⋯       now"),
        (100, "fit         0s 1s    ⋯ 2d 0h ⋯  ⋯ 6d 23h ⋯ 8d23h      ⋯ 14d ⋯     ⋯ 30d ⋯     ⋯ 36d ⋯  88d"),
    ],
)
def test_long_idle_time_is_folded(monkeypatch: pytest.MonkeyPatch, width: int, expected: str) -> None:
    entries, now = ninety_days()
    monkeypatch.setattr("tests.tui.lanes.test_lane_layout.WIDTH", width)
    axis, _, lane = picture(entries, journeys=[journey(status="completed")], now=now)
    assert axis.startswith(expected)
    # A bar that lasts through a fold is longer than it looks.
    assert lane.count("⋯") == 5


def test_a_sleep_is_thin_and_a_step_ends_in_a_square() -> None:
    lines = picture(
        [
            entry(1, 0, "journey.started"),
            entry(2, 0, "step.started", "mail", key="step:mail#0"),
            entry(3, 210, "step.done", "mail", key="step:mail#0"),
            entry(4, 210, "sleep.opened", key="sleep#0", data={"duration": 3 * DAY}),
        ],
        [wait(4, "user1", None, 3 * DAY + 210, kind="sleep")],
        now=8_000,
    )
    lane = lines[2]
    assert lane.startswith("onboarding ☾")
    assert "■─" in lane
    assert "┼┄" in lane
    assert lane.endswith("▷ 2d 23h")
    assert "━" not in lane


def test_what_has_no_limit_says_so() -> None:
    lines = picture([opened(1, 0)], [wait(1, "user1", "app/login", None)])
    assert lines[2].endswith("╋╍╍ ∞")


def test_a_running_step_has_no_arrow() -> None:
    lines = picture(
        [entry(1, 0, "step.started", "mail", key="step:mail#0")],
        [wait(1, "user1", "mail", None, kind="step")],
    )
    assert "▸" in lines[2]
    assert lines[2].endswith("┼ runs")


def test_what_is_late_says_due() -> None:
    lines = picture([opened(1, 0)], [wait(1, "user1", "app/login", 5_000)], now=10_000)
    assert lines[2].endswith("▷ due")


def test_passes_stand_below_their_lane() -> None:
    lines = picture(
        [
            entry(1, 0, "journey.started"),
            opened(2, 0),
            ended(3, 2_000, "wait.timeout"),
            entry(4, 2_000, "journey.pass", pass_number=2),
            entry(5, 6_000, "journey.pass", pass_number=3),
        ]
    )
    assert lines[3].split() == ["↻1", "↻2", "↻3", "┊"]


def test_an_end_has_its_own_cell_behind_what_led_to_it() -> None:
    entries = [opened(1, 0), ended(2, 3_000, "wait.matched"), entry(3, 3_000, "journey.completed")]
    lines = picture(entries, journeys=[journey(status="completed")])
    assert "━◉✓" in lines[2]
    assert lines[2].startswith("onboarding ✓")


def test_open_branches_have_a_row_each_and_three_at_most() -> None:
    group = {"group": "any#0"}
    names = [f"cart/{word}" for word in ("paid", "left", "emptied", "shared", "lost")]
    entries = [opened(n, 0, name, data=group) for n, name in enumerate(names, 1)]
    entries.append(entry(6, 0, "wait.opened", "wait_any", key="any#0", data={"timeout": 60_000}))
    waits = [wait(n, "user1", name, None) for n, name in enumerate(names, 1)]
    lines = picture(entries, [*waits, wait(6, "user1", "wait_any", 60_000, kind="group")])
    assert [line[:12].strip() for line in lines[2:6]] == ["onboarding", *names[:3]]
    assert lines[2].endswith("▷ 50.0s")
    assert lines[6].strip() == "+2"


def test_lanes_without_room_are_counted() -> None:
    rows = [journey(f"cart/user1/c{n}") for n in range(12)]
    entries = [opened(n + 1, n, journey=rows[n].id) for n in range(12)]
    waits = [wait(n + 1, "user1", "app/login", DAY + n) for n in range(12)]
    lines = picture(entries, waits, rows, height=8, total=10_000)
    assert len(lines) == 8
    assert lines[-1].strip() == "+9,995 journeys"
    assert lines[2].startswith("cart c0")


def test_the_selected_journey_is_among_those_drawn() -> None:
    rows = [journey(f"cart/user1/c{n}") for n in range(12)]
    lanes = build([opened(n + 1, n, journey=rows[n].id) for n in range(12)], [], rows)
    axis = fit(lanes.moments(), START + 100, WIDTH)
    found = draw(lanes, axis, START + 100, WIDTH, 8, focus="cart/user1/c11")
    assert [row.name for row in found.rows[2:7]] == ["cart c0", "cart c1", "cart c2", "cart c3", "cart c11"]


def test_a_clock_moved_by_hand_is_a_column_through_all_lanes() -> None:
    moved = entry(9, 5_000, "clock.moved", user=None, journey=None)
    lines = picture([opened(1, 0)], [wait(1, "user1", "app/login", DAY)], moves=[moved])
    assert lines[1].index("»") == lines[2].index("»")
    assert "━»━" in lines[2]


def test_an_end_without_its_beginning_is_only_an_end() -> None:
    lines = picture([ended(5, 2_000, "wait.timeout")])
    assert "┃" in lines[2]
    assert "━" not in lines[2]


def test_the_linear_axis_names_the_scale_and_keeps_the_countdown() -> None:
    lanes = build([opened(1, 0)], [wait(1, "user1", "app/login", 30 * DAY)], [journey()])
    axis = linear(SCALES.index(SECOND), START + 10_000, WIDTH, START + 10_000, 30)
    rows = draw(lanes, axis, START + 10_000, WIDTH, 10).rows
    assert rows[0].name == "1s/cell"
    assert "now" in rows[0].text
    assert rows[2].text[20:30] == "┣" + "━" * 9
    assert rows[2].text[30] == "╋"
    assert rows[2].text.rstrip().endswith("▷ 29d")


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        *((0, "0s"), (1, "1ms"), (1_000, "1s"), (2_500, "2.5s"), (12_500, "12.5s"), (MINUTE, "1m")),
        *((4 * MINUTE + 5_000, "4m05s"), (3 * HOUR, "3h"), (3 * DAY, "3d"), (41 * DAY, "41d")),
    ],
)
def test_offsets_are_as_short_as_they_can_be(ms: int, text: str) -> None:
    assert offset(ms) == text


# -- laws -----------------------------------------------------------------------------------

KINDS = (
    *("wait.opened", "wait.matched", "wait.timeout", "wait.closed", "sleep.opened", "sleep.done"),
    *("step.started", "step.retry", "step.done", "step.failed", "log", "event", "journey.started"),
    *("journey.pass", "journey.completed", "journey.failed", "journey.exited", "journey.moved"),
)


@st.composite
def histories(chance: st.DrawFn) -> tuple[Lanes, int]:
    """Any entries in any order, as no engine would write them, and a moment to look at them."""
    journeys = [f"w{n}/user1" for n in range(chance(st.integers(1, 14)))]
    gaps = st.one_of(st.just(0), st.integers(0, 5_000), st.integers(0, 40 * DAY))
    at, entries, waits = 0, [], []
    for seq in range(1, chance(st.integers(0, 40)) + 1):
        at += chance(gaps)
        kind = chance(st.sampled_from(KINDS))
        owner = chance(st.sampled_from(journeys))
        number = chance(st.integers(0, 2))
        data = {"group": "any#0"} if chance(st.booleans()) else {}
        word = "sleep" if kind.startswith("sleep") else kind.split(".")[0]
        entries.append(entry(seq, at, kind, "app/login", journey=owner, key=f"{word}:x#{number}", data=data))
        if kind in ("wait.opened", "sleep.opened", "step.started", "step.retry") and chance(st.booleans()):
            due = at + chance(st.integers(-DAY, 40 * DAY)) if chance(st.booleans()) else None
            waits.append(wait(seq, "user1", "app/login", due, journey=owner))
    rows = [
        journey(id, chance(st.sampled_from(("waiting", "idle", "completed", "failed")))) for id in journeys
    ]
    moves = [entry(1_000 + n, chance(st.integers(0, max(1, at))), "clock.moved") for n in range(2)]
    return build(entries, waits, rows, moves, len(rows) + 5), START + at + chance(gaps)


def drawn(lanes: Lanes, now: int, width: int, height: int, scale: int | None) -> Picture:
    if scale is None:
        return draw(lanes, fit(lanes.moments(), now, width - RESERVED), now, width, height)
    return draw(lanes, linear(scale, now, width, now, width // 2), now, width, height)


SIZES = (
    st.integers(RESERVED + 3, 160),
    st.integers(2, 30),
    st.one_of(st.none(), st.integers(0, len(SCALES) - 1)),
)


@settings(max_examples=60, deadline=None)
@given(histories(), *SIZES)
def test_a_picture_is_as_wide_and_high_as_asked(
    history: tuple[Lanes, int], width: int, height: int, scale: int | None
) -> None:
    lanes, now = history
    found = drawn(lanes, now, width, height, scale)
    assert len(found.rows) <= height
    for row in found.rows:
        assert len(row.cells) == width
        assert cell_len(row.text) == width


@settings(max_examples=60, deadline=None)
@given(histories(), *SIZES)
def test_bars_of_a_row_never_overlap(
    history: tuple[Lanes, int], width: int, height: int, scale: int | None
) -> None:
    for row in drawn(*history, width, height, scale).rows:
        for (_, last), (first, _) in pairwise(row.spans):
            assert first >= last


@settings(max_examples=60, deadline=None)
@given(histories(), st.integers(RESERVED + 3, 160), st.integers(3, 30))
def test_now_and_every_countdown_are_seen_in_the_picture_that_fits(
    history: tuple[Lanes, int], width: int, height: int
) -> None:
    lanes, now = history
    found = drawn(lanes, now, width, height, None)
    assert 0 <= found.now_column < width - RESERVED
    assert "now" in found.rows[0].text
    pending = {
        lane.journey
        for lane in lanes.lanes
        if lane.bars and lane.bars[-1].end_at is None and lane.bars[-1].due_at is not None
    }
    for row in found.rows:
        if row.kind == "lane" and row.journey in pending:
            assert "▷ " in row.text


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.integers(0, 400 * DAY), unique=True, max_size=300).map(sorted),
    st.integers(0, 400 * DAY),
    st.integers(3, 200),
    st.one_of(st.none(), st.integers(0, 400 * DAY)),
)
def test_each_moment_that_is_kept_has_a_column_of_its_own(
    moments: list[int], now: int, width: int, focus: int | None
) -> None:
    axis = fit(moments, now, width, focus)
    assert now in axis.moments
    assert all(one < other for one, other in pairwise(axis.columns))
    assert axis.columns[0] == 0
    assert axis.columns[-1] < width
    assert [axis.column(at) for at in axis.moments] == list(axis.columns)
    columns = [axis.column(at) for at in moments]
    assert columns == sorted(columns), "time runs from left to right"
    if focus is not None and focus in moments and focus <= now:
        assert axis.column(focus) >= 0


@given(st.integers(0, 400 * DAY), st.integers(10, 200))
def test_the_first_linear_scale_shows_everything(span: int, width: int) -> None:
    scale = scale_that_shows(span, width)
    assert span < SCALES[scale] * width or scale == len(SCALES) - 1
