"""The statements behind `views.py`, by name.

Each walks an index, or a table by its rowid, and stops at its limit. Where the planner
could lead with another table, CROSS JOIN says the order and INDEXED BY the index
(sqlite.org/optoverview.html, 7.1), so that a store of millions answers as a small one.

A reader of the past has tables of what was derived for it in front of `users`, `journeys`, `waits`, `totals`
and `places` (`past_views.py`). What asks only for what never changes says `main`, and what walks the history
without an end of its own goes up to `:top`.
"""

from __future__ import annotations

from studio.language.kinds import OF_WORKFLOWS as _OF_WORKFLOWS
from studio.language.kinds import Kind, Status
from studio.store.entries import COLUMNS, JOINS
from studio.store.schema import ID_BOUNDS, IS_MARK

# Workflows that journeys were begun by and that do not run, with the reason.
MISSING = """
SELECT n.text, m.value FROM meta m CROSS JOIN names n ON n.id = CAST(substr(m.key, 9) AS INTEGER)
WHERE m.key > 'missing/' AND m.key < 'missing0'
"""
ANY_SINCE = "SELECT 1 FROM history WHERE seq > :from AND seq <= :to AND at >= :since LIMIT 1"
LAST_SEQ = "SELECT max(seq) FROM history"
META = "SELECT value FROM meta WHERE key = ?"
TOTALS = "SELECT kind, n FROM totals WHERE workflow = ?"

PLACES = """
SELECT p.text, n.text, t.kind, t.n FROM places t
JOIN names p ON p.id = t.place LEFT JOIN names n ON n.id = t.name
WHERE t.workflow = ? AND t.n <> 0
"""
# The newest matches, and how long each took. A wait that was answered at once has no opening:
# the name of a wait may come again in a pass, so the newest opening before the match is its own.
MATCHES = f"""
SELECT p.text, n.text, newest.kind, newest.at - coalesce((
    SELECT o.at FROM history o INDEXED BY history_journeys
    WHERE o.journey = newest.journey AND o.seq < newest.seq
        AND o.kind = CASE newest.kind
            WHEN {Kind.WAIT_MATCHED} THEN {Kind.WAIT_OPENED}
            WHEN {Kind.GROUP_MATCHED} THEN {Kind.GROUP_OPENED}
            WHEN {Kind.STEP_DONE} THEN {Kind.STEP_STARTED} END
        AND o.pass = newest.pass AND o.n = newest.n AND o.name IS newest.name
    ORDER BY o.seq DESC LIMIT 1
), newest.at)
FROM (
    SELECT h.seq, h.at, h.kind, h.journey, h.pass, h.name, h.n, h.place
    FROM history h CROSS JOIN main.journeys j ON j.id = h.journey
    WHERE h.seq > :from AND h.seq <= :top
        AND h.kind IN ({Kind.WAIT_MATCHED}, {Kind.GROUP_MATCHED}, {Kind.STEP_DONE})
        AND j.workflow = :workflow AND h.place IS NOT NULL
    ORDER BY h.seq DESC LIMIT :limit
) newest
JOIN names p ON p.id = newest.place LEFT JOIN names n ON n.id = newest.name
"""
INBOX_EVENTS = "SELECT count(*) FROM (SELECT 1 FROM inbox WHERE kind = 'event' LIMIT ?)"
USER_ID = "SELECT id FROM main.users WHERE name = ?"
NAME_ID = "SELECT id FROM names WHERE text = ?"

# -- users ---------------------------------------------------------------------------------

