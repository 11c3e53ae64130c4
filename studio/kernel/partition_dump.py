"""A user's partition as bytes, and back: for hand-overs, backups, and what a driver keeps between two turns.

A dump begins with a mark and the version of its form. Each version that was ever written can be read. The
head is JSON, compressed; the blocks of old events follow as they are, and are packed once in their lives.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from studio.errors import StudioError
from studio.kernel.event_blocks import block_from, event_of, row_of
from studio.kernel.marks import Mark
from studio.kernel.packed import pack, unpack
from studio.kernel.partition import Partition
from studio.kernel.pass_fold import fold
from studio.kernel.text_numbers import TextNumbers, journey_fields, row_in, row_out
from studio.language.definition import Workflow
from studio.language.kinds import Kind

MARK = b"journey-partition"
VERSION = 2

OpenWaits = dict[int, tuple[int | None, int | None]]
"""By entry, the number of the event's name that ends a wait (0: a pattern, None: none) and its deadline."""

JOURNEY_WORKFLOW = 1
"""Where `journey_fields` have the workflow."""


class PartitionError(StudioError):
    """Bytes that are no partition that this version can read."""


def dump(partition: Partition) -> bytes:
    """Pack a partition, between two turns: what was handed out goes with it unless `compact` dropped it."""
    names = TextNumbers(partition.name_text)
    users = {user.id: user.name for user in partition.users.values()}
    others = TextNumbers(users.__getitem__)
    rows = [row_out(row, names, others) for row in partition.history]
    head = {
        "user": partition.name,
        "seq": partition.seq,
        "last_at": partition.last_at,
        "next_journey": partition.next_journey,
        "rows": rows,
        "journeys": [
            [names(value) if at == JOURNEY_WORKFLOW else value for at, value in enumerate(journey_fields(j))]
            for j in partition.journeys
        ],
        "waits": [
            [wait.id, names(wait.name) if wait.name else wait.name, wait.due]
            for wait in partition.waits.values()
        ],
        "events": [row_of(event) for event in partition.me.events],
        "blocks": [[block.record(), len(block.packed)] for block in partition.blocks],
        "sent_ids": partition.sent_ids,
        "profiles": [list(version) for version in partition.me.versions],
        "names": names.texts,
        "users": others.texts,
        "delivered": partition.delivered,
        "entered": {str(j.id): j.entered for j in partition.journeys if j.entered is not None},
        "marks": [
            [
                kind,
                mark.seq,
                mark.at,
                _text(names, mark.name),
                mark.journey,
                _text(names, mark.workflow),
                mark.data,
            ]
            for kind, mark in partition.own_marks()
        ],
    }
    packed = pack(head)
    blocks = b"".join(block.packed for block in partition.blocks)
    return MARK + bytes((VERSION,)) + len(packed).to_bytes(4, "big") + packed + blocks


def _text(names: TextNumbers, number: int | None) -> int | None:
    return None if number is None else names(number)


def head_bytes(dumped: bytes) -> int:
    """How many of a dump's bytes are its head. Blocks of old events follow, to which others are added."""
    begins = len(MARK) + 1
    return begins + 4 + int.from_bytes(dumped[begins : begins + 4], "big")


def load(
    dumped: bytes,
    workflows: Mapping[str, Workflow],
    seed: str = "",
    salt: str = "",
    codes: Mapping[str, str] | None = None,
) -> Partition:
    """Make a partition of its bytes.

    Args:
        workflows: those that journeys are driven by, by name.
        seed: as of `Partition`; it is not in the bytes, as it is the same for all users.
        salt: so is this.
        codes: the hash of each workflow's source, by the workflow's name.

    Raises:
        PartitionError: these are no bytes of `dump`, or of a newer version.
    """
    partition, waits = read(dumped, workflows, seed, salt, codes)
    fold_passes(partition, waits)
    return partition


def read(
    dumped: bytes,
    workflows: Mapping[str, Workflow],
    seed: str = "",
    salt: str = "",
    codes: Mapping[str, str] | None = None,
) -> tuple[Partition, OpenWaits]:
    """Make a partition of its bytes, without what passes have recorded: `fold_passes` is to follow.

    Returns:
        It, and the waits that are open.

    Raises:
        PartitionError: these are no bytes of `dump`, or of a newer version.
    """
    if not dumped.startswith(MARK) or len(dumped) < len(MARK) + 5:
        raise PartitionError("it is no user's partition: its first bytes say something else")
    version, rest = dumped[len(MARK)], dumped[len(MARK) + 1 :]
    reader = READERS.get(version)
    if reader is None:
        raise PartitionError(
            f"it was written in form {version}, and this version of Journey Studio reads up to {VERSION}",
            fix="Install the version that wrote it, or a newer one.",
        )
    size = int.from_bytes(rest[:4], "big")
    try:
        head = unpack(rest[4 : 4 + size])
    except ValueError as error:
        raise PartitionError(f"it is damaged: {error}") from None
    return reader(head, rest[4 + size :], (workflows, seed, salt, codes))


def _read_1(head: dict[str, Any], packed: bytes, given: tuple[Any, ...]) -> tuple[Partition, OpenWaits]:
    partition = Partition(head["user"], *given)
    names = [partition.name_id(text) for text in head["names"]]
    users = [partition.user(name).id for name in head["users"]]
    for row in head["journeys"]:
        id, workflow, *rest = row
        partition.put_journey((id, partition.me.id, names[workflow], *rest), new=False)
    for number, place in head.get("entered", {}).items():
        if (journey := partition.journey_by_id(int(number))) is not None:
            journey.entered = (place[0], place[1])
    at = 0
    for record, size in head["blocks"]:
        partition.blocks.append(block_from(record, packed[at : at + size]))
        at += size
    if at != len(packed):
        raise PartitionError("it is damaged: its events are not all there")
    for row in head["events"]:
        partition.add_event(partition.me, event_of(row, partition.name))
    partition.me.versions = [(seq, profile) for seq, profile in head["profiles"]]
    partition.history = [row_in(row, names, users) for row in head["rows"]]
    # Form 1 had none.
    for kind, seq, moment, name, journey, workflow, data in head.get("marks", ()):
        named = (None if each is None else names[each] for each in (name, workflow))
        name, workflow = named
        partition.put_mark(kind, Mark(seq, moment, name, journey, workflow, data))
    waits = {id: (names[name] if name else name, due) for id, name, due in head["waits"]}
    partition.seq = partition.turn_from = head["seq"]
    partition.last_at = head["last_at"]
    partition.next_journey = head["next_journey"]
    partition.sent_ids = head["sent_ids"]
    partition.delivered = head["delivered"]
    return partition, waits


def fold_passes(partition: Partition, waits: OpenWaits) -> None:
    """Have it known what journeys have recorded and wait for, from their rows; once."""
    for row in partition.history:
        seq, at, kind, _, number, _, name, n, place, cause, _, late, _, data, _ = row
        journey = partition.journey_by_id(number)
        if journey is None or seq < journey.pass_seq or Kind.LOG_DEBUG <= kind <= Kind.NOTE:
            continue
        if kind == Kind.STARTED:
            journey.entered = (seq, at)
        wait_name, due = waits.get(seq, (None, None))
        wait = seq if seq in waits else None
        row = (number, seq, at, kind, name, n, cause, late, data, place, wait, wait_name, due)
        fold(journey, row, partition.waits, partition.name_text)


READERS: dict[int, Callable[[dict[str, Any], bytes, tuple[Any, ...]], tuple[Partition, OpenWaits]]] = {
    1: _read_1,
    2: _read_1,
}
"""How each form is read that was ever written."""
