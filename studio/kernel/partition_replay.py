"""A partition from its bytes and the turns that followed: no function of an author is called.

So a driver that keeps what each turn changed has the user's state again, anywhere, whatever the code says by
now: what was decided stays decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from studio.kernel.event_blocks import event_of
from studio.kernel.marks import is_mark
from studio.kernel.partition import Partition
from studio.kernel.partition_dump import OpenWaits, fold_passes, read
from studio.kernel.state import Row
from studio.kernel.text_numbers import ID, JOURNEY, NAME, USER, row_in
from studio.kernel.turn import Turn
from studio.language.definition import Workflow
from studio.language.kinds import Kind
from studio.text import json_text as jsontext

SEQ, AT, KIND, DATA, META = 0, 1, 2, 13, 14
"""Where an entry's row has them."""


def replay(
    dumped: bytes,
    turns: Iterable[Turn],
    delivered: Mapping[str, int],
    workflows: Mapping[str, Workflow],
    seed: str = "",
    salt: str = "",
    codes: Mapping[str, str] | None = None,
) -> Partition:
    """Put the turns that a partition has had since it was packed on top of it.

    Args:
        turns: all since then, in their order.
        delivered: of users whose journeys sent events here meanwhile, the newest entry that did.
        workflows: as of `partition_dump.load`, and so are the others.

    Raises:
        PartitionError: these are no bytes of `dump`, or of a newer version.
        ValueError: a turn does not begin where the former ended.
    """
    partition, waits = read(dumped, workflows, seed, salt, codes)
    for turn in turns:
        _Replay(partition, waits, turn).run()
    partition.delivered.update(delivered)
    partition.turn_from = partition.seq
    fold_passes(partition, waits)
    return partition


class _Replay:
    def __init__(self, partition: Partition, waits: OpenWaits, turn: Turn) -> None:
        self.partition = partition
        self.waits = waits
        self.turn = turn
        self.names = [partition.name_id(text) for text in turn.names]
        self.users = [partition.user(name).id for name in turn.users]

    def run(self) -> None:
        partition, turn = self.partition, self.turn
        if turn.first != partition.seq:
            raise ValueError(f"a turn begins at {turn.first}, and {partition.seq} is wanted")
        for told in turn.rows:
            self._entry(told)
        for seq, profile in turn.profiles:
            partition.me.versions.append((seq, profile))
        for fields in turn.journeys:
            self._journey(fields)
        for row in partition.history[len(partition.history) - len(turn.rows) :]:
            if is_mark(row[KIND]):
                partition.note_mark(row)
            elif row[KIND] == Kind.STARTED and (journey := partition.journey_by_id(row[JOURNEY])) is not None:
                journey.entered = (row[SEQ], row[AT])
        for id in turn.ended:
            self.waits.pop(id, None)
        for id, due in turn.moved:
            self.waits[id] = (self.waits[id][0], due)
        for id, _, _, name, due in turn.waits:
            self.waits[id] = (None if name is None else 0 if name < 0 else self.names[name], due)
        partition.seq = turn.next

    def _entry(self, told: list[Any]) -> None:
        partition = self.partition
        row = row_in(told, self.names, self.users)
        partition.history.append(row)
        partition.last_at = max(partition.last_at, row[AT])
        if row[KIND] != Kind.EVENT:
            return
        if row[USER] == partition.me.id:
            text, sent_at = row[DATA], _sent_at(row)
            name = partition.name_text(row[NAME])
            event = event_of([row[SEQ], row[AT], name, text, row[ID], sent_at], partition.name)
            partition.add_event(partition.me, event)
        elif row[ID] is not None:
            partition.sent_ids[row[ID]] = row[SEQ]

    def _journey(self, fields: list[Any]) -> None:
        id, workflow, *rest = fields
        journey = self.partition.journey_by_id(id)
        if journey is None:
            number = self.names[workflow]
            journey = self.partition.put_journey((id, self.partition.me.id, number, *rest), new=False)
            self.partition.next_journey = max(self.partition.next_journey, journey.id + 1)
            return
        _, _, status, pass_no, pass_seq, trigger, since, runaway_count, note = rest
        journey.status, journey.pass_no, journey.pass_seq = status, pass_no, pass_seq
        journey.trigger, journey.since, journey.runaway_count, journey.note = (
            trigger,
            since,
            runaway_count,
            note,
        )


def _sent_at(row: Row) -> int | None:
    meta = row[META]
    return None if meta is None else jsontext.loads(meta).get("sent_at")
