"""What events carry and steps give while a workflow is explored: samples, told where they are from."""

from __future__ import annotations

import copy
import inspect
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.errors import EventError
from studio.events import event_files as eventfiles
from studio.events.schema_samples import sample_of
from studio.kernel.matching import MISSING, look_up, meets
from studio.kernel.sample_for_match import mend, name_for, put
from studio.language.incoming import Incoming, incoming
from studio.language.names import Names
from studio.source.event_door import Types, types_in
from studio.text import json_text as jsontext

if TYPE_CHECKING:
    from studio.language.definition import Workflow
    from studio.store.views import Views

USER = "user1"
LOOK_ENTRIES = 20_000
"""So many of the newest entries of a store are looked through for samples."""
MOST_OF_A_NAME = 100
"""Samples of one event, the newest."""


@dataclass(slots=True)
class Samples:
    """What is known of events, steps and the user."""

    events: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """Data by event name, the best last."""
    steps: dict[str, Any] = field(default_factory=dict)
    """Results by the step's name."""
    user: dict[str, Any] = field(default_factory=lambda: {"id": USER})
    """The id and the profile of whom the journey is about."""
    types: Types = field(default_factory=dict)
    """The types of events, for those of which no sample is known."""
    start: int | None = None
    """The moment at which an event file says that it begins."""
    sources: list[str] = field(default_factory=list)
    """Where they are from, for people."""

    def add(self, name: str, data: Mapping[str, Any]) -> None:
        """Take what an event carried; it goes before what was known so far."""
        known = self.events.setdefault(name, [])
        known.append(dict(data))
        del known[:-MOST_OF_A_NAME]

    def add_text(self, text: str) -> None:
        """Take a sample as it is written: `app/login={"device": "phone"}`, `step:charge={"ok": true}`.

        Raises:
            EventError: it is not of this form.
        """
        name, given, json = text.partition("=")
        name = name.strip()
        fix = 'Write --sample \'app/login={"device": "phone"}\', or \'step:charge={"ok": true}\'.'
        if not given or not name:
            raise EventError("it has no EVENT=JSON", where=f"--sample {text}", fix=fix)
        try:
            value = jsontext.loads(json)
        except jsontext.NotJson as error:
            raise EventError(f"what follows = is not valid JSON: {error}", where=name, fix=fix) from None
        if name.startswith("step:"):
            self.steps[name.removeprefix("step:")] = value
        elif isinstance(value, dict):
            self.add(name, value)
        else:
            raise EventError("an event's data must be an object", where=name, fix=fix)

    def add_types(self, workflows: Iterable[Workflow]) -> None:
        """Take what the types of events say that workflows know."""
        self.types = {**self.types, **types_in(workflows)}

    def _of_type(self, name: str) -> dict[str, Any]:
        """The plainest data that fits the type of an event; nothing where it has none."""
        own = self.types.get(name)
        found = None if own is None else sample_of(own.schema)
        return found if isinstance(found, dict) else {}

    def add_events(self, events: Iterable[Incoming]) -> None:
        """Take what the events of a file carry, and the first profile in it."""
        profiled = False
        for event in events:
            self.add(event.name, jsontext.loads(event.text))
            if event.profile is not None and not profiled:
                profiled = True
                self.user = {**jsontext.loads(event.profile), "id": event.user}

    def add_file(self, lines: Iterable[eventfiles.Line], name: str) -> None:
        """Take what the events of a file carry, and when it says that it begins.

        Raises:
            EventError: a line is wrong.
        """
        kept = list(lines)
        self.start = eventfiles.named_start(kept, name)
        self.add_events(eventfiles.read(kept, 0, name))

    def add_event_file(self, workflow: Workflow) -> None:
        """Take what the events of the workflow's own event file carry, if it has one.

        Raises:
            StudioError: the file cannot be read.
        """
        file = event_file(workflow)
        if file is None:
            return
        try:
            with open(file, encoding="utf-8") as lines:
                self.add_file(lines, file)
        except (OSError, UnicodeError) as error:
            raise EventError(f"it cannot be read: {error}", where=file) from error

    def add_history(self, views: Views, workflow: str) -> None:
        """Take what the newest events of a store carried, and what the workflow's steps gave."""
        after = max(0, views.last_seq() - LOOK_ENTRIES)
        for entry in views.entries(after=after, limit=LOOK_ENTRIES, kinds=["event", "step.done"]):
            if entry.name is None:
                continue
            if entry.kind == "event":
                self.add(entry.name, entry.data if isinstance(entry.data, dict) else {})
            elif entry.workflow == workflow and isinstance(entry.data, dict):
                self.steps[entry.name] = entry.data.get("result")

    def event_name(self, wanted: Names) -> str:
        """An event that meets these names: one that is written out, or a known one."""
        return name_for(wanted.parts, list(self.events))

    def event_data(
        self, name: str, match: Mapping[str, Any] | None, key: tuple[str, Any] | None
    ) -> dict[str, Any]:
        """What an event carries that meets a match: a sample that does, or one that is put right.

        It is not to be changed: it may be the sample itself.

        Args:
            key: the field of `@workflow(key=…)` and the journey's value; a sample that has it gets this one.
        """
        known = self.events.get(name, ())
        for given in reversed(known):
            data = _keyed(given, key)
            if meets(match, data):
                return data
        if not known and name not in self.types:
            return mend(match, {})
        return mend(match, _keyed(known[-1] if known else self._of_type(name), key))

    def trigger(self, workflow: Workflow, key: tuple[str, Any] | None) -> tuple[str, dict[str, Any]]:
        """The event that begins a journey or its next pass: its name, and its data, not to be changed.

        Args:
            key: the field of `@workflow(key=…)` and the value that the journey has already.
        """
        name = self.event_name(workflow.trigger)
        data = self.event_data(name, None, key)
        if workflow.key is not None and look_up(data, workflow.key) is MISSING:
            data = put(data, workflow.key, key[1] if key else f"{workflow.key}1")
        return name, data

    def beginning(self, workflow: Workflow) -> Incoming:
        """The event with which all begins, and what is known of the user with it.

        Raises:
            EventError: a sample, or the user, is none that an event may have.
        """
        name, data = self.trigger(workflow, None)
        id = str(self.user.get("id", USER))
        who = {**self.user, "id": id}
        if "email" not in who and not isinstance(data.get("email"), str):
            # Somebody who can be written to; a profile of one's own may leave it out with null.
            who["email"] = f"{id}@example.com"
        return incoming(name, who, data)

    def knows_step(self, name: str) -> bool:
        """Whether a step's result was recorded or given."""
        return name in self.steps

    def step_result(self, name: str, function: Callable[..., Any]) -> Any:
        """What a step gives: as recorded or given, else the plainest value of its declared type."""
        if name in self.steps:
            return copy.deepcopy(self.steps[name])
        return _plainest(_returned(function))


