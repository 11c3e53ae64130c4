"""Tables and indexes of a store.

`history` is the one truth, append-only; the tables below "derived" say what it
amounts to now and can be rebuilt from it (`rebuild.py`). The row diet decides the
speed: users, journeys, names and places are integers, each row of `history` stands
in as few indexes as its look-ups need, and rowids are handed out by the engine.
"""

from __future__ import annotations

VERSION = 2
"""How many migrations this program knows; a store with more was made by a newer one."""

MIGRATION_SET = "journey-studio"
"""Under this name a store keeps which migrations it has seen (`migrations.py`)."""


class Kind:
    """What an entry of the history says. Stored; so numbers are never given twice.

    Plain whole numbers, no `IntEnum`: in Python 3.11 looking up a member costs seven times
    as much as an attribute, and a journey does so a hundred times.
    """

    EVENT = 1
    WAIT_OPENED = 10
    WAIT_MATCHED = 11
    WAIT_TIMEOUT = 12
    WAIT_CLOSED = 13
    # A group (wait_any, wait_all) is a wait whose outcome names its members.
    GROUP_OPENED = 15
    GROUP_MATCHED = 16
    GROUP_TIMEOUT = 17
    GROUP_CLOSED = 18
    SLEEP_OPENED = 20
    SLEEP_DONE = 21
    SLEEP_CLOSED = 23
    STEP_STARTED = 30
    STEP_RETRY = 31
    STEP_DONE = 32
    STEP_FAILED = 33
    LOG_DEBUG = 40
    LOG = 41
    LOG_WARNING = 42
    LOG_ERROR = 43
    NOTE = 44
    STARTED = 50
    PASS = 51
    COMPLETED = 52
    FAILED = 53
    EXITED = 54
    CANCELLED = 55
    RESUMED = 56
    RESTARTED = 57
    MOVED = 58
    WORKFLOW_LOADED = 70
    WORKFLOW_FAILED = 71
    CLOCK_MOVED = 72
    USER_ERASED = 73


KIND_TEXT: dict[int, str] = {
    Kind.EVENT: "event",
    Kind.WAIT_OPENED: "wait.opened",
    Kind.WAIT_MATCHED: "wait.matched",
    Kind.WAIT_TIMEOUT: "wait.timeout",
    Kind.WAIT_CLOSED: "wait.closed",
    Kind.GROUP_OPENED: "wait.opened",
    Kind.GROUP_MATCHED: "wait.matched",
    Kind.GROUP_TIMEOUT: "wait.timeout",
    Kind.GROUP_CLOSED: "wait.closed",
    Kind.SLEEP_OPENED: "sleep.opened",
    Kind.SLEEP_DONE: "sleep.done",
    Kind.SLEEP_CLOSED: "sleep.closed",
    Kind.STEP_STARTED: "step.started",
    Kind.STEP_RETRY: "step.retry",
    Kind.STEP_DONE: "step.done",
    Kind.STEP_FAILED: "step.failed",
    Kind.LOG_DEBUG: "log",
    Kind.LOG: "log",
    Kind.LOG_WARNING: "log",
    Kind.LOG_ERROR: "log",
    Kind.NOTE: "log",
    Kind.STARTED: "journey.started",
    Kind.PASS: "journey.pass",
    Kind.COMPLETED: "journey.completed",
    Kind.FAILED: "journey.failed",
    Kind.EXITED: "journey.exited",
    Kind.CANCELLED: "journey.cancelled",
    Kind.RESUMED: "journey.resumed",
    Kind.RESTARTED: "journey.restarted",
    Kind.MOVED: "journey.moved",
    Kind.WORKFLOW_LOADED: "workflow.loaded",
    Kind.WORKFLOW_FAILED: "workflow.failed",
    Kind.CLOCK_MOVED: "clock.moved",
    Kind.USER_ERASED: "user.erased",
}

LEVELS: dict[str, int] = {
    "debug": Kind.LOG_DEBUG,
    "info": Kind.LOG,
    "warning": Kind.LOG_WARNING,
    "error": Kind.LOG_ERROR,
    "note": Kind.NOTE,
}
"""The level of a log entry is its kind, so that a filter by level reads no text."""

LEVEL_OF = {kind: level for level, kind in LEVELS.items()}


