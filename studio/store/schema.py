"""Tables and indexes of a store.

`history` is the one truth, append-only; the tables below "derived" say what it
amounts to now and can be rebuilt from it (`rebuild.py`). The row diet decides the
speed: users, journeys, names and places are integers, each row of `history` stands
in as few indexes as its look-ups need, and rowids are handed out by the engine.
"""

from __future__ import annotations

from studio.language.kinds import MARKS, Kind, Status

VERSION = 9
"""How many migrations this program knows; a store with more was made by a newer one."""

ESCAPED_IDS = "escaped_ids"
"""meta: which journeys have an escaped id (`journey_ids.bounds_of`)."""
ID_BOUNDS = f"(SELECT m.value FROM meta m WHERE m.key = '{ESCAPED_IDS}')"
"""What `journey_ids.shown_id` takes; SQLite asks it once a statement."""

SEED = "seed"
"""meta: the seed that a store was given; not there when it draws from its salt (`seed.py`)."""
SEED_OF = f"SELECT value FROM meta WHERE key IN ('{SEED}', 'salt') ORDER BY key DESC LIMIT 1"

MIGRATION_SET = "journey-studio"
"""Under this name a store keeps which migrations it has seen (`migrations.py`)."""

# Rows of `totals`: a total's `kind` is a Kind, one of these, or STATUS + a Status.
TOTAL_USERS = 1001
TOTAL_WAITS = 1002
TOTAL_STATUS = 2000

TABLES = f"""
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
CREATE INDEX history_events ON history (user, name) WHERE kind = {Kind.EVENT};
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
    body TEXT NOT NULL             -- JSON: {{"ok": …}} or {{"error": …}}
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
CREATE INDEX journeys_failed ON journeys (id) WHERE status = {Status.FAILED};

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
CREATE INDEX waits_steps ON waits (kind) WHERE kind IN ({Kind.STEP_STARTED}, {Kind.STEP_RETRY});

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

CREATE TABLE places (              -- what happened at each line of a workflow: `line_statistics.py`
    workflow INTEGER NOT NULL,     -- names.id
    place    INTEGER NOT NULL,     -- names.id of "file.py:13"
    name     INTEGER NOT NULL,     -- names.id, as in history; 0: none
    kind     INTEGER NOT NULL,     -- Kind; of an entry that opens a wait: how many are open now
    n        INTEGER NOT NULL,
    PRIMARY KEY (workflow, place, name, kind)
) WITHOUT ROWID;
"""

HOOK_INDEX = f"""
CREATE INDEX history_hooks ON history (user) WHERE kind = {Kind.HOOK_FAILED} AND journey IS NULL;
"""
"""Finds what a user's events met outside of journeys; a store whose hooks work has no row in it."""

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

CHECKSUM_TABLE = """
CREATE TABLE checksums (           -- of the history, a row for each batch: `checksums.py`
    last  INTEGER PRIMARY KEY,     -- history.seq of the last entry that it covers
    first INTEGER NOT NULL,
    sum   INTEGER                  -- NULL while its entries are rewritten
)
"""

REFUSED_TABLES = """
CREATE TABLE refused (             -- events that could not be taken, kept aside: `refused.py`
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    at     INTEGER NOT NULL,       -- ms since 1970, UTC, taken while holding the write lock
    size   INTEGER NOT NULL,       -- bytes of body
    digest TEXT NOT NULL UNIQUE,   -- SHA-256: the same one, sent again, stands once
    user   TEXT,                   -- as far as it can be read
    event  TEXT,                   -- as far as it can be read
    reason TEXT NOT NULL,
    body   TEXT NOT NULL           -- as it was sent; may be no JSON that we read
)
"""

FOREIGN_TABLES = """
DROP INDEX history_ids;
CREATE UNIQUE INDEX history_ids ON history (id, user) WHERE id IS NOT NULL;
CREATE TABLE foreign_spans (       -- where entries of users that are carried on elsewhere stand here
    user   INTEGER NOT NULL,
    first  INTEGER NOT NULL,       -- number of the first one in the user's own history
    last   INTEGER NOT NULL,
    base   INTEGER NOT NULL,       -- history.seq of the first one
    next   INTEGER,                -- of the first span of a turn: where the next turn begins
    digest TEXT,                   -- of the first span of a turn: the turn's
    PRIMARY KEY (user, first)
) WITHOUT ROWID;
CREATE TABLE foreign_users (       -- the number at which each one's next turn begins
    user INTEGER PRIMARY KEY,
    next INTEGER NOT NULL
);
CREATE TABLE foreign_journeys (    -- journeys by their numbers in their users' own histories
    user    INTEGER NOT NULL,
    number  INTEGER NOT NULL,
    journey INTEGER NOT NULL,
    PRIMARY KEY (user, number)
) WITHOUT ROWID;
CREATE TABLE foreign_refused (     -- turns that could not be taken, kept aside
    digest TEXT PRIMARY KEY,
    at     INTEGER NOT NULL,       -- ms since 1970, UTC
    user   TEXT NOT NULL,
    first  INTEGER NOT NULL,
    reason TEXT NOT NULL,
    body   BLOB NOT NULL           -- the turn, packed
) WITHOUT ROWID
"""

IS_MARK = f"kind IN ({', '.join(map(str, MARKS))})"
"""What a statement must say in these words for SQLite to use the index of marks. A span it would take for a
range within the index, and sort what it finds."""

MARK_INDEX = f"CREATE INDEX history_marks ON history (user, kind) WHERE {IS_MARK}"
"""Finds what counts later of a user: draws, messages, goals, refusals. Other rows pay nothing."""

CHECKPOINT_TABLE = """
CREATE TABLE checkpoints (         -- the counts as of an entry: `checkpoints.py`
    seq    INTEGER PRIMARY KEY,    -- history.seq of the newest entry that is counted
    base   INTEGER,                -- checkpoints.seq from which this one tells the difference; NULL: whole
    counts BLOB NOT NULL           -- rows of totals and places, packed
)
"""