USERS = "SELECT id, name FROM users WHERE name > :after ORDER BY name LIMIT :limit"
# LIKE knows capitals of ASCII only, and is ten times as fast as a function of Python.
_NAMED = """
  AND (:like IS NULL OR u.name LIKE :like ESCAPE '\\')
  AND (:contains IS NULL OR instr(folded(u.name), :contains) > 0)
"""
USERS_WITH = f"""
SELECT u.id, u.name FROM users u WHERE u.name > :after {_NAMED}
  AND (:workflow IS NULL OR EXISTS (
    SELECT 1 FROM main.journeys j WHERE j.user = u.id AND j.workflow = :workflow AND j.since <= :top))
ORDER BY u.name LIMIT :limit
"""
# Of a workflow with few journeys: one walk over the narrow index, instead of one look-up a user.
USERS_OF_FEW = f"""
SELECT u.id, u.name FROM (
    SELECT DISTINCT user FROM journeys INDEXED BY sqlite_autoindex_journeys_1 WHERE workflow = :workflow
) few CROSS JOIN users u ON u.id = few.user
WHERE u.name > :after {_NAMED} ORDER BY u.name LIMIT :limit
"""
# Who had an event, in one stretch of the history: the latest first.
USERS_SINCE = f"""
SELECT u.name, max(h.seq) FROM history h CROSS JOIN users u ON u.id = h.user
WHERE h.seq > :from AND h.seq <= :to AND h.kind = {Kind.EVENT} AND h.at >= :since {_NAMED}
  AND (:workflow IS NULL OR EXISTS (
    SELECT 1 FROM main.journeys j WHERE j.user = u.id AND j.workflow = :workflow AND j.since <= :top))
GROUP BY h.user ORDER BY 2 DESC
"""
USERS_BY_ID = "SELECT u.id, u.name FROM json_each(:users) i CROSS JOIN users u ON u.id = i.value"
USERS_NEWEST = "SELECT id FROM users ORDER BY id DESC LIMIT :limit"
USERS_OLDEST = "SELECT id, name FROM users ORDER BY id LIMIT :limit"
USERS_DUE_LAST = """
SELECT user, due, id FROM waits INDEXED BY waits_due
WHERE due <= :due AND NOT (due = :due AND id >= :id) ORDER BY due DESC, id DESC LIMIT :limit
"""
USERS_ACTIVE = """
SELECT user, max(seq) FROM history WHERE seq > :from AND seq <= :to AND user IS NOT NULL
GROUP BY user ORDER BY 2 DESC LIMIT :limit
"""

# With the newest name first, for the page before.
USERS_BEFORE = "SELECT id, name FROM users WHERE name < :before ORDER BY name DESC LIMIT :limit"
USERS_LAST_PAGE = "SELECT id, name FROM users ORDER BY name DESC LIMIT :limit"
USERS_STARTING = "SELECT id, name FROM users WHERE name >= :from AND name < :to ORDER BY name LIMIT :limit"
USERS_NAMED = """
SELECT u.id, u.name FROM json_each(:names) i CROSS JOIN users u ON u.name = i.value
"""
USERS_LAST = "SELECT max(id) FROM users"
USERS_MATCHING = f"""
SELECT u.id, u.name FROM users u
WHERE u.id < :before AND u.id >= :floor {_NAMED}
  AND (:workflows IS NULL OR EXISTS (
    SELECT 1 FROM json_each(:workflows) f
    CROSS JOIN main.journeys j ON j.user = u.id AND j.workflow = f.value AND j.since <= :top))
  AND (:statuses IS NULL OR EXISTS (
    SELECT 1 FROM journeys j WHERE j.user = u.id AND j.status IN (SELECT value FROM json_each(:statuses))))
ORDER BY u.id DESC LIMIT :limit
"""
USERS_DUE = """
SELECT user, due, id FROM waits INDEXED BY waits_due
WHERE due >= :due AND NOT (due = :due AND id <= :id) ORDER BY due, id LIMIT :limit
"""
USERS_FAILED = f"""
SELECT user FROM journeys INDEXED BY journeys_failed
WHERE status = {Status.FAILED} ORDER BY id DESC LIMIT :limit
"""
USERS_STEPPING = f"""
SELECT user FROM waits INDEXED BY waits_steps
WHERE kind IN ({Kind.STEP_STARTED}, {Kind.STEP_RETRY}) LIMIT :limit
"""
WORKFLOW_NAMES = "SELECT DISTINCT workflow FROM codes"

USER_STATUSES = """
SELECT j.user, j.status, count(*), max(j.id)
FROM json_each(:users) i CROSS JOIN journeys j ON j.user = i.value GROUP BY j.user, j.status
"""
USER_WAITING = f"""
SELECT id FROM journeys WHERE user = :user AND status = {Status.WAITING} ORDER BY id DESC LIMIT :limit
"""

# A walk from name to name through the index: a user has few names, and may have many events.
USER_LAST_EVENT = f"""
WITH RECURSIVE seen (name) AS (
    SELECT (SELECT min(name) FROM history WHERE user = :user AND kind = {Kind.EVENT})
    UNION ALL
    SELECT (SELECT min(name) FROM history WHERE user = :user AND kind = {Kind.EVENT} AND name > seen.name)
    FROM seen WHERE seen.name IS NOT NULL
)
SELECT h.at, e.text FROM (
    SELECT max((
        SELECT max(seq) FROM history
        WHERE user = :user AND name = seen.name AND kind = {Kind.EVENT} AND seq <= :top
    )) AS seq
    FROM seen WHERE name IS NOT NULL
) newest CROSS JOIN history h ON h.seq = newest.seq LEFT JOIN names e ON e.id = h.name
"""

# -- journeys ------------------------------------------------------------------------------

