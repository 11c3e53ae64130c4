"""The tables that a PostgreSQL sink fills: texts in place of numbers, for people's own SQL.

Everything stands in a schema of its own. A version is applied in one transaction with its number.
"""

from __future__ import annotations

SCHEMA = "journey_studio"

VERSIONS = (
    f"""
CREATE TABLE {SCHEMA}.users (
    name        text PRIMARY KEY,
    next        bigint NOT NULL DEFAULT 1,   -- number of the first entry of the user's next turn
    profile     jsonb NOT NULL DEFAULT '{{}}',
    changed_at  timestamptz                  -- when the newest entry was
);
CREATE TABLE {SCHEMA}.history (              -- append-only but for erasures
    user_name   text NOT NULL,
    seq         bigint NOT NULL,             -- order within the user
    at          timestamptz NOT NULL,        -- a timer's entries carry its deadline
    kind        text NOT NULL,               -- 'event', 'wait.opened', 'journey.completed', as --json has it
    about       text,                        -- of an event: whose it is; those to others, too
    journey     text,                        -- workflow/user[/key][~n]
    workflow    text,
    pass        integer,
    name        text,                        -- of the event or step
    line        text,                        -- 'file.py:13'
    cause       bigint,                      -- seq of the entry that drove the journey here
    late_ms     bigint,                      -- how late after its deadline a timer was served
    id          text,                        -- an event's id given by its sender
    sent_by     text,                        -- of an event that another user's journey sent: that user
    message     text,                        -- of a log entry
    level       text,                        -- of a log entry
    data        jsonb,
    PRIMARY KEY (user_name, seq)
);
CREATE INDEX history_at ON {SCHEMA}.history (at);
CREATE INDEX history_kinds ON {SCHEMA}.history (kind, name, at);
CREATE INDEX history_about ON {SCHEMA}.history (about) WHERE about IS NOT NULL;
CREATE TABLE {SCHEMA}.journeys (
    user_name   text NOT NULL,
    number      bigint NOT NULL,             -- within the user
    id          text NOT NULL,
    workflow    text NOT NULL,
    key         text NOT NULL,               -- JSON of the key= field's value; '' without key=
    status      text NOT NULL,               -- 'waiting', 'idle', 'completed', 'failed', 'exited', …
    pass        integer NOT NULL,
    note        text,                        -- what it last said with journey.note
    started_at  timestamptz NOT NULL,
    changed_at  timestamptz NOT NULL,
    PRIMARY KEY (user_name, number)
);
CREATE INDEX journeys_status ON {SCHEMA}.journeys (workflow, status);
CREATE TABLE {SCHEMA}.waits (                -- what is open now
    user_name   text NOT NULL,
    seq         bigint NOT NULL,             -- of the entry that opened it
    journey     text NOT NULL,
    kind        text NOT NULL,               -- 'wait.opened', 'sleep.opened', 'step.started', 'step.retry'
    event       text,                        -- that ends it; '*': of a pattern
    due_at      timestamptz,                 -- NULL: for ever
    PRIMARY KEY (user_name, seq)
);
CREATE INDEX waits_due ON {SCHEMA}.waits (due_at) WHERE due_at IS NOT NULL;
CREATE TABLE {SCHEMA}.turns (                -- what was taken, so that each counts once
    user_name   text NOT NULL,
    first       bigint NOT NULL,
    next        bigint NOT NULL,
    digest      text NOT NULL,
    PRIMARY KEY (user_name, first)
);
CREATE TABLE {SCHEMA}.refused_turns (
    digest      text PRIMARY KEY,
    at          timestamptz NOT NULL,
    user_name   text NOT NULL,
    first       bigint NOT NULL,
    reason      text NOT NULL,
    body        bytea NOT NULL               -- the turn, packed
);
CREATE TABLE {SCHEMA}.codes (                -- the source of each version of a workflow that ran
    workflow    text NOT NULL,
    hash        text NOT NULL,
    file        text NOT NULL,
    source      text NOT NULL,
    at          timestamptz NOT NULL,
    PRIMARY KEY (workflow, hash)
);
CREATE TABLE {SCHEMA}.forgotten (            -- users who were erased, by a digest that names nobody
    mark        text PRIMARY KEY,
    begins      bigint                       -- where turns of a new life begin; NULL: there is none
)
""",
)
"""Each version of the schema, oldest first: what makes it of the one before."""

DOCUMENTED = ("users", "history", "journeys", "waits", "turns", "refused_turns", "codes", "forgotten")
"""Its tables."""
