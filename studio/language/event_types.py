"""Typed events: a dataclass, a TypedDict or a pydantic model says what the data of an event is.

What a class says is read by msgspec, or by pydantic where it is a model of that; both give JSON Schema. Data
may have more fields than the class: a sender may be newer than its receiver.
"""

from __future__ import annotations

import dataclasses
import os
import re
import typing
from collections.abc import Callable, Mapping
from datetime import datetime, time
from typing import Any, Generic, TypeVar

from studio.errors import WorkflowError
from studio.language.arguments import calling_place, wrong
from studio.language.commands import Place
from studio.language.event import Event
from studio.language.names import TYPE_OF, fault
from studio.text.source_code import error_text

C = TypeVar("C")

_AT = re.compile(r"(?s)(.*?)(?: - at `(.*)`)?")
_FIELD = re.compile(r"Object (missing required|contains unknown) field `(.*)`")
_TICKS = re.compile(r"`([^`]*)`")


class EventFault(Exception):
    """Data that does not fit, with the field and the reason."""

    def __init__(self, field: str, why: str) -> None:
        self.field = field
        """ "amount", "items.0.sku"; "" for the data as a whole."""
        self.why = why
        super().__init__(f"{field}: {why}" if field else why)


class EventType(Generic[C]):
    """What the data of the events of one name is."""

    def __init__(self, name: str, cls: type[C], place: Place) -> None:
        self.name = name
        self.cls = cls
        self.place = place
        self._is_model = _is_model(cls)
        self._schema: dict[str, Any] | None = None

    def read(self, data: Mapping[str, Any]) -> C:
        """An object of the class, made of an event's data.

        Raises:
            EventFault: the data does not fit.
            WorkflowError: the class cannot be read.
        """
        try:
            return self._read_model(data) if self._is_model else self._read_plain(data)
        except (EventFault, WorkflowError):
            raise
        except (Exception, SystemExit) as error:
            # What the class does besides: its own validators, `__post_init__`.
            raise EventFault("", f"{self.cls.__name__} raised {error_text(error)}") from None

    def _read_plain(self, data: Mapping[str, Any]) -> C:
        import msgspec

        made: C
        try:
            made = msgspec.convert(data, self.cls)
        except msgspec.ValidationError as error:
            raise _fault(str(error)) from None
        except (TypeError, NameError, AttributeError) as error:
            raise self._unreadable(error) from None
        return made

    def _read_model(self, data: Mapping[str, Any]) -> C:
        from pydantic import ValidationError

        try:
            made: C = self.cls.model_validate(dict(data))  # type: ignore[attr-defined]
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]
            why = first["msg"][:1].lower() + first["msg"][1:]
            raise EventFault(".".join(map(str, first["loc"])), why) from None
        return made

    def of_event(self, event: Event) -> C:
        """An object of the class, made of an event of the history.

        Raises:
            WorkflowError: its data does not fit: it came before the class said so, or was only told.
        """
        try:
            return self.read(event.data)
        except EventFault as found:
            raise WorkflowError(
                f'"{event.name}" of {event.at:%Y-%m-%d %H:%M:%S} is no {self.cls.__name__}: {found}',
                fix=f"Let {self.cls.__name__} take it, or wait for {event.name!r} by its name.",
            ) from None

    @property
    def schema(self) -> dict[str, Any]:
        """JSON Schema of the data.

        Raises:
            WorkflowError: the class cannot be read.
        """
        if self._schema is None:
            self._schema = self._make_schema()
        return self._schema

    def _make_schema(self) -> dict[str, Any]:
        made: dict[str, Any]
        try:
            if self._is_model:
                made = self.cls.model_json_schema()  # type: ignore[attr-defined]
            else:
                import msgspec

                made = msgspec.json.schema(self.cls)
                _name_formats(made, self.cls)
        except (TypeError, NameError, AttributeError) as error:
            raise self._unreadable(error) from None
        return made

    def _unreadable(self, error: Exception) -> WorkflowError:
        said = str(error).partition("\n")[0]
        return wrong(self.place, f"the fields of {self.cls.__name__} cannot be read: {said}")

    def __repr__(self) -> str:
        return f"<event {self.name} as {self.cls.__name__}>"


