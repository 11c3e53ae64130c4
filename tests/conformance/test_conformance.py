"""The one list of journeys, played through every way in: each gives the same history.

`tests/conformance` defines the semantics for every driver (DESIGN rule 21). A way that
cannot play a case says why in `ways.reason_against`.
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest
from _pytest.mark.structures import ParameterSet

from studio.store.records import Entry
from tests.conformance import (
    acts,
    collecting,
    elsewhere,
    entering,
    failures,
    goals,
    groups,
    keys,
    matches,
    messages,
    order,
    passes,
    pauses,
    profile,
    reopening,
    sending,
    sleeps,
    splits,
    starting,
    steps,
    telling,
    untils,
    waits,
)
from tests.conformance.case import Case, Unpause
from tests.conformance.reading import LEFT_OUT, fits, lines
from tests.conformance.ways import START, WAYS, reason_against

SUBJECTS = (
    waits,
    matches,
    groups,
    sleeps,
    untils,
    splits,
    starting,
    steps,
    passes,
    keys,
    profile,
    reopening,
    sending,
    telling,
    order,
    failures,
    acts,
    elsewhere,
    goals,
    entering,
    messages,
    collecting,
    pauses,
)
CASES: list[Case] = [case for subject in SUBJECTS for case in subject.CASES]
PAIRS = [(way, case) for case in CASES for way in WAYS if reason_against(case, way) is None]

CAUSES = frozenset(
    (
        *("event", "wait.timeout", "sleep.done", "step.started", "step.retry", "step.done", "step.failed"),
        *("message.asked", "message.deferred", "message.sent", "wait.matched", "wait.moved"),
        *(
            "journey.cancelled",
            "journey.resumed",
            "journey.restarted",
            "workflow.loaded",
            "workflow.unpaused",
        ),
    )
)
"""Entries that drive a journey on, or that a step's end goes back to."""

CLOSED = ("wait.closed", "sleep.closed", "step.failed", "message.dropped")
"""What an act of the operator ends may stand before the act."""

SEQS = ("after", "first", "bound", "drawn", "trigger")
"""Fields of an entry's data that point at entries."""

SELDOM = frozenset(
    (
        "abandoned",
        "computed twice",
        "turns alone",
        "forked",
        "hooks",
        "killed",
        "packed partitions",
        "partitions",
        "reloaded",
        "replayed",
        "restarted",
        "run",
        "wall",
    )
)
EVERY = 8
"""Ways that cost most, or differ least from another: `make test` takes each eighth of their cases."""

SLOW = frozenset(("an opening wait looks at no more than the newest 10,000, and says so",))
"""Cases of seconds: by a way that is gone seldom they are never in `make test`."""

FIRST = "batch of 1"
"""The way with which the others are compared in what a history's lines do not show."""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder in memory where there is one: a few thousand stores are made."""
    with _folder() as path:
        yield Path(path)


def _folder() -> tempfile.TemporaryDirectory[str]:
    memory = "/dev/shm"
    return tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None)


def _pairs() -> list[ParameterSet]:
    counts: Counter[str] = Counter()
    found = []
    for way, case in PAIRS:
        seldom = way in SELDOM and (counts[way] % EVERY or case.name in SLOW)
        marks = pytest.mark.long if seldom else ()
        counts[way] += 1
        found.append(pytest.param(way, case, marks=marks, id=f"{way}: {case.name}"))
    return found


@pytest.mark.parametrize(("way", "case"), _pairs())
def test_a_case_gives_its_history_by_every_way(way: str, case: Case, folder: Path) -> None:
    played = WAYS[way](case, folder)
    found = lines(played.entries, None if way == "run" else START)
    shown = [
        want if want is not None and got is not None and fits(want, got) else got
        for want, got in zip_longest(case.lines, found)
    ]
    assert shown[: len(found)] == case.lines
    assert not played.faults
    if played.full is not None and way != FIRST and reason_against(case, FIRST) is None:
        assert _details(played.full) == _details(_first(case))


@pytest.mark.parametrize(
    "case", [case for case in CASES if reason_against(case, FIRST) is None], ids=lambda case: case.name
)
def test_every_entry_names_its_cause_and_time_goes_one_way(case: Case) -> None:
    entries = _first(case)
    kinds = {e.seq: e.kind for e in entries}
    for e in entries:
        if e.cause is not None:
            assert e.cause < e.seq or e.kind in CLOSED, f"{e} comes before its cause"
            assert kinds[e.cause] in CAUSES, f"{e} was caused by {kinds[e.cause]}"
        elif e.journey is not None:
            assert e.kind in CAUSES - {"step.started"}, f"{e} has no cause"
    # Deadlines that stood by come behind what was recorded meanwhile.
    moments = [] if any(isinstance(op, Unpause) for op in case.script) else [e.at for e in entries]
    assert moments == sorted(moments)


@cache
def _first(case: Case) -> list[Entry]:
    with _folder() as folder:
        full = WAYS[FIRST](case, Path(folder)).full
    assert full is not None
    return full


def _details(entries: list[Entry]) -> list[tuple[Any, ...]]:
    """All that an entry holds but how late it was and which code made it; causes by their place."""
    kept = [e for e in entries if e.kind not in LEFT_OUT]
    place = {e.seq: index for index, e in enumerate(kept)}

    def facts(kind: str, data: Any) -> str:
        if kind == "event" or not isinstance(data, dict):
            return str(data)
        told: dict[str, Any] = {
            name: place.get(value) if name in SEQS else value for name, value in data.items()
        }
        if "waits" in told:
            told["waits"] = {place.get(int(seq)): changed for seq, changed in told["waits"].items()}
        return str(told)

    return [
        (
            *(e.at, e.kind, e.user, e.journey, e.pass_number, e.name, e.key, e.line),
            *(e.message, e.level, e.id, facts(e.kind, e.data), place.get(e.cause or 0)),
        )
        for e in kept
    ]


def test_no_case_is_left_out_without_a_reason() -> None:
    for case in CASES:
        assert set(case.not_by) <= set(WAYS), f"{case} names a way that there is not"
        assert all(case.not_by.values())
        played = {way for way, other in PAIRS if other is case}
        assert len(played) >= 2, f"{case} goes one way only, so nothing is compared"


def test_each_case_has_a_name_of_its_own() -> None:
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names)
