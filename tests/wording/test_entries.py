"""An entry says the same words, whoever shows it."""

from __future__ import annotations

from typing import Any

import pytest

from studio.store.records import Entry
from studio.wording.entries import EntryWords, Surroundings, branch_name, entry_words, group_name

START = 1_795_519_800_000
HOUR = 3_600_000


def entry(kind: str, name: str | None = None, *, seq: int = 1, at: int = START, **more: Any) -> Entry:
    facts: dict[str, Any] = {
        "user": "ada",
        "workflow": "cart",
        "journey": "cart/ada",
        "pass_number": 2,
        "key": None,
        "line": None,
        "message": None,
        "data": None,
    }
    return Entry(seq=seq, at=at, kind=kind, name=name, **{**facts, **more})


@pytest.mark.parametrize(
    ("told", "text", "detail"),
    [
        (entry("event", "login", data={"plan": "é"}), "login", '{"plan": "é"}'),
        (
            entry("event.duplicate", "login", message="its id was taken"),
            "login is not sent",
            "its id was taken",
        ),
        (entry("log", message="hello", level="note"), "now: hello", ""),
        (entry("journey.started"), "cart started", ""),
        (entry("journey.pass"), "cart pass 2", ""),
        (entry("journey.completed", data={"result": {"ok": True}}), "cart completed", '{"ok": true}'),
        (entry("journey.failed", message="KeyError: 'id'"), "KeyError: 'id'", "cart"),
        (entry("journey.cancelled"), "cart cancelled", ""),
        (entry("journey.restarted"), "cart restarted", ""),
        (entry("workflow.loaded", code="0123456789"), "loaded cart", "version 01234567"),
        (entry("workflow.failed"), "cart does not load", "cart"),
        (entry("clock.moved", data={"paused": True}), "clock paused by hand", ""),
        (entry("wait.opened", "paid", data={"timeout": HOUR}), "wait paid", "1h"),
        (entry("wait.opened", None), "wait any event", "no limit"),
        (entry("wait.timeout", "paid", data={"by_hand": True}), "timed out paid", "by hand"),
        (entry("wait.closed", "paid"), "closed paid", ""),
        (entry("sleep.done", data={"duration": HOUR}), "slept 1h", ""),
        (entry("sleep.closed"), "sleep closed", ""),
        (
            entry("sleep.opened", data={"duration": HOUR, "local": {"time": "09:00"}, "zone": "Asia/Tokyo"}),
            "until 09:00",
            "Asia/Tokyo",
        ),
        (
            entry("sleep.done", data={"skipped": True, "local": {"time": "09:00", "days": 0}}),
            "until 09:00 today skipped",
            "",
        ),
        (
            entry("wait.moved", message="09:00 UTC → 09:00 Asia/Tokyo"),
            "moved 09:00 UTC → 09:00 Asia/Tokyo",
            "",
        ),
        (entry("split.drawn", "price", data={"arm": "a", "of": {"a": 50, "b": 50}}), "split price: a", "50%"),
        (entry("split.drawn", "price", data={"arm": "a", "drawn": 7}), "split price: a", "drawn before"),
        (entry("message.asked", "day 1", data={"channel": "email"}), "message day 1", "email"),
        (entry("message.started", "day 1", data={"channel": "email"}), "message day 1 handed over", "email"),
        (entry("message.sent", "day 1", data={"channel": "email", "result": 7}), "sent day 1", "email  7"),
        (entry("message.deferred", "day 1", message="email: quiet"), "day 1 put off", "email: quiet"),
        (entry("message.dropped", "day 1", message="email: cap"), "day 1 not sent", "email: cap"),
        (entry("message.withheld", "day 1", message="email: holdout"), "day 1 withheld", "email: holdout"),
        (entry("journey.refused", message="a guest"), "cart refused", "a guest"),
        (entry("goal.met", "paid", message="after 1h"), "goal paid", "cart  after 1h"),
        (
            entry("wait.moved", "comment", message="collects for 1h", data={"collect": True}),
            "comment collects for 1h",
            "",
        ),
        (
            entry("split.drawn", "price", data={"arm": "a", "drawn": 7, "was": "b"}),
            "split price: a",
            "as b is not there any more",
        ),
        (
            entry("step.retry", "mail", message="no", data={"pause": 1000}),
            "step mail failed",
            "again in 1s  no",
        ),
        (entry("step.started", "mail", data={"attempt": 2}), "step mail", "attempt 2"),
    ],
)
def test_an_entry_alone(told: Entry, text: str, detail: str) -> None:
    assert entry_words(told, Surroundings(), START) == EntryWords(text, detail)


def test_what_ends_something_speaks_of_its_opening() -> None:
    around = Surroundings()
    key = "wait:paid#0"
    around.learn(entry("wait.opened", "paid", key=key, data={"timeout": HOUR}))
    around.learn(entry("step.started", "mail", key="step:mail#0"))
    matched = entry("wait.matched", "paid", key=key, at=START + 1_500, data={"count": 2})
    assert entry_words(matched, around, START) == EntryWords("matched paid", "2 events  1.5s of 1h")
    done = entry("step.done", "mail", key="step:mail#0", at=START + 210, data={"result": 7})
    assert entry_words(done, around, START) == EntryWords("step mail", "210 ms  7")
    assert entry_words(done, Surroundings(tried=True), START) == EntryWords("would run mail", "7")


def test_what_is_open_says_what_is_left() -> None:
    around = Surroundings(open_seqs={1: START + HOUR, 2: None, 3: None}, on_hold=(3,))
    half = START + HOUR // 2
    assert entry_words(entry("wait.opened", "paid"), around, half) == EntryWords(
        "wait paid", "30m 00s of 1h", HOUR // 2
    )
    assert entry_words(entry("wait.opened", "paid", seq=2), around, half).detail == "no limit"
    assert entry_words(entry("sleep.opened", data={"duration": HOUR}), around, half) == EntryWords(
        "sleep 1h", "30m 00s left", HOUR // 2
    )
    assert entry_words(entry("step.started", "mail", seq=3), around, half).detail == "on hold"
    assert entry_words(entry("step.started", "mail", seq=2), around, half).detail == "running"


def test_a_group_is_called_by_its_branches() -> None:
    opening = entry("wait.opened", key="any#0", data={"members": ["wait:app/login#0", "sleep:sleep#0"]})
    assert group_name(opening, "any#0") == "app/login or sleep sleep"
    assert group_name(None, "all#0") == "all of several"
    assert branch_name("wait=mine#0") == "mine"
    ended = entry("wait.matched", key="all=both#0")
    assert entry_words(ended, Surroundings(), START).text == "matched all of several"
