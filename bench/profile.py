"""Where the time of completed reference journeys goes: `python -m bench.profile [--journeys N]`.

Two runs in this process. The first takes the time of a batch's stages and of each
statement, which costs the run nothing to speak of: these are true shares. The second
runs the engine's thread under cProfile, which makes small functions look dearer than
they are: read its order, not its seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import gc
import pstats
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, get_args

from bench.checks import count_journeys, expect
from bench.fresh import ROOT
from bench.journeys import Order, chunks, reference, reference_events
from bench.machine import pin
from bench.session import temporary_folder
from studio import Engine
from studio.engine.loop import scheduler
from studio.engine.work.batch import Batch
from studio.engine.work.unit_of_work import StoreUnit
from studio.language.kinds import Status
from studio.store.changes import Changes, Row
from studio.store.database import Durability
from studio.store.sqlite import Store
from studio.store.staged import StagedRows

ENGINE_THREAD = "journey-engine"
STAGES: tuple[tuple[Any, str, str], ...] = (
    (scheduler, "prefetch", "read ahead what the events need"),
    (Batch, "event", "handle events: drive journeys, decide"),
    (StoreUnit, "finish", "gather what is to be written"),
    (Changes, "staged", "put the rows that are many into tables in memory"),
    (Store, "write", "write, in one transaction"),
)
"""What a batch goes through: where it is, and what it does."""

Spent = dict[str, float]
"""Seconds by name."""


def main() -> None:
    """Run twice and print both; once with `--top 0`."""
    parser = argparse.ArgumentParser(prog="python -m bench.profile", description="Say where the time goes.")
    parser.add_argument("--journeys", type=int, default=20_000, metavar="N")
    parser.add_argument("--order", choices=get_args(Order), default="phases")
    parser.add_argument("--durability", choices=get_args(Durability), default="full")
    parser.add_argument(
        "--top", type=int, default=35, metavar="N", help="functions of each list; 0: no cProfile"
    )
    parser.add_argument("--dir", type=Path, default=ROOT, help="where the store lies; a disk")
    options = parser.parse_args()
    pin()
    with temporary_folder(options.dir) as folder:

        def run() -> float:
            store = Path(tempfile.mkdtemp(dir=folder)) / "profile.db"
            return _run(store, options.journeys, options.order, options.durability)

        with _stages() as (stages, statements), _collections() as collector:
            seconds = run()
        _print_stages(options.journeys, seconds, stages, statements)
        _print_spent(
            "garbage collector (within the stages)", list(collector.items()), options.journeys, seconds
        )
        if options.top == 0:
            return
        profiler = cProfile.Profile()
        with _profiled(profiler):
            slower = run()
    print(f"\ncProfile of the engine's thread ({slower:.1f} s, {slower / seconds:.1f} times the plain run)")
    statistics = pstats.Stats(profiler).strip_dirs()
    for order in ("tottime", "cumtime"):
        print(f"\n== by {order}")
        statistics.sort_stats(order).print_stats(options.top)


def _run(store: Path, journeys: int, order: Order, durability: Durability) -> float:
    async def ingest() -> float:
        async with Engine(reference, store=store, durability=durability) as engine:
            start = time.perf_counter()
            for chunk in chunks(reference_events(journeys, order)):
                await engine.ingest_many(chunk)
            return time.perf_counter() - start

    seconds = asyncio.run(ingest())
    expect("journeys completed", count_journeys(store, Status.COMPLETED), journeys)
    return seconds


# -- stages and statements ------------------------------------------------------------------


@contextmanager
def _stages() -> Iterator[tuple[Spent, Spent]]:
    """Take the time of stages and of statements; what was patched for it is put back."""
    stages: Spent = defaultdict(float)
    statements: Spent = defaultdict(float)
    kept: list[tuple[Any, str, Any]] = []

    def patch(owner: Any, name: str, make: Callable[[Any], Any]) -> None:
        original = getattr(owner, name)
        kept.append((owner, name, original))
        setattr(owner, name, make(original))

    def read(original: Callable[..., list[Row]]) -> Callable[..., list[Row]]:
        def rows(self: Store, statement: str, *values: Any) -> list[Row]:
            start = time.perf_counter()
            found = original(self, statement, *values)
            statements[_first_words(statement)] += time.perf_counter() - start
            return found

        return rows

    def written(original: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def each(self: Any) -> Iterator[tuple[str, Any]]:
            # Between two items the writer runs the statement of the first.
            for statement, rows in original(self):
                start = time.perf_counter()
                yield statement, rows
                statements[_first_words(statement)] += time.perf_counter() - start

        return each

    try:
        for owner, name, what in STAGES:
            patch(owner, name, _timed(stages, what))
        patch(Store, "rows", read)
        for owner, name in ((Changes, "statements"), (Changes, "behind"), (StagedRows, "moves")):
            patch(owner, name, written)
        yield stages, statements
    finally:
        for owner, name, original in reversed(kept):
            setattr(owner, name, original)


@contextmanager
def _collections() -> Iterator[Spent]:
    """Take the time of Python's garbage collector, which falls to whoever happens to allocate."""
    spent: Spent = defaultdict(float)
    start = 0.0

    def called(phase: str, info: dict[str, int]) -> None:
        nonlocal start
        if phase == "start":
            start = time.perf_counter()
        else:
            spent[f"generation {info['generation']}"] += time.perf_counter() - start

    gc.callbacks.append(called)
    try:
        yield spent
    finally:
        gc.callbacks.remove(called)


