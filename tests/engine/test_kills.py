"""kill -9 of a real process, many times at random moments (its other half is kill_child.py)."""

from __future__ import annotations

import contextlib
import json
import random
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from studio.language.kinds import Kind
from tests.engine.support import ROOT, entries, sound

CHILD = Path(__file__).with_name("kill_child.py")
SECONDS = 8.0
"""How long there are kills; a few seconds more are needed to come to the end."""
KILLS, ORDERS = 5, 21
"""At the least."""
USERS = 8

Line = tuple[str, str, str, dict[str, int]]


class Other:
    """The process that is killed, and the acknowledgements that came from it."""

    def __init__(self, store: Path, ledger: Path, acknowledged: set[str], *, staged: bool) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(CHILD), str(store), str(ledger), *(["staged"] if staged else [])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        self.acknowledged = acknowledged
        self.ready = threading.Event()
        self.done = threading.Event()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            # A kill may cut a line; what has no end was not said.
            if not line.endswith("\n"):
                continue
            word = line.strip()
            if word == "ready":
                self.ready.set()
            elif word == "done":
                self.done.set()
            else:
                self.acknowledged.add(word)

    def send(self, lines: list[Line]) -> bool:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write("".join(json.dumps(line) + "\n" for line in lines))
            self._process.stdin.flush()
        except BrokenPipeError:
            return False
        return True

    def kill(self) -> None:
        self._process.kill()
        self.wait()

    def end(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()

    def wait(self) -> int:
        code = self._process.wait(60)
        self._reader.join(60)
        assert self._process.stdout is not None
        assert self._process.stdin is not None
        self._process.stdout.close()
        if code < 0:
            # The rest of what was written into the pipe goes nowhere.
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
        return code


def made(n: int, dice: random.Random) -> list[Line]:
    """The events about one order: perhaps it is paid, at once or later; and a tick."""
    user = f"user{n % USERS}"
    lines: list[Line] = [(f"order-{n}", "order", user, {"n": n})]
    if dice.random() < 0.6:
        lines.append((f"paid-{n}", "paid", user, {"n": n}))
    lines.append((f"tick-{n}", "tick", user, {"n": n}))
    return lines


@pytest.mark.xdist_group("kills")
def test_kill_9_at_any_moment_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    dice = random.Random(seed)
    store, ledger = tmp_path / "studio.db", tmp_path / "ledger.txt"
    ledger.touch()
    acknowledged: set[str] = set()
    acknowledged_at_kill: list[int] = []
    sent: dict[str, Line] = {f"hello-{u}": (f"hello-{u}", "hello", f"user{u}", {}) for u in range(USERS)}
    orders, kills = 0, 0
    end = time.monotonic() + SECONDS
    # A machine that is busy gets the time it needs to see enough.
    while time.monotonic() < end or kills < KILLS or orders < ORDERS:
        assert time.monotonic() < end + 10 * SECONDS, f"{kills} kills, {orders} orders"
        # Every second one writes each batch as those of a flood are written.
        other = Other(store, ledger, acknowledged, staged=kills % 2 == 1)
        # Some are killed while they start, most while they work.
        patience = time.monotonic() + dice.uniform(0.1, 1.4)
        other.send([line for id, line in list(sent.items()) if id not in acknowledged])
        while time.monotonic() < patience:
            if other.ready.is_set() and len(sent) - len(acknowledged) < 200:
                fresh = made(orders, dice)
                orders += 1
                sent.update({line[0]: line for line in fresh})
                if not other.send(fresh):
                    break
            time.sleep(dice.uniform(0, 0.01))
        other.kill()
        kills += 1
        acknowledged_at_kill.append(len(acknowledged))
        # What was acknowledged is there, now and not only in the end.
        kept = ids(store)
        assert acknowledged <= set(kept), sorted(acknowledged - set(kept))
        assert max(kept.values(), default=1) == 1
        sound_now(store)

    other = Other(store, ledger, acknowledged, staged=True)
    other.send([line for id, line in sent.items() if id not in acknowledged])
    other.end()
    assert other.wait() == 0
    assert acknowledged == set(sent)
    print(f"{kills} kills, {orders} orders, {len(sent)} events")
    check(store, ledger, orders)


def ids(store: Path) -> Counter[str]:
    """How often each id is in the history."""
    if not store.exists():
        return Counter()
    con = sqlite3.connect(store)
    try:
        if not con.execute("SELECT 1 FROM sqlite_master WHERE name = 'history'").fetchone():
            return Counter()
        return Counter(id for (id,) in con.execute("SELECT id FROM history WHERE id IS NOT NULL").fetchall())
    finally:
        con.close()


def sound_now(store: Path) -> None:
    """Between two lives a store is whole: only committed batches are in it."""
    con = sqlite3.connect(store)
    try:
        whole = con.execute("SELECT 1 FROM sqlite_master WHERE name = 'totals'").fetchone()
    finally:
        con.close()
    if whole:
        sound(store)


def check(store: Path, ledger: Path, orders: int) -> None:
    """Every order was carried to its end, each thing in it done once."""
    sound(store)
    by_journey: dict[str, list[tuple[str, str | None]]] = {}
    results = {}
    opened: Counter[tuple[str | None, int | None, str | None]] = Counter()
    ended: Counter[tuple[str | None, int | None, str | None]] = Counter()
    for entry in entries(store):
        assert entry.kind not in ("journey.failed", "journey.cancelled"), entry
        if entry.kind == "log":
            assert entry.journey is not None
            by_journey.setdefault(entry.journey, []).append((entry.kind, entry.message))
        elif entry.kind == "journey.completed":
            assert entry.journey not in results
            results[entry.journey] = entry.data["result"]
        elif entry.kind in ("wait.opened", "sleep.opened", "step.started", "step.retry"):
            opened[(entry.journey, entry.pass_number, entry.key)] += 1
        elif entry.kind in (
            "wait.matched",
            "wait.timeout",
            "wait.closed",
            "sleep.done",
            "sleep.closed",
            "step.done",
            "step.failed",
        ):
            ended[(entry.journey, entry.pass_number, entry.key)] += 1
    assert max(ended.values()) == 1
    assert len(results) == orders
    closed = Counter(e.data["n"] for e in entries(store, "event") if e.name == "order/closed")
    keys: dict[int, set[str]] = {}
    for line in ledger.read_text().splitlines():
        _, number, key = line.split()
        keys.setdefault(int(number), set()).add(key)
    for n in range(orders):
        id = f"order/user{n % USERS}/{n}"
        result = results[id]
        paid = result["paid"]
        assert by_journey[id] == [
            ("log", f"order {n}"),
            ("log", f"charged {n}"),
            ("log", f"paid {n} {paid}"),
            ("log", f"closed {n}"),
        ]
        assert closed[n] == 1
        if result["receipt"] is not None:
            # Run once or more often, always with the same idempotency key.
            assert len(keys[n]) == 1
    # Nothing of an order is left open; each user waits for the next tick.
    con = sqlite3.connect(store)
    assert con.execute("SELECT kind, count(*) FROM waits GROUP BY kind").fetchall() == [
        (Kind.WAIT_OPENED, USERS)
    ]
    con.close()
    left = {key for key, count in opened.items() if key not in ended and count}
    assert {journey for journey, _, _ in left} == {f"ticks/user{u}" for u in range(USERS)}
    for u in range(USERS):
        ticks = [int((message or "").split()[1]) for _, message in by_journey.get(f"ticks/user{u}", [])]
        # Each tick once, in the order in which the store accepted them.
        accepted = [
            e.data["n"]
            for e in entries(store, "event", user=f"user{u}")
            if e.name == "tick" and e.seq > hello(store, u)
        ]
        assert ticks == accepted


def hello(store: Path, user: int) -> int:
    """Where the journey that counts ticks began."""
    (found,) = [e.seq for e in entries(store, "event", user=f"user{user}") if e.name == "hello"]
    return found