class Status:
    """Where a journey is. Plain numbers, as `Kind`."""

    WAITING = 1
    """In a pass, at an await."""
    IDLE = 2
    """Its pass returned None; the next trigger starts another."""
    COMPLETED = 3
    FAILED = 4
    EXITED = 5
    CANCELLED = 6


STATUS_TEXT: dict[int, str] = {
    Status.WAITING: "waiting",
    Status.IDLE: "idle",
    Status.COMPLETED: "completed",
    Status.FAILED: "failed",
    Status.EXITED: "exited",
    Status.CANCELLED: "cancelled",
}

OPEN = (Status.WAITING, Status.IDLE, Status.FAILED)
"""A journey that a new trigger does not start afresh, also not with `again=`."""

# Rows of `totals`: a total's `kind` is a Kind, one of these, or STATUS + a Status.
TOTAL_USERS = 1001
TOTAL_WAITS = 1002
TOTAL_STATUS = 2000

TABLES = """
CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT
) WITHOUT ROWID;

CREATE TABLE names (               -- each text once: event and step names, workflows, places
    id   INTEGER PRIMARY KEY,
    text TEXT NOT NULL UNIQUE
);

CREATE TABLE codes (               -- every version of a workflow's source that ran here
    id       INTEGER PRIMARY KEY,
    workflow TEXT NOT NULL,
    hash     TEXT NOT NULL,
    file     TEXT NOT NULL,
    source   TEXT NOT NULL,
    at       INTEGER NOT NULL,     -- ms since 1970, UTC: when it was first loaded
    UNIQUE (workflow, hash)
);

CREATE TABLE users (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE      -- the id that the application uses
);

CREATE TABLE history (
    seq     INTEGER PRIMARY KEY,   -- order in this store; comparable within one user only
    at      INTEGER NOT NULL,      -- ms since 1970, UTC; a timer's entries carry its deadline
    kind    INTEGER NOT NULL,      -- Kind
    user    INTEGER,               -- users.id; NULL: about no user (clock, workflows)
    journey INTEGER,               -- journeys.id; NULL: an event from outside
    pass    INTEGER,
    name    INTEGER,               -- names.id: event, step; the workflow in journey.* and workflow.*
    n       INTEGER,               -- occurrence of (kind, name) in the pass; -1: data has "id"
    place   INTEGER,               -- names.id of "file.py:13"
    cause   INTEGER,               -- seq of the entry that drove the journey here; NULL: itself
    code    INTEGER,               -- codes.id: the version of the workflow that made it
    late    INTEGER,               -- ms after its deadline that a timer was served; NULL: in time
    id      TEXT,                  -- an event's id given by its sender
    data    TEXT,                  -- JSON; of a log entry: the message as it is
    meta    TEXT                   -- of an event, JSON: "profile", "sent_at", "extra" as given with it
);
CREATE INDEX history_events ON history (user, name) WHERE kind = 1;
CREATE INDEX history_journeys ON history (journey) WHERE journey IS NOT NULL;
CREATE UNIQUE INDEX history_ids ON history (id) WHERE id IS NOT NULL;

CREATE TABLE inbox (               -- what other processes ask of the engine, oldest first
    id   INTEGER PRIMARY KEY AUTOINCREMENT,
    at   INTEGER NOT NULL,         -- ms since 1970, UTC, taken while holding the write lock
    kind TEXT NOT NULL,            -- "event" or the name of a command
    body TEXT NOT NULL             -- JSON
);

CREATE TABLE answers (             -- to commands in the inbox; kept a minute
    id   INTEGER PRIMARY KEY,      -- inbox.id
    at   INTEGER NOT NULL,
    body TEXT NOT NULL             -- JSON: {"ok": …} or {"error": …}
);

-- derived ---------------------------------------------------------------------------------

CREATE TABLE journeys (
    id       INTEGER PRIMARY KEY,
    user     INTEGER NOT NULL,
    workflow INTEGER NOT NULL,     -- names.id
    key      TEXT NOT NULL,        -- JSON of the key= field's value; "" without key=
    n        INTEGER NOT NULL,     -- 1, or the ~n of a journey begun again
    status   INTEGER NOT NULL,     -- Status
    pass     INTEGER NOT NULL,
    pass_seq INTEGER NOT NULL,     -- history.seq at which this pass began
    trigger  INTEGER NOT NULL,     -- history.seq of the event that started this pass
    since    INTEGER NOT NULL,     -- history.seq of the event that started the journey
    still    INTEGER NOT NULL,     -- passes begun since time moved or something came from outside
    note     TEXT,                 -- what the journey last said with journey.note
    UNIQUE (user, workflow, key, n)
);
CREATE INDEX journeys_failed ON journeys (id) WHERE status = 4;

CREATE TABLE waits (               -- what is open now: waits, sleeps, groups, steps
    id      INTEGER PRIMARY KEY,   -- history.seq of the entry that opened it
    journey INTEGER NOT NULL,
    user    INTEGER NOT NULL,
    kind    INTEGER NOT NULL,      -- Kind of that entry
    name    INTEGER,               -- names.id of the event; 0: a pattern; NULL: no event ends it
    due     INTEGER                -- ms since 1970, UTC; NULL: for ever
);
CREATE INDEX waits_names ON waits (user, name) WHERE name IS NOT NULL;
CREATE INDEX waits_due ON waits (due) WHERE due IS NOT NULL;
CREATE INDEX waits_steps ON waits (kind) WHERE kind IN (30, 31);

CREATE TABLE profiles (            -- what was known of a user, from which entry on
    user    INTEGER NOT NULL,
    seq     INTEGER NOT NULL,      -- history.seq of the event that changed it
    profile TEXT NOT NULL,         -- JSON
    PRIMARY KEY (user, seq)
) WITHOUT ROWID;

CREATE TABLE totals (              -- kept by the engine, so that no screen counts rows
    workflow INTEGER NOT NULL,     -- names.id; 0: all
    kind     INTEGER NOT NULL,     -- Kind, TOTAL_USERS, TOTAL_WAITS, TOTAL_STATUS + Status
    n        INTEGER NOT NULL,
    PRIMARY KEY (workflow, kind)
) WITHOUT ROWID;

CREATE TABLE places (              -- what happened at each line of a workflow: `places.py`
    workflow INTEGER NOT NULL,     -- names.id
    place    INTEGER NOT NULL,     -- names.id of "file.py:13"
    name     INTEGER NOT NULL,     -- names.id, as in history; 0: none
    kind     INTEGER NOT NULL,     -- Kind; of an entry that opens a wait: how many are open now
    n        INTEGER NOT NULL,
    PRIMARY KEY (workflow, place, name, kind)
) WITHOUT ROWID;
"""

