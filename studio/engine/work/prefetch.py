"""Reading what events will need, a statement for all in place of one for each."""

from __future__ import annotations

from studio.engine.work.batch import Batch
from studio.kernel.triggers import key_value
from studio.language.incoming import Incoming
from studio.language.kinds import Status
from studio.text import json_text as jsontext


def prefetch(batch: Batch, events: list[Incoming]) -> None:
    """Read what these events will need, a statement for all in place of one for each."""
    unit = batch.unit
    unit.load_users([event.user for event in events])
    if ids := [event.id for event in events if event.id is not None]:
        batch.ids.load(ids)
    users = unit.users
    known = [
        (user, event) for event in events if (user := users.get(event.user)) is not None and not user.new
    ]
    if not known:
        return
    unit.load_waits([(user, unit.name_id(event.name)) for user, event in known])
    keyed = []
    for user, event in known:
        for workflow in batch.routes.of(event.name)[1]:
            key = "" if workflow.key is None else key_value(workflow, jsontext.loads(event.text))
            keyed.append((user, unit.name_id(workflow.name), key))
    unit.load_keyed(keyed)
    ready = [wait.journey for wait in unit.waits.values() if wait.open and wait.name is not None]
    ready += [journey for journey in unit.journeys.values() if journey.status == Status.IDLE]
    unit.load_passes(ready)
