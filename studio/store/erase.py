"""Forget a user: every row and file of a store that is about them.

What others did stays theirs. An event that one of them sent to the user stays in *their*
journey as a thing done, without name and data, or they would send it again; an event
that the user's journeys sent to others stays in the others' past, from nowhere. What others
wrote in free text is counted, and not changed: it is their history.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from studio.errors import StoreError
from studio.language.journey_ids import journey_id, only_id, plain_id
from studio.language.kinds import Kind
from studio.store.approvals import FORMER, done_steps
from studio.store.away import forget_handover
from studio.store.beside import sent_path, unfinished_copies
from studio.store.capabilities import writer_of
from studio.store.checkpoints import drop_checkpoints
from studio.store.checksums import rewriting
from studio.store.connect import connect_reader, require_history, translate
from studio.store.cut import ADD_TOTAL, begin_taking_out, taking_out
from studio.store.database import open_database
from studio.store.forget_foreign import (
    forget_numbers,
    forget_refused_turns,
    forget_unclaimed,
    set_tombstone,
)
from studio.store.inbox import stamp
from studio.store.lock import alone_on
from studio.store.meta import SET_META
from studio.store.refused import DROP, bodies, concerns
from studio.store.schema import TOTAL_USERS
from studio.store.snapshots import reserve, say_act, snapshots
from studio.store.space import give_back, require_no_reader, wipe_what_is_deleted
from studio.store.undone import forget_undone
from studio.text.private import make_file

MINE = "SELECT id FROM journeys WHERE user = :user"
TOUCH = f"INSERT OR IGNORE INTO touched {MINE}"
# Whoever got an event from the user: where that came from decides how often their journeys stood still.
TOUCH_OTHERS = f"""
INSERT OR IGNORE INTO touched SELECT j.id FROM journeys j WHERE j.user IN (
    SELECT h.user FROM history h WHERE h.journey IN ({MINE}) AND h.user <> :user
)
"""
GO = f"""
INSERT OR IGNORE INTO gone
SELECT seq FROM history INDEXED BY history_journeys WHERE journey IN ({MINE})
UNION SELECT seq FROM history WHERE user = :user AND (journey IS NULL OR journey IN ({MINE}))
"""
CANDIDATES = """
SELECT DISTINCT name FROM history WHERE seq IN (SELECT seq FROM gone) AND name IS NOT NULL
UNION SELECT place FROM history WHERE seq IN (SELECT seq FROM gone) AND place IS NOT NULL
UNION SELECT name FROM history WHERE user = :user AND name IS NOT NULL
"""
DELETE = "DELETE FROM history WHERE seq IN (SELECT seq FROM gone) AND (user IS NULL OR user = :user)"
FROM_NOWHERE = """
UPDATE history SET journey = NULL, pass = NULL, n = NULL, place = NULL, cause = NULL, code = NULL
WHERE seq IN (SELECT seq FROM gone)
"""
TO_NOBODY = "UPDATE history SET user = NULL, id = NULL, data = NULL, meta = NULL WHERE user = :user"
# What goes, and what others sent to the user.
REWRITTEN = "SELECT seq FROM gone UNION SELECT seq FROM history WHERE user = :user"
UNUSED_NAMES = """
DELETE FROM names WHERE id IN (SELECT value FROM json_each(?)) AND id NOT IN (
    SELECT name FROM history WHERE name IS NOT NULL
    UNION SELECT place FROM history WHERE place IS NOT NULL
    UNION SELECT workflow FROM journeys UNION SELECT workflow FROM totals
    UNION SELECT place FROM places UNION SELECT name FROM places UNION SELECT workflow FROM places
)
"""
MENTIONS = """
SELECT count(*) FROM history WHERE EXISTS (
    SELECT 1 FROM json_each(?) t WHERE instr(history.data, t.value) OR instr(history.meta, t.value)
)
"""
ENTRIES_LEFT = (
    # They name users and journeys, and say how an engine got on that is not there any more.
    "DELETE FROM meta WHERE key IN ('slow', 'stuck')",
    "DELETE FROM meta WHERE key > 'held/' AND key < 'held0'"
    " AND CAST(substr(key, 6) AS INTEGER) NOT IN (SELECT id FROM waits)",
    "DELETE FROM meta WHERE key > 'ask/' AND key < 'ask0'"
    " AND CAST(substr(key, 5) AS INTEGER) NOT IN (SELECT id FROM waits)",
)
UNDONE = """
SELECT count(*) FROM undone_history h WHERE h.user IN (
    SELECT id FROM users WHERE name = :name
    UNION SELECT id FROM undone_users WHERE name = :name AND undone_users.undo = h.undo
)
"""
OWN_JOURNEYS = """
SELECT w.text, u.name, j.key, j.n
FROM users u JOIN journeys j ON j.user = u.id JOIN names w ON w.id = j.workflow
WHERE u.name = ?
"""


ERASING = "erasing"
"""meta: an erasure that was cut off after the rows were gone, before the space was freed."""


@dataclass(slots=True)
class Erased:
    """What an erasure took away."""

    entries: int = 0
    journeys: int = 0
    inbox: int = 0
    """Events and acts that nobody had taken in yet."""
    refused: int = 0
    """Events, and turns of another driver, that were kept aside because they could not be taken."""
    sent: int = 0
    """Lines of what was sent by hand."""
    mentions: int = 0
    """Entries of others that name the user or their e-mail; they stay as they are."""
    snapshots: int = 0
    """Snapshots from which the user is gone as well."""
    freed: int = 0
    """Bytes of all files."""

    @property
    def anything(self) -> bool:
        """Whether there was any trace."""
        return bool(
            self.entries or self.journeys or self.inbox or self.refused or self.sent or self.snapshots
        )


def erase(path: Path, user: str, *, locked: bool = False) -> Erased:
    """Take every trace of a user out of a store, its snapshots and what was sent by hand.

    Undone acts can no longer be brought back after it. Calling it again after it was cut off ends it.
    Where the user is carried on elsewhere, turns that come later are refused.

    Args:
        locked: the caller holds the store's lock, refuses later turns by itself, and knows whether there is
            such a user.

    Raises:
        StoreLocked: an engine runs on the store or on a snapshot of it.
        StoreError: there is no such user, or a file cannot be read or written; says which.
    """
    con = connect_reader(path)
    try:
        require_history(con, path)
    finally:
        con.close()
    copies = [snapshot.path for snapshot in snapshots(path)]
    told = Erased()
    with ExitStack() as stack:
        for file in copies if locked else (path, *copies):
            stack.enter_context(alone_on(file))
        # Opened all before anything is changed: one that cannot be read would keep the user.
        stores = [(file, stack.enter_context(_opened(file))) for file in (path, *copies)]
        texts, tokens = _known_of(stores, user)
        for file, store in reversed(stores):
            told.sent += _erase_sent(sent_path(file), user, texts)
            if file == path:
                # The store comes last: while it names the user, an erasure that was cut off can be ended.
                told = replace(
                    _erase_in(store, file, user, texts, tokens, locked),
                    snapshots=told.snapshots,
                    sent=told.sent,
                )
            else:
                told.snapshots += _erase_in(store, file, user, texts, tokens, locked).anything
        if not locked and not told.anything and not _was_cut_off(stores[0][1], user):
            raise StoreError(
                f"there is no user {user!r}",
                where=str(path),
                fix="Look how the user is written.",
                advice="list users",
            )
        for part in unfinished_copies(path):
            told.freed += part.stat().st_size
            part.unlink()
        for file, store in stores:
            told.freed += give_back(store, file)
    for file in copies:
        _tidy(file)
    with nullcontext() if locked else alone_on(path), _opened(path) as con:
        _forget_mark(con, path)
    return told


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    con = open_database(path)
    try:
        wipe_what_is_deleted(con)
        require_no_reader(con, path)
        yield con
    finally:
        con.close()


def _mark(con: sqlite3.Connection, user: str) -> str:
    """What stands for the user in `meta` until the erasure has come to its end; it names nobody."""
    row = con.execute("SELECT value FROM meta WHERE key = 'salt'").fetchone()
    return hashlib.sha256(f"{row[0] if row else ''}\n{user}".encode()).hexdigest()


def _was_cut_off(con: sqlite3.Connection, user: str) -> bool:
    """Whether an erasure of this user has taken out the rows, and not given back the space yet."""
    row = con.execute("SELECT value FROM meta WHERE key = ?", (ERASING,)).fetchone()
    return row is not None and row[0] == _mark(con, user)


def _forget_mark(con: sqlite3.Connection, path: Path) -> None:
    try:
        con.execute("DELETE FROM meta WHERE key = ?", (ERASING,))
    except sqlite3.Error as error:
        raise translate(error, path) from error


def _tidy(snapshot: Path) -> None:
    """A snapshot is one file again."""
    for suffix in ("-wal", "-shm", ".lock"):
        snapshot.with_name(snapshot.name + suffix).unlink(missing_ok=True)


def _spelled(user: str) -> set[str]:
    """The id as JSON has it."""
    return {json.dumps(user, ensure_ascii=False), json.dumps(user)}


def _known_of(stores: Iterable[tuple[Path, sqlite3.Connection]], user: str) -> tuple[list[str], set[str]]:
    """Texts that speak of the user (the id as JSON has it, and their e-mails), and their idempotency keys."""
    texts, tokens = _spelled(user), set()
    for path, con in stores:
        try:
            row = con.execute("SELECT value FROM meta WHERE key = 'salt'").fetchone()
            salt = str(row[0]) if row else ""
            for (id,) in con.execute("SELECT id FROM users WHERE name = ?", (user,)).fetchall():
                tokens |= {token for token, _ in done_steps(con, salt, 0, id)}
                for (text,) in con.execute("SELECT profile FROM profiles WHERE user = ?", (id,)).fetchall():
                    email = json.loads(text).get("email")
                    if isinstance(email, str) and email:
                        texts.add(email)
        except sqlite3.Error as error:
            raise translate(error, path) from error
    return sorted(texts), tokens


def _erase_in(
    con: sqlite3.Connection, path: Path, user: str, texts: list[str], tokens: set[str], locked: bool
) -> Erased:
    told = Erased()
    try:
        con.execute("BEGIN IMMEDIATE")
        told.inbox = _erase_inbox(con, user)
        forget_handover(con, user)
        told.refused = forget_refused_turns(con, user) + _erase_refused(con, user, texts)
        _erase_meta(con, user, texts, tokens)
        row = con.execute("SELECT id FROM users WHERE name = ?", (user,)).fetchone()
        (undone,) = con.execute(UNDONE, {"name": user}).fetchone()
        if row is not None:
            told.entries, told.journeys = _erase_history(con, int(row[0]))
        if (row is not None or told.refused) and not locked and writer_of(con) is not None:
            set_tombstone(con, user, None)
        if row is not None or undone:
            con.execute(SET_META, (ERASING, _mark(con, user)))
            told.entries += undone
            con.execute("DELETE FROM answers")
            forget_undone(con)
        (told.mentions,) = con.execute(MENTIONS, (json.dumps(texts),)).fetchone()
        con.execute("COMMIT")
    except sqlite3.Error as error:
        raise translate(error, path) from error
    finally:
        if con.in_transaction:
            con.execute("ROLLBACK")
    return told


def take_out(con: sqlite3.Connection, user: str) -> None:
    """Take a user who is carried on in another store out of this one, inside a transaction of the caller.

    What they sent to others stays in the others' past, and what others sent to them in theirs.
    """
    row = con.execute("SELECT id FROM users WHERE name = ?", (user,)).fetchone()
    if row is None:
        return
    salt = con.execute("SELECT value FROM meta WHERE key = 'salt'").fetchone()
    tokens = {token for token, _ in done_steps(con, str(salt[0]) if salt else "", 0, int(row[0]))}
    _erase_meta(con, user, sorted(_spelled(user)), tokens)
    _erase_history(con, int(row[0]), handed_over=True)
    con.execute("DELETE FROM answers")
    forget_undone(con)


def _erase_history(con: sqlite3.Connection, user: int, **facts_told: bool) -> tuple[int, int]:
    facts = {"user": user}
    (last,) = con.execute("SELECT coalesce(max(seq), 0) FROM history").fetchone()
    (journeys,) = con.execute(f"SELECT count(*) FROM ({MINE})", facts).fetchone()
    begin_taking_out(con)
    for statement in (TOUCH, TOUCH_OTHERS, GO):
        con.execute(statement, facts)
    names = [id for (id,) in con.execute(CANDIDATES, facts).fetchall()]
    # Who was there is counted from the first of these on.
    drop_checkpoints(con, con.execute(f"SELECT min(seq) FROM ({REWRITTEN})", facts).fetchone()[0])
    with rewriting(con, REWRITTEN, facts), taking_out(con):
        entries = forget_unclaimed(con, user) + con.execute(DELETE, facts).rowcount
        kept = con.execute(FROM_NOWHERE).rowcount
        entries += con.execute(TO_NOBODY, facts).rowcount
        con.execute("DELETE FROM profiles WHERE user = :user", facts)
        con.execute("DELETE FROM users WHERE id = :user", facts)
        forget_numbers(con, user)
    con.execute(ADD_TOTAL, (Kind.EVENT, kept))
    con.execute(ADD_TOTAL, (TOTAL_USERS, -1))
    for table in ("totals", "places"):
        con.execute(f"DELETE FROM {table} WHERE n = 0")
    con.execute(UNUSED_NAMES, (json.dumps(names),))
    for statement in ENTRIES_LEFT:
        con.execute(statement)
    for table in ("touched", "gone"):
        con.execute(f"DELETE FROM {table}")
    # An act of the operator is an entry too; this one names nobody.
    reserve(con, last)
    say_act(con, stamp(con), Kind.USER_ERASED, {"entries": entries, "journeys": journeys, **facts_told})
    return entries, journeys


def _erase_inbox(con: sqlite3.Connection, user: str) -> int:
    gone = []
    own = con.execute(OWN_JOURNEYS, (user,)).fetchall()
    # An act may name a journey as it was written before, or so that nothing else is called so.
    mine = {write(*row) for row in own for write in (journey_id, plain_id, only_id)}
    for id, body in con.execute("SELECT id, body FROM inbox").fetchall():
        try:
            fields = json.loads(body)
        except ValueError:
            continue
        if isinstance(fields, dict) and (fields.get("user") == user or fields.get("journey") in mine):
            gone.append((id,))
    con.executemany("DELETE FROM inbox WHERE id = ?", gone)
    return len(gone)


def _erase_refused(con: sqlite3.Connection, user: str, texts: list[str]) -> int:
    emails = [text for text in texts if text not in _spelled(user)]
    gone = [(number,) for number, subject, body in bodies(con) if concerns(user, emails, subject, body)]
    con.executemany(DROP, gone)
    return len(gone)


def _erase_meta(con: sqlite3.Connection, user: str, texts: list[str], tokens: set[str]) -> None:
    row = con.execute("SELECT value FROM meta WHERE key = 'acts'").fetchone()
    if row is not None:
        acts = [act for act in json.loads(row[0]) if act.get("user") != user]
        con.execute(SET_META, ("acts", json.dumps(acts)))
    con.executemany("DELETE FROM meta WHERE key = ?", [(FORMER + token,) for token in tokens])
    # Results of steps that a rewind took away bear no name: what speaks of the user is theirs.
    con.execute(
        "DELETE FROM meta WHERE key > 'former/' AND key < 'former0'"
        " AND EXISTS (SELECT 1 FROM json_each(?) t WHERE instr(meta.value, t.value))",
        (json.dumps(texts),),
    )


def _erase_sent(path: Path, user: str, texts: list[str]) -> int:
    try:
        lines = path.read_text(encoding="utf-8", errors="surrogateescape").splitlines(keepends=True)
    except FileNotFoundError:
        return 0
    except OSError as error:
        raise StoreError(f"it cannot be read: {error.strerror}", where=str(path)) from error
    kept = [line for line in lines if not _speaks_of(line, user, texts)]
    if len(kept) < len(lines):
        part = path.with_name(path.name + ".part")
        try:
            part.unlink(missing_ok=True)
            make_file(part)
            part.write_text("".join(kept), encoding="utf-8", errors="surrogateescape")
            os.replace(part, path)
        except OSError as error:
            raise StoreError(f"it cannot be written: {error.strerror}", where=str(path)) from error
    return len(lines) - len(kept)


def _speaks_of(line: str, user: str, texts: list[str]) -> bool:
    try:
        fields = json.loads(line)
    except ValueError:
        fields = None
    said = [line]
    if isinstance(fields, dict):
        if fields.get("user") == user:
            return True
        said += [value for value in fields.values() if isinstance(value, str)]
    return any(text in each for text in texts for each in said)
