"""One user's state, taken from Temporal into a store for a moment, where no sink is at hand."""

from __future__ import annotations

from pathlib import Path

from studio.kernel.partition import Partition
from studio.kernel.state import Row
from studio.language.kinds import Kind
from studio.store.changes import Changes
from studio.store.sqlite import Store
from studio.text import json_text as jsontext


def write_user(partition: Partition, path: Path) -> None:
    """Put what is known of a user into a new store: all events, and what open journeys are at."""
    changes = Changes()
    rows: dict[int, Row] = {row[0]: row for row in partition.history}
    for event in partition.all_events():
        if event.seq not in rows:
            name = partition.name_id(event.name)
            head = (event.seq, event.at_ms, Kind.EVENT, partition.me.id, None, None, name)
            rows[event.seq] = (*head, None, None, None, None, None, event.id, event._text, None)
    # Versions have numbers of their own in a store, and none is there.
    changes.history = [(*row[:10], None, *row[11:]) for _, row in sorted(rows.items())]
    changes.names = [(id, text) for id, text in enumerate(partition.names, 1)]
    changes.users = [(user.id, user.name) for user in partition.users.values()]
    for j in partition.journeys:
        whose = (j.id, j.user.id, j.workflow_id, j.key, j.n)
        changes.journeys.append(
            (*whose, j.status, j.pass_no, j.pass_seq, j.trigger, j.since, j.runaway_count, j.note)
        )
    waits = partition.waits.values()
    changes.waits = [(w.id, w.journey.id, w.journey.user.id, w.kind, w.name, w.due) for w in waits]
    me = partition.me
    changes.profiles = [(me.id, seq, jsontext.dumps(profile)) for seq, profile in me.versions]
    store = Store(path, "normal")
    try:
        store.write(changes)
    finally:
        store.close()