def event(name: str) -> Callable[[type[C]], type[C]]:
    """Make a dataclass, a TypedDict or a pydantic model the type of an event: `@event("billing/paid")`.

    Events of that name whose data does not fit are refused, or only told; `wait_for`, `collect`, `events` and
    `trigger=` take the class in the place of the name, and give objects of it.

    Args:
        name: the event's name, without wildcards.

    Raises:
        WorkflowError: the name is none, or the class is of another kind or cannot be read.
    """
    place = calling_place()
    if (why := fault(name)) or "*" in name:
        raise wrong(place, f"the event's name {why or 'has a wildcard'}", 'Write @event("billing/paid").')

    def make(cls: type[C]) -> type[C]:
        if not isinstance(cls, type) or not (
            dataclasses.is_dataclass(cls) or typing.is_typeddict(cls) or _is_model(cls)
        ):
            raise wrong(
                place,
                f'@event("{name}") stands above {getattr(cls, "__name__", repr(cls))!s:.60}, which is no'
                " dataclass, TypedDict or pydantic model",
                'Write @event("…") above @dataclass, class Paid: …',
            )
        made = EventType(name, cls, place)
        setattr(cls, TYPE_OF, made)
        return cls

    return make


def event_type(cls: type[Any]) -> EventType[Any] | None:
    """The event that a class is the type of; None when it is of none, as a class below one."""
    found: EventType[Any] | None = vars(cls).get(TYPE_OF)
    return found


def types_of(given: object) -> dict[str, EventType[Any]] | None:
    """The types among what a wait is given, by their names; None when it is given names alone."""
    parts = [given] if isinstance(given, type) else given if isinstance(given, list | tuple) else ()
    found = [event_type(part) for part in parts if isinstance(part, type)]
    return {own.name: own for own in found if own is not None} or None


def reader(types: Mapping[str, EventType[Any]]) -> Callable[[Event], Any]:
    """Makes of each event what its type says; one of a name that was given as text stays what it is."""

    def read(found: Event) -> Any:
        own = types.get(found.name)
        return found if own is None else own.of_event(found)

    return read


def alike(one: EventType[Any], other: EventType[Any]) -> bool:
    """Whether two classes say the same of an event: a module that was imported twice makes two."""
    if one is other or one.place == other.place:
        return True
    return one.cls.__name__ == other.cls.__name__ and one.schema == other.schema


def place_text(place: Place) -> str:
    """ "_events.py:12"."""
    return f"{os.path.basename(place[0])}:{place[1]}"


_FORMATS = {datetime: "date-time", time: "time"}


def _name_formats(schema: dict[str, Any], cls: type[Any]) -> None:
    """Say of moments that they are: msgspec names the format only of those that must have a zone."""
    todo, seen = [cls], set()
    while todo:
        if (here := todo.pop()) in seen:
            continue
        seen.add(here)
        fields = schema.get("$defs", {}).get(here.__name__, schema).get("properties", {})
        for name, hint in typing.get_type_hints(here).items():
            parts = [hint]
            for part in parts:
                parts += typing.get_args(part)
            todo += [part for part in parts if dataclasses.is_dataclass(part) or typing.is_typeddict(part)]
            own = next((_FORMATS[part] for part in parts if part in (datetime, time)), None)
            if own is None or name not in fields:
                continue
            several = [fields[name], *fields[name].get("anyOf", ()), fields[name].get("items", {})]
            for each in several:
                if each.get("type") == "string":
                    each.setdefault("format", own)


def _is_model(cls: Any) -> bool:
    return callable(getattr(cls, "model_validate", None)) and callable(
        getattr(cls, "model_json_schema", None)
    )


def _fault(said: str) -> EventFault:
    """Of msgspec's words: "Expected `int`, got `str` - at `$.amount`"."""
    found = _AT.fullmatch(said)
    what, at = (found[1], found[2] or "") if found is not None else (said, "")
    path = re.sub(r"\[(\d+)\]", r".\1", at.removeprefix("$")).removeprefix(".")
    if (missing := _FIELD.fullmatch(what)) is not None:
        field = f"{path}.{missing[2]}" if path else missing[2]
        return EventFault(field, "is missing" if missing[1].startswith("missing") else "is not known")
    plain = _TICKS.sub(r"\1", what)
    return EventFault(path, plain[:1].lower() + plain[1:])