_JOURNEY = f"""
SELECT j.id, u.name, w.text, j.key, j.n, j.status, j.pass, s.at, j.note, {ID_BOUNDS}
"""
_JOURNEY_JOINS = """
LEFT JOIN main.users u ON u.id = j.user
LEFT JOIN names w ON w.id = j.workflow
LEFT JOIN history s ON s.seq = (SELECT min(seq) FROM history WHERE journey = j.id)
"""
_JOURNEY_FILTER = """
(:workflow IS NULL OR j.workflow = :workflow) AND (:status IS NULL OR j.status = :status)
"""
JOURNEYS = f"""
{_JOURNEY} FROM journeys j {_JOURNEY_JOINS}
WHERE j.id > :after AND {_JOURNEY_FILTER} ORDER BY j.id LIMIT :limit
"""
# When the last of a stretch of journeys began, at the latest.
JOURNEYS_BEGAN = """
SELECT max(h.at) FROM main.journeys j CROSS JOIN history h ON h.seq = j.since
WHERE j.id > :from AND j.id <= :to
"""
JOURNEYS_LAST = "SELECT max(id) FROM main.journeys"
JOURNEYS_FAILED = f"""
{_JOURNEY} FROM journeys j INDEXED BY journeys_failed {_JOURNEY_JOINS}
WHERE j.status = {Status.FAILED} AND j.id > :after AND {_JOURNEY_FILTER} ORDER BY j.id LIMIT :limit
"""
JOURNEYS_OF_USER = f"""
{_JOURNEY} FROM journeys j {_JOURNEY_JOINS}
WHERE j.user = :user AND +j.id > :after AND {_JOURNEY_FILTER} ORDER BY +j.id LIMIT :limit
"""
JOURNEYS_BY_ID = f"""
{_JOURNEY} FROM json_each(:journeys) i CROSS JOIN journeys j ON j.id = i.value {_JOURNEY_JOINS}
"""
JOURNEY_ID = (
    f"SELECT id, {ID_BOUNDS} FROM main.journeys WHERE user = ? AND workflow = ? AND key = ? AND n = ?"
)

USER_NEWEST_JOURNEYS = "SELECT id FROM journeys WHERE user = :user ORDER BY id DESC LIMIT :limit"

# What a journey waits for was opened in its present pass.
OPEN_WAITS = """
SELECT w.journey, w.id, w.kind, w.due, e.text
FROM json_each(:journeys) i
CROSS JOIN journeys j ON j.id = i.value
CROSS JOIN history h INDEXED BY history_journeys ON h.journey = j.id AND h.seq >= j.pass_seq
CROSS JOIN waits w ON w.id = h.seq
LEFT JOIN names e ON e.id = h.name
"""

# -- waits ---------------------------------------------------------------------------------

