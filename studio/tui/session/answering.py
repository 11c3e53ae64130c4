"""What would answer a wait: an event that carries what such events carry, so that the journey can go on.

A `match` says what must agree, and not what the code reads from the event afterwards. So the
data is that of an event of the same name, the user's own before others', put right where it
does not meet the match, as the preview does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from studio.design.explorer.samples import LOOK_ENTRIES, Samples, event_file
from studio.errors import JourneyError, StudioError
from studio.events import event_files as eventfiles
from studio.kernel.matching import MISSING, look_up
from studio.language.definition import Workflow
from studio.language.names import Names, names
from studio.store.records import Entry, WaitRow
from studio.store.views import Views
from studio.text import json_text as jsontext

MOST_FILE_EVENTS = 10_000
"""Of an event file so many are looked at."""
MOST_OWN = 20
"""Of a user's own events of a name so many, the newest."""
MOST_SAMPLE_CHARS = 16 * 1024
"""What carries more is no example for a line to be read before it is sent."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An event that ends a wait, ready to send."""

    event: str
    user: str
    data: dict[str, Any]
    problem: str = ""
    """Why an event file could not be looked at."""


@dataclass(frozen=True, slots=True)
class AnswerQuestion:
    """What would answer a wait."""

    wait: WaitRow
    workflows: Mapping[str, Workflow] = field(compare=False)

    def read(self, views: Views) -> Answer:
        """The event, from event files, the store and the user's own history, the last of these first."""
        wait = self.wait
        wanted = names((wait.name or "*").split(", "))
        samples = Samples()
        samples.add_types(self.workflows.values())
        problem = self._add_files(samples, wanted)
        after = max(0, views.last_seq() - LOOK_ENTRIES)
        for entry in views.entries(after=after, limit=LOOK_ENTRIES, kinds=["event"]):
            _add(samples, wanted, wait.user, entry)
        for name, number in views.events_of(wait.user).items():
            if wanted.meets(name):
                for entry in views.newest_events(wait.user, number, MOST_OWN):
                    _add(samples, wanted, wait.user, entry)
        event = samples.event_name(wanted)
        return Answer(event, wait.user, samples.event_data(event, wait.match, self._key(views)), problem)

    def _add_files(self, samples: Samples, wanted: Names) -> str:
        own = self.workflows.get(self.wait.workflow)
        others = [each for each in self.workflows.values() if each is not own]
        files = [event_file(each) for each in (*others, *([own] if own is not None else []))]
        problem = ""
        for file in dict.fromkeys(each for each in files if each is not None):
            try:
                with open(file, encoding="utf-8") as lines:
                    for event in islice(eventfiles.read(lines, 0, file), MOST_FILE_EVENTS):
                        if wanted.meets(event.name) and len(event.text) <= MOST_SAMPLE_CHARS:
                            data = jsontext.loads(event.text)
                            samples.add(event.name, addressed(data, event.user, self.wait.user))
            except (OSError, UnicodeError, StudioError) as error:
                # Without its samples there are those of the store, and those of the match.
                problem = f"{file} cannot be read: {error}"
        return problem

    def _key(self, views: Views) -> tuple[str, Any] | None:
        """The field of `@workflow(key=…)` and this journey's value of it."""
        workflow = self.workflows.get(self.wait.workflow)
        if workflow is None or workflow.key is None:
            return None
        try:
            row = views.journey(self.wait.journey)
        except JourneyError:
            # Several have the id, from before ids were unambiguous.
            rows = views.journeys_called(self.wait.journey)
            row = next((row for row in rows if row.user == self.wait.user), None)
        if row is None or row.key is None:
            return None
        # The row has it as text, in which 5 and "5" are one.
        for name, number in views.events_of(row.user).items():
            if workflow.trigger.meets(name):
                for event in views.newest_events(row.user, number, MOST_OWN):
                    value = look_up(event.data or {}, workflow.key)
                    if value is not MISSING and row.key in (value, jsontext.dumps(value)):
                        return workflow.key, value
        return workflow.key, row.key


def _add(samples: Samples, wanted: Names, user: str, entry: Entry) -> None:
    name, data = entry.name, entry.data
    if name is None or not isinstance(data, dict) or not wanted.meets(name):
        return
    if len(json.dumps(data, ensure_ascii=False)) <= MOST_SAMPLE_CHARS:
        samples.add(name, addressed(data, entry.user or "", user))


def addressed(data: Mapping[str, Any], was: str, user: str) -> dict[str, Any]:
    """The data with the id of one user written as that of another, wherever it stands as a whole value."""
    return {name: _addressed(value, was, user) for name, value in data.items()}


def _addressed(value: Any, was: str, user: str) -> Any:
    match value:
        case str():
            return user if was and value == was else value
        case dict():
            return addressed(value, was, user)
        case list():
            return [_addressed(each, was, user) for each in value]
        case _:
            return value
