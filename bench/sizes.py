"""How much is measured: in full, quickly, or just enough to see that the measuring works."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sizes:
    """Counts for each measurement."""

    users: int = 20_000
    many_users: int = 500_000
    clients: int = 1_000
    """Callers of `ingest` at a time."""
    repeat: int = 3
    """Runs of which the median counts, where a run is short."""
    events: int = 10_000
    """Of one user."""
    awaited: int = 1_000
    """Waits of one journey."""
    ingests: int = 1_000
    sends: int = 200
    command_sends: int = 20
    posted: int = 16_000
    """Events by HTTP."""
    waiting: int = 1_000_000
    idle_seconds: float = 10.0
    restarts: int = 3
    saves: int = 20
    reloaded: int = 100_000
    """Who wait when a file is saved."""
    deadlines: int = 1_000
    many_deadlines: int = 20_000
    virtual_deadlines: int = 50_000
    commands: int = 10
    made_up_users: int = 10_000
    many_made_up_users: int = 100_000
    screen_users: int = 1_000_000
    past_users: int = 1_000_000
    past_moves: int = 100
    """Of the time cursor, steps and jumps each."""
    filtered_users: int = 200_000
    filters: int = 10
    flood: int = 5_000
    """Events a second."""
    presses: int = 50
    screen_waits: int = 363
    rest_seconds: float = 20.0
    """How long the screen is looked at while nothing happens."""


FULL = Sizes()

QUICK = Sizes(
    many_users=50_000,
    repeat=1,
    ingests=300,
    sends=50,
    command_sends=10,
    posted=8_000,
    waiting=100_000,
    idle_seconds=5.0,
    restarts=1,
    saves=10,
    reloaded=20_000,
    virtual_deadlines=20_000,
    commands=5,
    made_up_users=2_000,
    many_made_up_users=4_000,
    screen_users=100_000,
    past_users=100_000,
    past_moves=50,
    presses=20,
    rest_seconds=10.0,
)

SMOKE = Sizes(
    made_up_users=50,
    many_made_up_users=100,
    users=300,
    many_users=600,
    clients=50,
    repeat=1,
    events=500,
    awaited=50,
    ingests=20,
    sends=5,
    command_sends=2,
    posted=320,
    waiting=2_000,
    idle_seconds=0.5,
    restarts=1,
    saves=2,
    reloaded=500,
    deadlines=50,
    many_deadlines=100,
    virtual_deadlines=200,
    commands=1,
    screen_users=2_000,
    past_users=2_000,
    past_moves=3,
    filtered_users=2_000,
    filters=2,
    flood=500,
    presses=3,
    rest_seconds=1.0,
)