_WAIT = f"""
SELECT w.id, w.kind, u.name, f.text, j.key, j.n, e.text, h.n, h.data, h.at, w.due, p.text, j.id, {ID_BOUNDS}
"""
_WAIT_JOINS = """
CROSS JOIN history h ON h.seq = w.id
CROSS JOIN journeys j ON j.id = w.journey
LEFT JOIN main.users u ON u.id = w.user
LEFT JOIN names f ON f.id = j.workflow
LEFT JOIN names e ON e.id = h.name
LEFT JOIN names p ON p.id = h.place
"""
_WAIT_FILTER = """
(:kinds IS NULL OR w.kind IN (SELECT value FROM json_each(:kinds)))
    AND (:workflow IS NULL OR j.workflow = :workflow)
"""
DUE_UNTIL = "SELECT count(*) FROM waits WHERE due > 0 AND due <= ?"
WAITS_DUE_AT = f"""
{_WAIT} FROM waits w INDEXED BY waits_due {_WAIT_JOINS}
WHERE w.due = :due AND w.id > :id AND {_WAIT_FILTER}
ORDER BY w.id LIMIT :limit
"""
WAITS_DUE_AFTER = f"""
{_WAIT} FROM waits w INDEXED BY waits_due {_WAIT_JOINS}
WHERE w.due > :due AND {_WAIT_FILTER}
ORDER BY w.due, w.id LIMIT :limit
"""
# Deadlines that stand by are kept negated: their order is the other way round.
WAITS_STANDING_BY = f"""
{_WAIT} FROM waits w INDEXED BY waits_due {_WAIT_JOINS}
WHERE w.due < 0 AND (w.due, w.id) < (:due, :id) AND {_WAIT_FILTER}
ORDER BY w.due DESC, w.id DESC LIMIT :limit
"""
# From the last on: where a list ends.
WAITS_LAST_AT = f"""
{_WAIT} FROM waits w INDEXED BY waits_due {_WAIT_JOINS}
WHERE w.due = :due AND w.id < :id ORDER BY w.id DESC LIMIT :limit
"""
WAITS_LAST_DUE = f"""
{_WAIT} FROM waits w INDEXED BY waits_due {_WAIT_JOINS}
WHERE w.due > 0 AND w.due < :due ORDER BY w.due DESC, w.id DESC LIMIT :limit
"""
WAITS_LAST_STANDING_BY = f"""
{_WAIT} FROM waits w INDEXED BY waits_due {_WAIT_JOINS}
WHERE w.due < 0 AND (w.due, w.id) > (:due, :id) ORDER BY w.due, w.id LIMIT :limit
"""
WAITS_LAST_FOREVER = f"""
{_WAIT} FROM waits w {_WAIT_JOINS}
WHERE w.id < :id AND w.due IS NULL ORDER BY w.id DESC LIMIT :limit
"""
WAITS_FOREVER = f"""
{_WAIT} FROM waits w {_WAIT_JOINS}
WHERE w.id > :id AND w.due IS NULL AND {_WAIT_FILTER}
ORDER BY w.id LIMIT :limit
"""
# How far a look for the waits of one place goes: to the deadline, or the id, of the wait with this number.
DUE_OF_NUMBER = """
SELECT due FROM waits INDEXED BY waits_due WHERE due IS NOT NULL ORDER BY due LIMIT 1 OFFSET :number
"""
ID_OF_NUMBER = "SELECT id FROM waits ORDER BY id LIMIT 1 OFFSET :number"
WAITS_AT_DUE = f"""
{_WAIT} FROM waits w INDEXED BY waits_due {_WAIT_JOINS}
WHERE w.due IS NOT NULL AND w.due <= :until AND h.place = :place AND j.workflow = :workflow
ORDER BY w.due, w.id LIMIT :limit
"""
WAITS_AT_FOREVER = f"""
{_WAIT} FROM waits w {_WAIT_JOINS}
WHERE w.id <= :until AND w.due IS NULL AND h.place = :place AND j.workflow = :workflow
ORDER BY w.id LIMIT :limit
"""
# Of a workflow in which few wait: its journeys, by one walk over them, lead to the waits.
WAITING_OF_FEW = f"SELECT id FROM journeys WHERE workflow = :workflow AND status = {Status.WAITING}"
STEPPING = f"""
SELECT DISTINCT journey FROM waits INDEXED BY waits_steps
WHERE kind IN ({Kind.STEP_STARTED}, {Kind.STEP_RETRY})
"""
STILL_OPEN = "SELECT w.id FROM json_each(:waits) i CROSS JOIN waits w ON w.id = i.value"
WAITS_BY_ID = f"{_WAIT} FROM json_each(:waits) i CROSS JOIN waits w ON w.id = i.value {_WAIT_JOINS}"

# -- the history ---------------------------------------------------------------------------

