"""An event to start with, and one that was typed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import islice
from typing import Any

from studio.errors import EventError, StudioError
from studio.events.event_files import read
from studio.events.schema_samples import sample_of
from studio.kernel.sample_for_match import name_for, put
from studio.language.definition import Workflow
from studio.language.incoming import Incoming, incoming
from studio.source.event_door import types_in

EXAMPLE_EVENTS = 100


def _first_of_file(workflow: Workflow) -> tuple[int, Incoming] | None:
    """The first event of `data/NAME.jsonl` beside the workflow's folder, and how many the file has."""
    from studio.design.explorer.samples import data_folder

    path = data_folder(workflow) / f"{workflow.name}.jsonl"
    try:
        with path.open(encoding="utf-8") as lines:
            events = list(islice(read(lines, 0, path.name), EXAMPLE_EVENTS))
    except (OSError, ValueError, StudioError):
        return None
    return (len(events), events[0]) if events and workflow.trigger.meets(events[0].name) else None


def example_event(workflows: Mapping[str, Workflow]) -> tuple[str, str, dict[str, Any]] | None:
    """An event that starts a journey, ready to send: name, user, data.

    The first of the event file that tells most, when workflows have such files.
    """
    files = [(found, each.name) for each in workflows.values() if (found := _first_of_file(each)) is not None]
    if files:
        (_, event), _ = max(files, key=lambda each: (each[0][0], each[1]))
        return event.name, event.user, json.loads(event.text)
    for workflow in sorted(workflows.values(), key=lambda each: (not each.trigger.literals, each.name)):
        name = event_name(workflow.trigger.text)
        own = types_in([workflow]).get(name)
        data: dict[str, Any] = {"email": "user1@example.com"} if own is None else sample_of(own.schema)
        if workflow.key:
            data = put(data, workflow.key, f"{workflow.key.rpartition('.')[2].removesuffix('_id')}-1")
        return name, "user1", data
    return None


def typed_data(workflows: Mapping[str, Workflow], event: str) -> str | None:
    """Data to begin with for an event that has a type, as JSON; None when it has none."""
    own = types_in(workflows.values()).get(event)
    return None if own is None else json.dumps(sample_of(own.schema), ensure_ascii=False)


def event_name(pattern: str, known: list[str] | None = None) -> str:
    """A name that meets a pattern: the plainest of it, else a known one, else one made up."""
    return name_for(pattern.split(", "), known or ())


def check_event(event: str, user: str, data: Mapping[str, Any]) -> Incoming:
    """The event, checked.

    Raises:
        EventError: a field cannot be stored; says which and why.
    """
    if not event.strip():
        raise EventError("an event needs a name", fix='Write one such as "app/login".')
    if not user.strip():
        raise EventError("an event needs a user", fix='Write an id such as "user1".')
    return incoming(event.strip(), user.strip(), data)
