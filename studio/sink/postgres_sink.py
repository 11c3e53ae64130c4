"""Takes turns of users' partitions into PostgreSQL, for people's own SQL and dashboards.

It takes them as the sink into a store of ours does: each once, in its user's order, one that cannot be taken
aside. Entries keep the numbers of their users' own histories, so any number of these sinks may write at once.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from studio.kernel.turn import Turn
from studio.language.journey_ids import journey_id
from studio.language.kinds import KIND_TEXT, LEVEL_OF, STATUS_TEXT, Kind
from studio.sink.receipts import ERASED, TurnReceipt, unpacked
from studio.source.extras import need_extra
from studio.store import postgres
from studio.store.postgres import JourneyName, PostgresBatch, TurnRows

SCHEMES = ("postgresql", "postgres")


def is_postgres(place: str) -> bool:
    """Whether a text names a database of PostgreSQL, and not a file."""
    return urlsplit(place).scheme in SCHEMES


class PostgresSink:
    """A database that takes turns.

    Args:
        url: postgresql://user:password@host/database, or what else libpq takes as such.

    Raises:
        StudioError: psycopg is not installed.
        StoreError: the database cannot be reached, or a newer version made its schema.
    """

    def __init__(self, url: str) -> None:
        need_extra("postgres")
        found = urlsplit(url)
        # Without its password.
        self._where = f"{found.scheme}://{found.hostname or ''}{found.path}"
        self._url = url
        self._con = postgres.connect_postgres(url, self._where)

    def close(self) -> None:
        """Let the database go."""
        self._con.close()

    def __enter__(self) -> PostgresSink:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def take_packed(self, packed: Sequence[bytes], at: int) -> list[TurnReceipt]:
        """Take turns as they come over the wire; bytes that are no turn are refused.

        Args:
            at: now, milliseconds since 1970, UTC.
        """
        turns, unreadable = unpacked(packed)
        return unreadable + self.take(turns, at)

    def take(self, turns: Sequence[Turn], at: int) -> list[TurnReceipt]:
        """Take turns; those of one user in their order.

        Args:
            at: now, milliseconds since 1970, UTC.

        Returns:
            What came of each, in the order given.

        Raises:
            StoreError: nothing was written, and all may be told again.
        """
        self._reconnect()
        with postgres.translated(self._where), self._con.transaction():
            batch = PostgresBatch(self._con, [turn.user for turn in turns])
            batch.look_up_forgotten(self._others(turns))
            receipts = self._together(batch, turns) or self._one_by_one(batch, turns, at)
            batch.drop_new_users()
        return receipts

    def _together(self, batch: PostgresBatch, turns: Sequence[Turn]) -> list[TurnReceipt] | None:
        """Take all at once; None when one of them is wrong, and nothing is written."""
        _look_up_journeys(batch, turns)
        try:
            receipts = [self._take(batch, turn) for turn in turns]
            if any(receipt.came == "refused" and receipt.reason != ERASED for receipt in receipts):
                return None
            batch.flush()
        except Exception as error:
            if postgres.is_of_database(error):
                raise
            return None
        return receipts

    def _one_by_one(self, batch: PostgresBatch, turns: Sequence[Turn], at: int) -> list[TurnReceipt]:
        batch.forget()
        _look_up_journeys(batch, turns)
        receipts = []
        for turn in turns:
            before = batch.next.get(turn.user, 1)
            try:
                receipt = self._take(batch, turn)
                batch.flush()
            except Exception as error:
                if postgres.is_of_database(error):
                    raise
                batch.next[turn.user] = before
                reason = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
                receipt = TurnReceipt(turn.user, turn.first, "refused", reason=reason)
            if receipt.came == "refused" and receipt.reason != ERASED:
                reason = _text(receipt.reason)
                batch.keep_aside((turn.digest(), _moment(at), turn.user, turn.first, reason, turn.packed()))
            receipts.append(receipt)
        return receipts

    def erase(self, user: str, begins: int | None = None) -> None:
        """Forget a user who was erased by their driver; turns that come late are refused. May be told twice.

        Args:
            begins: the number at which the turns of a new life begin; None refuses all of the user.
        """
        self._reconnect()
        with postgres.translated(self._where), self._con.transaction():
            postgres.erase_user(self._con, user, begins)

    def add_code(self, workflow: str, hash: str, file: str, source: str, at: int) -> None:
        """Keep the source of a workflow's version."""
        with postgres.translated(self._where):
            postgres.add_code(self._con, (workflow, hash, file, _text(source), _moment(at)))

    @staticmethod
    def _others(turns: Sequence[Turn]) -> set[str]:
        senders = {sender for turn in turns for _, sender, _ in turn.origins}
        return senders | {user for turn in turns for user in turn.users}

    def _reconnect(self) -> None:
        if self._con.closed:
            self._con = postgres.connect_postgres(self._url, self._where)

    def _take(self, batch: PostgresBatch, turn: Turn) -> TurnReceipt:
        receipt = TurnReceipt(turn.user, turn.first, "taken")
        if turn.user in batch.forgotten and turn.first < (batch.forgotten[turn.user] or turn.next):
            receipt.came, receipt.reason = "refused", ERASED
            return receipt
        wanted = batch.next[turn.user]
        if turn.first > wanted:
            receipt.came, receipt.wanted, receipt.wanted_from = "early", turn.user, wanted
        elif turn.first < wanted:
            receipt.came = "known"
            if batch.digest(turn.user, turn.first) != turn.digest():
                receipt.came, receipt.reason = "refused", "another turn with this number was taken before"
        else:
            batch.add(_Rows(batch, turn).made())
        return receipt