# Where the newest entries of a user may stand: each event name and each journey is a
# source that an index gives newest first, and the newest of all come from few of them.
USER_EVENT_SOURCES = f"""
WITH RECURSIVE seen (name) AS (
    SELECT (SELECT min(name) FROM history WHERE user = :user AND kind = {Kind.EVENT})
    UNION ALL
    SELECT (SELECT min(name) FROM history WHERE user = :user AND kind = {Kind.EVENT} AND name > seen.name)
    FROM seen WHERE seen.name IS NOT NULL
)
SELECT name, (
    SELECT max(seq) FROM history
    WHERE user = :user AND name = seen.name AND kind = {Kind.EVENT} AND seq < :before
) FROM seen WHERE name IS NOT NULL
"""
USER_JOURNEY_SOURCES = """
SELECT j.id, (
    SELECT max(seq) FROM history h INDEXED BY history_journeys WHERE h.journey = j.id AND h.seq < :before
) FROM main.journeys j WHERE j.user = :user
"""
# The same from the other end: the oldest first.
USER_EVENT_FIRSTS = f"""
WITH RECURSIVE seen (name) AS (
    SELECT (SELECT min(name) FROM history WHERE user = :user AND kind = {Kind.EVENT})
    UNION ALL
    SELECT (SELECT min(name) FROM history WHERE user = :user AND kind = {Kind.EVENT} AND name > seen.name)
    FROM seen WHERE seen.name IS NOT NULL
)
SELECT name, (
    SELECT min(seq) FROM history
    WHERE user = :user AND name = seen.name AND kind = {Kind.EVENT} AND seq > :after
) FROM seen WHERE name IS NOT NULL
"""
USER_JOURNEY_FIRSTS = """
SELECT j.id, (
    SELECT min(seq) FROM history h INDEXED BY history_journeys WHERE h.journey = j.id AND h.seq > :after
) FROM main.journeys j WHERE j.user = :user
"""
EVENT_SEQS_FROM = f"""
SELECT seq FROM history
WHERE user = :user AND name = :source AND kind = {Kind.EVENT} AND seq > :after AND seq <= :ceiling
ORDER BY seq LIMIT :limit
"""
JOURNEY_SEQS_FROM = """
SELECT seq FROM history INDEXED BY history_journeys
WHERE journey = :source AND seq > :after AND seq <= :ceiling
ORDER BY seq LIMIT :limit
"""
EVENT_SEQS = f"""
SELECT seq FROM history
WHERE user = :user AND name = :source AND kind = {Kind.EVENT} AND seq < :before AND seq >= :floor
ORDER BY seq DESC LIMIT :limit
"""
HOOK_SOURCES = f"""
SELECT NULL, max(seq) FROM history INDEXED BY history_hooks
WHERE user = :user AND kind = {Kind.HOOK_FAILED} AND journey IS NULL AND seq < :before
"""
HOOK_SEQS = f"""
SELECT seq FROM history INDEXED BY history_hooks
WHERE user = :user AND kind = {Kind.HOOK_FAILED} AND journey IS NULL
    AND seq < :before AND seq >= :floor AND :source IS NULL
ORDER BY seq DESC LIMIT :limit
"""
REFUSED_SOURCES = f"""
SELECT NULL, max(seq) FROM history INDEXED BY history_marks
WHERE user = :user AND kind = {Kind.REFUSED} AND {IS_MARK} AND seq < :before
"""
REFUSED_SEQS = f"""
SELECT seq FROM history INDEXED BY history_marks
WHERE user = :user AND kind = {Kind.REFUSED} AND {IS_MARK}
    AND seq < :before AND seq >= :floor AND :source IS NULL
ORDER BY seq DESC LIMIT :limit
"""
JOURNEY_SEQS = """
SELECT seq FROM history INDEXED BY history_journeys
WHERE journey = :source AND seq < :before AND seq >= :floor
ORDER BY seq DESC LIMIT :limit
"""
ENTRIES_BY_SEQ = f"""
SELECT {COLUMNS} FROM json_each(:seqs) i CROSS JOIN history h ON h.seq = i.value {JOINS}
"""

EVENTS_META = """
SELECT h.seq, h.meta FROM json_each(:seqs) i CROSS JOIN history h ON h.seq = i.value WHERE h.meta IS NOT NULL
"""

# IFNULL and IS: a plain `=` would turn the outer joins round and lead with the wrong table.
_ENTRY_FILTER = f"""
    (:kinds IS NULL OR h.kind IN (SELECT value FROM json_each(:kinds)))
    AND (:since IS NULL OR h.at >= :since)
    AND (:user IS NULL OR h.user = :user OR ifnull(j.user, 0) = :user)
    AND (:workflow IS NULL
        OR ifnull(CASE WHEN h.kind IN ({", ".join(map(str, _OF_WORKFLOWS))})
            THEN h.name ELSE j.workflow END, 0) = :workflow)
    AND (:like IS NULL OR h.data LIKE :like ESCAPE '\\')
    AND (:contains IS NULL OR instr(folded(h.data), :contains) > 0)
    AND (:told IS NULL OR h.kind <> {Kind.WORKFLOW_LOADED} OR instr(h.data, '"summary"') > 0)
"""
ENTRIES_AFTER = f"""
SELECT {COLUMNS} FROM history h {JOINS}
WHERE h.seq > :from AND h.seq <= :to AND {_ENTRY_FILTER} ORDER BY h.seq LIMIT :limit
"""
ENTRIES_BEFORE = f"""
SELECT {COLUMNS} FROM history h {JOINS}
WHERE h.seq > :from AND h.seq <= :to AND {_ENTRY_FILTER} ORDER BY h.seq DESC LIMIT :limit
"""
CLOCK_MOVES = f"""
SELECT {COLUMNS} FROM history h {JOINS}
WHERE h.seq > :from AND h.seq <= :to AND h.kind = {Kind.CLOCK_MOVED} ORDER BY h.seq DESC LIMIT :limit
"""
EVENT_NAMES = f"""
SELECT DISTINCT e.text FROM history h CROSS JOIN names e ON e.id = h.name
WHERE h.seq > :from AND h.seq <= :to AND h.kind IN ({Kind.EVENT}, {Kind.WAIT_OPENED})
"""