def _timed(spent: Spent, what: str) -> Callable[[Any], Any]:
    def make(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            start = time.perf_counter()
            try:
                return original(*args, **kwargs)
            finally:
                spent[what] += time.perf_counter() - start

        return call

    return make


def _first_words(statement: str) -> str:
    """A statement as a table can show it."""
    text = " ".join(statement.split())
    if text.startswith("SELECT") and " FROM " in text:
        text = "SELECT … " + text[text.index(" FROM ") + 1 :]
    return text if len(text) <= 76 else text[:75] + "…"


def _print_stages(journeys: int, seconds: float, stages: Spent, statements: Spent) -> None:
    print(
        f"{journeys:,} journeys in {seconds:.2f} s: {journeys / seconds:,.0f} a second, "
        f"{seconds / journeys * 1e6:.1f} µs each\n"
    )
    # One is a part of the other.
    stages["write, in one transaction"] -= stages["put the rows that are many into tables in memory"]
    rest = seconds - sum(stages.values())
    _print_spent(
        "stages",
        [*((what, stages[what]) for *_, what in STAGES), ("the rest: check events, queue, answer", rest)],
        journeys,
        seconds,
    )
    shown = sorted(statements.items(), key=lambda item: -item[1])[:16]
    _print_spent("statements (within the stages)", shown, journeys, seconds)
    inside = sum(spent for name, spent in statements.items() if not name.startswith(("SELECT", "PRAGMA")))
    begin = stages["write, in one transaction"] - inside
    _print_spent("", [("BEGIN and COMMIT", begin)], journeys, seconds)


def _print_spent(title: str, spent: Sequence[tuple[str, float]], journeys: int, seconds: float) -> None:
    if title:
        print(f"{title:<78} µs a journey   share")
    for what, took in spent:
        print(f"  {what:<76} {took / journeys * 1e6:12.1f} {took / seconds * 100:6.1f}%")
    print()


# -- cProfile ------------------------------------------------------------------------------


@contextmanager
def _profiled(profiler: cProfile.Profile) -> Iterator[None]:
    """Run the engine's thread, and no other, under a profiler."""
    run = threading.Thread.run

    def profiled(self: threading.Thread) -> None:
        if self.name == ENGINE_THREAD:
            profiler.runcall(run, self)
        else:
            run(self)

    threading.Thread.run = profiled  # type: ignore[method-assign]
    try:
        yield
    finally:
        threading.Thread.run = run  # type: ignore[method-assign]


if __name__ == "__main__":
    main()