def _look_up_journeys(batch: PostgresBatch, turns: Sequence[Turn]) -> None:
    # Also those that a turn of these has anew: one before it may speak of them, too.
    batch.look_up_journeys({(turn.user, row[4]) for turn in turns for row in turn.rows if row[4] is not None})


class _Rows:
    """A turn as rows."""

    def __init__(self, batch: PostgresBatch, turn: Turn) -> None:
        self.batch = batch
        self.turn = turn
        self.origins = {seq: sender for seq, sender, _ in turn.origins}
        for number, workflow, key, n, *_ in turn.journeys:
            name = turn.names[workflow]
            batch.named[(turn.user, number)] = JourneyName(journey_id(name, turn.user, key, n), name)

    def made(self) -> TurnRows:
        """All of them.

        Raises:
            Exception: it is not what a partition gives; nothing of it is written.
        """
        turn = self.turn
        if [row[0] for row in turn.rows] != list(range(turn.first, turn.next)):
            raise ValueError("its entries do not follow one another")
        newest = max((row[1] for row in turn.rows), default=None)
        return TurnRows(
            turn.user,
            turn.first,
            turn.next,
            turn.digest(),
            _maybe(newest),
            entries=[self._entry(*row) for row in turn.rows],
            ended=turn.ended,
            waits=[self._wait(*wait) for wait in turn.waits],
            moved=[(_maybe(due), turn.user, seq) for seq, due in turn.moved],
            journeys=[self._journey(fields, newest or 0) for fields in turn.journeys],
            profile=_json(json.dumps(turn.profiles[-1][1])) if turn.profiles else None,
        )

    def _named(self, number: int) -> JourneyName:
        return self.batch.named[(self.turn.user, number)]

    def _wait(self, seq: int, number: int, kind: int, name: int | None, due: int | None) -> tuple[Any, ...]:
        event = None if name is None else "*" if name < 0 else self.turn.names[name]
        return (self.turn.user, seq, self._named(number).id, KIND_TEXT[kind], event, _maybe(due))

    def _journey(self, fields: list[Any], newest: int) -> tuple[Any, ...]:
        number, _, key, _, status, pass_no, _, _, _, _, note = fields
        journey = self._named(number)
        mine = [row[1] for row in self.turn.rows if row[4] == number] or [newest]
        return (
            *(self.turn.user, number, journey.id, journey.workflow, key, STATUS_TEXT[status], pass_no),
            *(None if note is None else _text(note), _moment(min(mine)), _moment(max(mine))),
        )

    def _entry(
        self,
        seq: int,
        at: int,
        kind: int,
        user: int | None,
        number: int | None,
        pass_no: int | None,
        name: int | None,
        n: int | None,
        place: int | None,
        cause: int | None,
        code: int | None,
        late: int | None,
        id: str | None,
        data: str | None,
        meta: str | None,
    ) -> tuple[Any, ...]:
        names = self.turn.names
        if KIND_TEXT[kind].startswith("journey."):
            # The workflow's, which has a column of its own.
            name = None
        journey = None if number is None else self._named(number)
        about = None if user is None or kind != Kind.EVENT else self.turn.users[user]
        if about is not None and about in self.batch.forgotten and self.batch.forgotten[about] is None:
            # It was sent to somebody who was erased since: a thing done, without name and data.
            about = id = data = None
        level = LEVEL_OF.get(kind)
        sender = self.origins.get(seq)
        return (
            *(self.turn.user, seq, _moment(at), KIND_TEXT[kind], about),
            *((None, None) if journey is None else journey),
            *(pass_no, None if name is None else names[name], None if place is None else names[place]),
            *(cause, late, id, None if sender in self.batch.forgotten else sender),
            *(
                (_text(data), level, None)
                if level is not None and data is not None
                else (None, level, _json(data))
            ),
        )


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms // 1000, UTC).replace(microsecond=ms % 1000 * 1000)


def _maybe(ms: int | None) -> datetime | None:
    return None if ms is None else _moment(ms)


def _text(text: str) -> str:
    """PostgreSQL has no NUL in its texts; what stands in its place looks like it."""
    return text.replace("\0", "\u2400")


def _json(text: str | None) -> str | None:
    if text is None or "\\u0000" not in text:
        return text
    return json.dumps(_without_nul(json.loads(text)), ensure_ascii=False)


def _without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list):
        return [_without_nul(each) for each in value]
    if isinstance(value, dict):
        return {_text(name): _without_nul(each) for name, each in value.items()}
    return value