UNDONE_TABLES = """
CREATE TABLE undone (              -- what undo has taken back, for redo; gone as soon as anything new comes
    id    INTEGER PRIMARY KEY,
    top   INTEGER NOT NULL,        -- no entry from this seq on was there when it was taken back
    act   TEXT NOT NULL,           -- JSON: the act that was taken back
    acts  TEXT NOT NULL,           -- JSON: all acts that could be taken back then
    clock TEXT NOT NULL            -- JSON: the state of the clock then
);

CREATE TABLE undone_history (      -- the entries that went with it, as they were in history
    undo    INTEGER NOT NULL,      -- undone.id
    seq     INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    kind    INTEGER NOT NULL,
    user    INTEGER,
    journey INTEGER,
    pass    INTEGER,
    name    INTEGER,
    n       INTEGER,
    place   INTEGER,
    cause   INTEGER,
    code    INTEGER,
    late    INTEGER,
    id      TEXT,
    data    TEXT,
    meta    TEXT,
    PRIMARY KEY (undo, seq)
) WITHOUT ROWID;

CREATE TABLE undone_users (        -- users that were not known before it
    undo INTEGER NOT NULL,
    id   INTEGER NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (undo, id)
) WITHOUT ROWID;

CREATE TABLE undone_codes (        -- versions of workflows that were not known before it
    undo     INTEGER NOT NULL,
    id       INTEGER NOT NULL,
    workflow TEXT NOT NULL,
    hash     TEXT NOT NULL,
    file     TEXT NOT NULL,
    source   TEXT NOT NULL,
    at       INTEGER NOT NULL,
    PRIMARY KEY (undo, id)
) WITHOUT ROWID;

CREATE TABLE undone_profiles (     -- what was learned of users
    undo    INTEGER NOT NULL,
    user    INTEGER NOT NULL,
    seq     INTEGER NOT NULL,
    profile TEXT NOT NULL,
    PRIMARY KEY (undo, user, seq)
) WITHOUT ROWID;
"""
