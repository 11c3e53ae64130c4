"""The statements behind `past_views.py`, by name.

`main` is the store, `temp` what is derived of the past. Each statement walks an index or the history by its
numbers, and stops at its limit.
"""

from __future__ import annotations

from studio.language.kinds import Kind, Status

LAST_SEQ = "SELECT max(seq) FROM main.history"
ENTRY_UPTO = "SELECT max(seq) FROM main.history WHERE seq <= ?"
ENTRY_BEHIND = "SELECT seq FROM main.history WHERE seq > ? ORDER BY seq LIMIT 1"
MOMENT_OF = "SELECT at + coalesce(late, 0) FROM main.history WHERE seq <= ? ORDER BY seq DESC LIMIT 1"
FIRST_MOMENT = "SELECT at FROM main.history ORDER BY seq LIMIT 1"
ALL_TOTALS = "SELECT kind, n FROM main.totals WHERE workflow = ?"

# -- the tables of the past ------------------------------------------------------------------

SHAPE = """
SELECT type, sql FROM main.sqlite_schema WHERE tbl_name = ? AND sql IS NOT NULL ORDER BY type = 'index'
"""
MOMENT = "CREATE TEMP TABLE moment (one INTEGER PRIMARY KEY, newest_user INTEGER NOT NULL)"
SET_MOMENT = "INSERT OR REPLACE INTO temp.moment VALUES (1, ?)"
USERS = """
CREATE TEMP VIEW users AS
SELECT id, name FROM main.users WHERE id <= (SELECT newest_user FROM temp.moment)
"""
NEWEST_USER = "SELECT max(id) FROM main.users"
FIRST_EVENT = f"""
SELECT u.id, (
    SELECT min(h.seq) FROM main.history h INDEXED BY history_events
    WHERE h.user = u.id AND h.kind = {Kind.EVENT}
)
FROM main.users u WHERE u.id >= :from AND u.id <= :to ORDER BY u.id LIMIT 1
"""
TOUCHED = """
SELECT t.journey, j.user FROM (
    SELECT DISTINCT journey FROM main.history WHERE seq > ? AND seq <= ? AND journey IS NOT NULL
) t CROSS JOIN main.journeys j ON j.id = t.journey
"""
DROP_JOURNEYS = "DELETE FROM temp.journeys WHERE id IN (SELECT value FROM json_each(?))"
DROP_WAITS = "DELETE FROM temp.waits WHERE journey IN (SELECT value FROM json_each(?))"
ADD_TOTAL = "INSERT INTO temp.totals (workflow, kind, n) VALUES (?, ?, ?)"
ADD_PLACE = "INSERT INTO temp.places (workflow, place, name, kind, n) VALUES (?, ?, ?, ?, ?)"

# -- which journeys are asked for ------------------------------------------------------------

JOURNEYS = """
SELECT id FROM main.journeys
WHERE id > :after AND since <= :top AND (:workflow IS NULL OR workflow = :workflow) ORDER BY id LIMIT :limit
"""
JOURNEYS_OF_USER = """
SELECT id FROM main.journeys
WHERE user = :user AND +id > :after AND since <= :top AND (:workflow IS NULL OR workflow = :workflow)
ORDER BY +id LIMIT :limit
"""
NEWEST_OF_USER = """
SELECT id FROM main.journeys WHERE user = :user AND since <= :top ORDER BY id DESC LIMIT :limit
"""
OWNERS = """
SELECT DISTINCT h.journey FROM json_each(:seqs) s CROSS JOIN main.history h ON h.seq = s.value
WHERE h.journey IS NOT NULL
"""
FAILED = f"""
SELECT id FROM main.journeys INDEXED BY journeys_failed
WHERE status = {Status.FAILED} AND since <= :top ORDER BY id DESC LIMIT :limit
"""

# -- what waited then ------------------------------------------------------------------------

_ENDS = ", ".join(
    str(kind)
    for kind in (
        *(Kind.WAIT_MATCHED, Kind.WAIT_TIMEOUT, Kind.WAIT_CLOSED),
        *(Kind.GROUP_MATCHED, Kind.GROUP_TIMEOUT, Kind.GROUP_CLOSED),
        *(Kind.SLEEP_DONE, Kind.SLEEP_CLOSED),
        *(Kind.STEP_STARTED, Kind.STEP_RETRY, Kind.STEP_DONE, Kind.STEP_FAILED),
        *(Kind.MESSAGE_DEFERRED, Kind.MESSAGE_SENT, Kind.MESSAGE_DROPPED, Kind.MESSAGE_WITHHELD),
        *(Kind.MOVED, Kind.WAIT_MOVED),
    )
)
ENDED = f"""
SELECT t.journey FROM (
    SELECT DISTINCT journey FROM main.history
    WHERE seq > :from AND seq <= :to AND kind IN ({_ENDS}) AND journey IS NOT NULL
) t CROSS JOIN main.journeys j ON j.id = t.journey WHERE j.since <= :top
"""
COUNT_DUE = "SELECT count(*) FROM temp.waits WHERE due > :from AND due <= :to"
OPEN_DUE = """
SELECT journey FROM (
    SELECT journey, id FROM main.waits INDEXED BY waits_due WHERE due IS NOT NULL ORDER BY due LIMIT :limit
) WHERE id <= :top
"""
OPEN_FOREVER = """
SELECT journey FROM (SELECT journey, due FROM main.waits WHERE id <= :top ORDER BY id DESC LIMIT :limit)
WHERE due IS NULL
"""
