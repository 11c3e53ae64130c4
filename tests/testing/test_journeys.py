"""The verbs of `Journeys`, on a real engine."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from studio import Journey, workflow
from studio.errors import ClockError, EventError, StudioError
from studio.testing import Journeys, StubFailed


def send_mail(to: str, text: str) -> str:
    """What is never to be called here."""
    raise AssertionError("a step's own function was called")


@workflow(trigger="signup", exit_on="left")
async def welcome(journey: Journey) -> dict[str, Any]:
    """A welcome, and two reminders a month apart."""
    mail = await journey.step("send welcome", send_mail, journey.user.id, text="hello", retries=3)
    for number in (1, 2):
        if await journey.wait_for("activated", match={"by": "app"}, timeout="30d"):
            break
        journey.log(f"reminder {number}")
        await journey.ingest("reminder/sent", {"number": number})
    return {"mail": mail}


@workflow(trigger="order", key="order_id")
async def order(journey: Journey) -> dict[str, Any]:
    """One journey an order; some of them fail."""
    if journey.trigger.get("bad"):
        raise ValueError("bad order")
    journey.note("taken")
    await journey.sleep("1d")
    return {}


def test_ninety_days_take_milliseconds() -> None:
    with Journeys(welcome) as journeys:
        journeys.stub("send *", returns="m-1")
        journeys.send("signup", user="ada")
        before = time.process_time()
        journeys.forward("90d")
        spent = time.process_time() - before
        assert journeys.now == datetime(2026, 4, 1, tzinfo=UTC)
        assert journeys.journey("ada").result == {"mail": "m-1"}
    # Five at most on a quiet machine; what counts is that nobody waits.
    assert spent < 0.5


def test_nothing_is_left_behind() -> None:
    before = {thread.name for thread in threading.enumerate()}
    with Journeys(welcome) as journeys:
        journeys.stub("*")
        journeys.send("signup", user="ada")
        path = journeys._running()[0].path
        assert path.exists()
    end = time.monotonic() + 5
    while {thread.name for thread in threading.enumerate()} - before and time.monotonic() < end:
        time.sleep(0.01)
    assert {thread.name for thread in threading.enumerate()} - before == set()
    assert list(path.parent.glob(f"{path.name}*")) == []
    journeys.close()


def test_a_stub_stands_in_fails_as_told_and_counts() -> None:
    with Journeys(welcome) as journeys:
        everything = journeys.stub("*", returns="any")
        mails = journeys.stub("send *", returns=lambda to, text: f"{text} {to}", fails=2)
        journeys.send("signup", user="ada")
        journeys.forward("1h")
        # Two retries, with their pauses.
        assert mails.count == 3
        assert [(call.args, call.kwargs) for call in mails.calls] == [(("ada",), {"text": "hello"})] * 3
        assert everything.count == 0
        journeys.send("activated", user="ada", data={"by": "app"})
        assert journeys.journey("ada").result == {"mail": "hello ada"}
        assert repr(mails) == "<Stub 'send *', called 3 times>"


def test_a_stub_that_always_fails_fails_the_journey_with_its_own_error() -> None:
    with Journeys(welcome) as journeys:
        journeys.stub("send welcome", fails=True)
        journeys.send("signup", user="ada")
        journeys.forward("1d")
        state = journeys.journey("ada")
        assert state.status == "failed"
        assert state.error is not None
        assert StubFailed.__name__ in state.error
    with Journeys(welcome) as journeys:
        journeys.stub("send welcome", fails=True, error=TimeoutError("the mail server sleeps"))
        journeys.send("signup", user="ada")
        journeys.forward("1d")
        assert "the mail server sleeps" in (journeys.journey("ada").error or "")


def test_until_goes_to_a_moment_in_utc() -> None:
    with Journeys(welcome) as journeys:
        journeys.until("2026-12-01 09:00")
        assert journeys.now == datetime(2026, 12, 1, 9, tzinfo=UTC)
        journeys.until("08:30")
        assert journeys.now == datetime(2026, 12, 2, 8, 30, tzinfo=UTC)
        journeys.until("2026-12-03T10:00+02:00")
        assert journeys.now == datetime(2026, 12, 3, 8, tzinfo=UTC)
        journeys.until(datetime(2026, 12, 4, tzinfo=UTC))
        with pytest.raises(StudioError, match="2026-12-01 is over; it is 2026-12-04 00:00:00"):
            journeys.until("2026-12-01")
        with pytest.raises(ClockError, match="'soon' is neither a date nor a duration"):
            journeys.until("soon")
    with Journeys(welcome, start=datetime(2020, 2, 29, tzinfo=UTC)) as journeys:
        journeys.forward("1d")
        assert journeys.now == datetime(2020, 3, 1, tzinfo=UTC)


def test_what_was_sent_can_be_asked_for() -> None:
    with Journeys(welcome) as journeys:
        journeys.stub("*")
        journeys.send("signup", user="ada")
        journeys.send("signup", user="bob")
        journeys.send("left", user="bob")
        assert not journeys.sent("reminder/*")
        assert journeys.sent("reminder/*", times=0)
        journeys.forward("90d")
        found = journeys.sent("reminder/*", times=2)
        assert found
        assert [event["number"] for event in found] == [1, 2]
        assert repr(found) == "<reminder/* was sent 2 times as asked: +30d, +60d>"
        assert not journeys.sent("reminder/sent", times=3)
        assert journeys.sent("reminder/sent", times=1, data={"number": 2})
        assert journeys.sent("reminder/sent", times=0, user="bob")
        # What came from outside nobody sent.
        assert journeys.sent("*", times=2)


def test_waits_logs_and_timeline() -> None:
    with Journeys([welcome, order]) as journeys:
        journeys.stub("*")
        journeys.send("signup", user={"id": "ada", "email": "ada@x"})
        journeys.send("order", user="bob", data={"order_id": "o1"})
        assert [(wait.kind, wait.name, wait.user) for wait in journeys.waits()] == [
            ("sleep", None, "bob"),
            ("wait", "activated", "ada"),
        ]
        assert [wait.match for wait in journeys.waits("ada")] == [{"by": "app"}]
        journeys.forward("30d")
        assert journeys.logs() == ["taken", "reminder 1"]
        assert journeys.logs("ada") == ["reminder 1"]
        assert journeys.timeline("bob").splitlines() == [
            '     +0s  order {"order_id": "o1"}',
            "     +0s      ▶ order/o1 begins",
            "     +0s      note: taken",
            "     +0s      ☾ sleeps 1d",
            "     +1d      ✓ order/o1 completed {}",
        ]
        whole = journeys.timeline().splitlines()
        assert whole[0] == "     +0s  ada  signup"
        assert "     +1d  bob      ✓ order/o1 completed {}" in whole


def test_a_journey_is_found_by_user_or_id() -> None:
    with Journeys(order) as journeys:
        with pytest.raises(StudioError, match="there is no journey of 'bob'"):
            journeys.journey("bob")
        journeys.send("order", user="bob", data={"order_id": "o1"})
        state = journeys.journey("bob")
        assert (state.id, state.status, state.note, state.waits_for) == (
            "order/bob/o1",
            "waiting",
            "taken",
            "sleep",
        )
        assert (state.result, state.error, state.passes) == (None, None, 1)
        journeys.send("order", user="bob", data={"order_id": "o2", "bad": True})
        with pytest.raises(StudioError, match="bob has several journeys: order/bob/o1, order/bob/o2"):
            journeys.journey("bob")
        assert journeys.journey("order/bob/o2").error == "ValueError: bad order"


def test_load_comes_before_the_first_event() -> None:
    with Journeys() as journeys:
        journeys.load(welcome, [order])
        journeys.send("order", user="bob", data={"order_id": "o1"})
        assert journeys.journey("bob").workflow == "order"
        with pytest.raises(StudioError, match="the journeys have begun"):
            journeys.load(welcome)


def test_a_refused_event_raises_and_the_journeys_go_on() -> None:
    with Journeys(welcome) as journeys:
        with pytest.raises(EventError):
            journeys.send("", user="ada")
        journeys.stub("*")
        assert journeys.send("signup", user="ada", id="s-1").duplicate is False
        assert journeys.send("signup", user="ada", id="s-1").duplicate is True


def test_a_file_that_does_not_load_raises(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken.py").write_text("def broken(:\n")
    made: list[Path] = []

    def make() -> Path:
        made.append(tmp_path / "s.db")
        return made[-1]

    monkeypatch.setattr("studio.engine.engine.temporary_store", make)
    with Journeys(tmp_path) as journeys, pytest.raises(StudioError, match="SyntaxError"):
        journeys.send("signup", user="ada")
    # No store was made that nobody would take away.
    assert made == []


def test_a_snapshot_has_a_name_for_a_file(tmp_path: Path) -> None:
    with Journeys(welcome, folder=tmp_path, write_snapshots=True) as journeys:
        with pytest.raises(StudioError, match="is not a name for a snapshot"):
            journeys.matches_snapshot("../x")
        assert journeys.matches_snapshot("empty")
    assert (tmp_path / "snapshots" / "empty.txt").read_text() == "\n"
