"""The groups of rows: what is measured for each, and what is asked of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bench import (
    commands,
    deadlines,
    event_file,
    latency,
    long_pass,
    long_user,
    posts,
    rates,
    raw,
    reload,
    screen,
    sends,
    simulated,
    sink,
    time_cursor,
    waiting,
)
from bench.big_store import ENTRIES
from bench.checks import BenchError
from bench.numbers import Numbers
from bench.session import Session
from bench.table import Row, Target

JOURNEYS = "journeys/s"
POSTERS = 16
"""Connections of the process that posts."""


def measure(session: Session, name: str) -> Iterator[Row]:
    """The rows of a group. One that cannot be measured is a row too, and the others go on."""
    try:
        yield from GROUPS[name](session)
    except BenchError as error:
        yield Row(name, name, None, "", problem=str(error))


def _raw(session: Session) -> Iterator[Row]:
    users = session.sizes.users
    for durability in ("full", "normal"):
        ours = _reference(session, durability)["journeys_per_s"]
        bare = session.measure(raw.rows, repeat=session.sizes.repeat, users=users, durability=durability)
        short = durability.upper()
        per_journey = f"{bare['rows_per_journey']:.0f} history rows a journey"
        yield Row("raw", f"raw SQLite, {per_journey}, {short}", bare["journeys_per_s"], JOURNEYS)
        yield Row(
            "raw", f"raw SQLite, rows of every table, {short}", bare["every_table_journeys_per_s"], JOURNEYS
        )
        yield Row(
            "raw",
            f"ours / raw history rows, {short}",
            ours / bare["journeys_per_s"] * 100,
            "%",
            is_ratio=True,
        )
        every = ours / bare["every_table_journeys_per_s"] * 100
        yield Row("raw", f"ours / raw rows of every table, {short}", every, "%", is_ratio=True)


def _journeys(session: Session) -> Iterator[Row]:
    sizes = session.sizes
    users, repeat = sizes.users, sizes.repeat
    target = Target("at least", 10_000, aim=20_000)

    def row(what: str, numbers: Numbers, target: Target | None = None) -> Row:
        return Row("journeys", f"{users:,} users, {what}", numbers["journeys_per_s"], JOURNEYS, target)

    full = _reference(session, "full")
    yield row("FULL (outlives a power cut)", full, target)
    yield row("NORMAL (outlives a kill)", _reference(session, "normal"))
    interleaved = session.measure(rates.bulk, repeat=repeat, users=users, order="interleaved")
    yield row("sign-ups and activations interleaved", interleaved)
    yield row(
        "100 bytes of data in each event",
        session.measure(rates.bulk, repeat=repeat, users=users, with_data=True),
    )
    single = session.measure(rates.single, repeat=repeat, users=users, clients=sizes.clients)
    yield row(f"one await ingest an event, {sizes.clients:,} at a time", single)
    share = single["journeys_per_s"] / full["journeys_per_s"] * 100
    yield Row("journeys", "one await ingest an event / ingest_many", share, "%", is_ratio=True)
    yield Row("journeys", "store, a completed journey", full["store_bytes_per_journey"], "bytes")


def _file(session: Session) -> Iterator[Row]:
    """The way in of who comes by the command line: what is printed goes to a file."""
    users, repeat = session.sizes.users, session.sizes.repeat
    full = _reference(session, "full")["journeys_per_s"]
    target = Target("at least", 80)
    for options, words in (([], ""), (["--json"], " --json"), (["--acks", "1"], " --acks 1")):
        numbers = session.measure(event_file.run, repeat=repeat, users=users, options=options)
        command = f"run --events FILE{words}"
        share = numbers["journeys_per_s"] / full * 100
        what = f"{command}, whole process / in process"
        yield Row("file", what, share, "%", target, is_ratio=True)
        yield Row("file", f"{users:,} users, {command}", numbers["journeys_per_s"], JOURNEYS)


def _many(session: Session) -> Iterator[Row]:
    users = session.sizes.many_users
    few = _reference(session, "full")["journeys_per_s"]
    many = session.measure(rates.bulk, users=users, durability="full")
    yield Row("many", f"{users:,} users, FULL", many["journeys_per_s"], JOURNEYS)
    share = many["journeys_per_s"] / few * 100
    what = f"rate at {users:,} users / rate at {session.sizes.users:,}"
    yield Row("many", what, share, "%", Target("at least", 80), is_ratio=True)
    yield Row("many", f"resident after {users:,} users", many["rss_mb"], "MB")


def _reference(session: Session, durability: str) -> Numbers:
    """The run against which others are held."""
    return session.measure(
        rates.bulk, repeat=session.sizes.repeat, users=session.sizes.users, durability=durability
    )


def _events(session: Session) -> Iterator[Row]:
    count = session.sizes.events
    cases = (
        ("no match", "events that an open wait refuses"),
        ("pass", "events that each begin a pass"),
    )
    for case, what in cases:
        numbers = session.measure(long_user.events, count=count, case=case)
        yield Row("events", f"{what}: the first hundred, each", numbers["first_us"], "µs")
        yield Row("events", f"{what}: up to the {count:,}th, each", numbers["last_us"], "µs")
        # The same cost, as far as two medians of a hundred can say.
        yield Row(
            "events",
            f"{what}: last / first",
            numbers["ratio"] * 100,
            "%",
            Target("under", 125),
            is_ratio=True,
        )


def _passes(session: Session) -> Iterator[Row]:
    """Not in a straight line, it was the square that kept everybody waiting."""
    count = session.sizes.awaited
    for many, case, what in (
        (count, "waits", "waits of one journey answered by as many events at once"),
        (2 * count, "waits", "the same"),
        (4 * count, "sleeps", "sleeps of no time in one journey"),
    ):
        numbers = session.measure(long_pass.at_once, count=many, case=case)
        target = Target("under", 0.3 * many / 1_000)
        yield Row("passes", f"{many:,} {what}: until completed", numbers["done_s"], "s", target)
        yield Row("passes", f"{many:,} {what}: until another user is answered", numbers["other_s"], "s")


def _latency(session: Session) -> Iterator[Row]:
    count = session.sizes.ingests
    numbers = session.measure(latency.ingest, count=count)
    what = f"ingest to an idle engine, {count:,} times, until durable"
    yield Row("latency", f"{what}, p50", numbers["p50_ms"], "ms", Target("under", 2))
    yield Row("latency", f"{what}, p99", numbers["p99_ms"], "ms", Target("under", 10))


def _send(session: Session) -> Iterator[Row]:
    count = session.sizes.sends
    numbers = session.measure(sends.function, count=count)
    what = f"send of another process, {count:,} times, until durable"
    yield Row("send", f"{what}, p50", numbers["p50_ms"], "ms", Target("under", 100))
    yield Row("send", f"{what}, p99", numbers["p99_ms"], "ms", Target("under", 100))
    count = session.sizes.command_sends
    numbers = session.measure(sends.command_line, count=count)
    what = f"journey-studio send, {count:,} times, start until durable"
    yield Row("send", f"{what}, p50", numbers["p50_ms"], "ms")
    yield Row("send", f"{what}, p99", numbers["p99_ms"], "ms")


def _http(session: Session) -> Iterator[Row]:
    count = session.sizes.posted
    for events, what, target in (
        (100, "100 a request", Target("at least", 5_000)),
        (10, "10 a request", Target("at least", 5_000)),
        (1, "one a request", None),
    ):
        requests = max(1, count // POSTERS // events)
        numbers = session.measure(posts.inngest, connections=POSTERS, requests=requests, events=events)
        what = f"events by HTTP on {POSTERS} connections, {what}"
        yield Row("http", what, numbers["events_per_s"], "events/s", target)


def _sink(session: Session) -> Iterator[Row]:
    users, repeat = session.sizes.users, session.sizes.repeat
    for batch, target in ((1_000, Target("at least", 5_000)), (100, None)):
        numbers = session.measure(sink.turns, repeat=repeat, users=users, batch=batch)
        what = f"turns of {users:,} users of another driver into one store, {batch:,} at a time"
        yield Row("sink", what, numbers["turns_per_s"], "turns/s", target)


def _simulate(session: Session) -> Iterator[Row]:
    sizes = session.sizes
    count = sizes.made_up_users
    few = session.measure(simulated.users, count=count)
    what = f"{count:,} made-up users, 90 days"
    allowed = 30 * count / 10_000
    yield Row("simulate", f"{what}: until all are counted", few["seconds"], "s", Target("under", allowed))
    many = session.measure(simulated.users, count=sizes.many_made_up_users)
    what = f"{sizes.many_made_up_users:,} made-up users: resident"
    yield Row("simulate", what, many["rss_mb"], "MB", Target("under", 500))
    share = many["users_per_s"] / few["users_per_s"] * 100
    what = f"rate of {sizes.many_made_up_users:,} made-up users / rate of {count:,}"
    yield Row("simulate", what, share, "%", is_ratio=True)


def _waiting(session: Session) -> Iterator[Row]:
    sizes = session.sizes
    count = sizes.waiting
    numbers = session.measure(
        waiting.journeys, count=count, idle_seconds=sizes.idle_seconds, restarts=sizes.restarts
    )
    what = f"{count:,} waiting"
    cpu = f"{what}: idle CPU over {sizes.idle_seconds:g} s"
    yield Row("waiting", cpu, numbers["idle_cpu_percent"], "%", Target("under", 1))
    yield Row("waiting", f"{what}: resident", numbers["rss_mb"], "MB", Target("under", 150))
    yield Row("waiting", f"{what}: resident after a restart", numbers["rss_restarted_mb"], "MB")
    # Disk grows with the journeys, so fewer of them may take less.
    allowed = 700 * count / 1_000_000
    yield Row("waiting", f"{what}: store on disk", numbers["store_mb"], "MB", Target("under", allowed))
    # The slowest of the restarts.
    wake = f"{what}: start after kill -9 until the first wake is durable"
    yield Row("waiting", wake, numbers["first_wake_s"], "s", Target("under", 1))


def _deadlines(session: Session) -> Iterator[Row]:
    sizes = session.sizes
    few = session.measure(deadlines.same_instant, count=sizes.deadlines)
    what = f"{sizes.deadlines:,} deadlines at one instant: p99 late, until durable"
    yield Row("deadlines", what, few["p99_late_ms"], "ms", Target("under", 100))
    many = session.measure(deadlines.same_instant, count=sizes.many_deadlines)
    what = f"{sizes.many_deadlines:,} deadlines at one instant: until all are durable"
    yield Row("deadlines", what, many["all_served_ms"] / 1e3, "s", Target("under", 2))
    jump = session.measure(deadlines.virtual, count=sizes.virtual_deadlines)
    what = f"virtual time, {sizes.virtual_deadlines:,} deadlines"
    yield Row("deadlines", what, jump["deadlines_per_s"], "deadlines/s", Target("at least", 10_000))


def _commands(session: Session) -> Iterator[Row]:
    repeat = session.sizes.commands
    target = Target("under", 500)
    for name, run in (("--help", commands.help), ("send", commands.send)):
        numbers = session.measure(run, repeat=1, times=repeat)
        what = f"journey-studio {name}, median of {repeat}"
        yield Row("commands", what, numbers["median_ms"], "ms", target)


def _reload(session: Session) -> Iterator[Row]:
    sizes = session.sizes
    saved = session.measure(reload.saves, count=sizes.saves)
    what = f"from save to the new code running, {sizes.saves} times"
    yield Row("reload", f"{what}, p50", saved["p50_ms"], "ms")
    yield Row("reload", f"{what}, slowest", saved["max_ms"], "ms", Target("under", 300))
    count = sizes.reloaded
    for differ, words in ((True, "each gets another deadline"), (False, "nothing differs")):
        numbers = session.measure(reload.waiting, count=count, differ=differ)
        what = f"{count:,} who wait go over, {words}"
        yield Row("reload", what, numbers["seconds"], "s", Target("under", 30))
        slowest = f"{what}: slowest ingest meanwhile"
        yield Row("reload", slowest, numbers["ingest_ms"], "ms", Target("under", 50))


def _studio(session: Session) -> Iterator[Row]:
    sizes = session.sizes
    users = sizes.screen_users
    opened = session.measure(screen.opening, users=users)
    what = f"studio on {users:,} users, {users * ENTRIES:,} entries"
    yield Row("studio", f"{what}: first paint", opened["first_paint_s"], "s", Target("under", 0.7))
    yield Row("studio", f"{what}: the first users on the screen", opened["first_users_s"], "s")
    yield Row("studio", f"{what}: resident", opened["rss_mb"], "MB", Target("under", 200))
    filtered = session.measure(screen.filtering, users=sizes.filtered_users, tries=sizes.filters)
    what = f"studio, a filter over {sizes.filtered_users:,} users: its first hit"
    yield Row("studio", f"{what}, p50", filtered["first_hit_p50_s"], "s", Target("under", 0.3))
    yield Row("studio", f"{what}, slowest", filtered["first_hit_max_s"], "s")
    rate = sizes.flood
    flood = session.measure(screen.answering, rate=rate, presses=sizes.presses)
    yield Row(
        "studio", "studio: from another process's send to the screen, p50", flood["arrival_p50_ms"], "ms"
    )
    yield Row("studio", "studio: the same, p99", flood["arrival_p99_ms"], "ms", Target("under", 100))
    what = f"studio while {rate:,} events a second come"
    yield Row("studio", f"{what}: events that came, each second", flood["events_per_s"], "/s")
    yield Row("studio", f"{what}: a key is answered, p50", flood["key_p50_ms"], "ms")
    yield Row("studio", f"{what}: a key is answered, p99", flood["key_p99_ms"], "ms", Target("under", 100))
    yield Row("studio", f"{what}: redraws", flood["frames_per_s"], "/s", Target("under", 30.5))
    for waits, most in ((sizes.screen_waits, 3), (0, 1)):
        rest = session.measure(screen.resting, waits=waits, seconds=sizes.rest_seconds)
        what = f"studio, {waits:,} waits, nothing happens: CPU over {sizes.rest_seconds:g} s"
        yield Row("studio", what, rest["cpu_percent"], "%", Target("under", most))


def _past(session: Session) -> Iterator[Row]:
    users = session.sizes.past_users
    numbers = session.measure(time_cursor.past, users=users, moves=session.sizes.past_moves)
    what, panes = f"time cursor on {users * ENTRIES:,} entries", "and what all panes show, p95"
    yield Row("past", f"{what}: a step {panes}", numbers["step_p95_ms"], "ms", Target("under", 100))
    yield Row("past", f"{what}: a jump {panes}", numbers["jump_p95_ms"], "ms", Target("under", 300))
    yield Row("past", f"{what}: its counts, of the store", numbers["share_percent"], "%", Target("under", 3))
    yield Row("past", f"{what}: counts of a store that has none", numbers["fill_s"], "s")


GROUPS: dict[str, Callable[[Session], Iterator[Row]]] = {
    "journeys": _journeys,
    "file": _file,
    "many": _many,
    "raw": _raw,
    "events": _events,
    "passes": _passes,
    "latency": _latency,
    "send": _send,
    "http": _http,
    "sink": _sink,
    "simulate": _simulate,
    "waiting": _waiting,
    "deadlines": _deadlines,
    "reload": _reload,
    "commands": _commands,
    "studio": _studio,
    "past": _past,
}
"""In the order of the table."""