def data_folder(workflow: Workflow) -> Path:
    """`data/` beside the folder of the workflow's file: where its event files are."""
    return Path(workflow.file).parent.parent / "data"


def event_file(workflow: Workflow) -> str | None:
    """The file in `data_folder` that is named as the workflow or its file is."""
    for name in dict.fromkeys((workflow.name, Path(workflow.file).stem)):
        path = data_folder(workflow) / f"{name}.jsonl"
        if path.is_file():
            return str(path)
    return None


def _keyed(data: dict[str, Any], key: tuple[str, Any] | None) -> dict[str, Any]:
    if key is None or look_up(data, key[0]) in (MISSING, key[1]):
        return data
    return put(data, *key)


def _returned(function: Callable[..., Any]) -> Any:
    try:
        return typing.get_type_hints(inspect.unwrap(function)).get("return")
    except (TypeError, NameError, AttributeError):
        # A partial, an object that can be called, a name known to type checkers only.
        return None


_PLAIN: dict[Any, Any] = {dict: {}, Mapping: {}, list: [], str: "", int: 0, float: 0.0, bool: True}


def _plainest(declared: Any) -> Any:
    origin = typing.get_origin(declared)
    if origin in (typing.Union, types.UnionType):
        # "dict | None": the step did what it is for.
        return _plainest(next(part for part in typing.get_args(declared) if part is not type(None)))
    return copy.copy(_PLAIN.get(origin or declared))
