"""The profile of made-up users: when they come, what they do, how likely and how soon. A TOML file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from studio.clocks import durations, moments
from studio.errors import DurationError, StudioError
from studio.reports.simulation.chance import Delay

ENTRY = "entry"
"""What an event comes after that answers no message: that its person has come."""
OVER = "30d"
"""Over so long people come, when the file does not say."""


class ProfileError(StudioError):
    """A profile that cannot be read; the message names the field."""


@dataclass(frozen=True, slots=True)
class Habit:
    """An event that people send, after something."""

    event: str
    after: str
    """`ENTRY`; else the name of the step or message that it answers."""
    chance: float
    """From 0 to 1; of each time anew."""
    delay: Delay
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Profile:
    """Who the made-up users are."""

    event: str
    """With what each comes."""
    start_ms: int | None
    """When the first comes, milliseconds since 1970, UTC; None leaves it to whoever simulates."""
    over_ms: int
    """Over so long they come, evenly."""
    data: Mapping[str, Any]
    """Of the event with which they come; "{user}" and "{number}" are filled in."""
    user: Mapping[str, Any]
    """What is known of each from the start."""
    habits: tuple[Habit, ...]

    def changed(self, habit: Habit, chance: float) -> Profile:
        """The same with another chance of one event."""
        habits = tuple(replace(each, chance=chance) if each is habit else each for each in self.habits)
        return replace(self, habits=habits)


def read_profile(file: Path) -> Profile:
    """Read a profile.

    Raises:
        ProfileError: it is not there, is no TOML, or a field makes no sense.
    """
    try:
        fields = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ProfileError(
            error.strerror or str(error), where=str(file), fix="Write one with: simulate NAME --init FILE"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProfileError(f"it is no TOML: {error}", where=str(file)) from error
    return profile_of(fields, str(file))


def profile_of(fields: Mapping[str, Any], file: str) -> Profile:
    """The profile that such fields make.

    Raises:
        ProfileError: a field is missing, unknown, or makes no sense.
    """
    _known(fields, ("arrivals", "events"), file)
    arrivals = _table(fields.get("arrivals", {}), f"{file}: [arrivals]")
    where = f"{file}: [arrivals]"
    _known(arrivals, ("event", "start", "over", "data", "user"), where)
    event = arrivals.get("event")
    if not isinstance(event, str) or not event:
        raise ProfileError("it names no event", where=where, fix='Write event = "form.submitted".')
    start = arrivals.get("start")
    return Profile(
        event,
        None if start is None else _moment(start, f"{where} start"),
        _duration(arrivals.get("over", OVER), f"{where} over"),
        _table(arrivals.get("data", {}), f"{where} data"),
        _table(arrivals.get("user", {}), f"{where} user"),
        tuple(_habits(_table(fields.get("events", {}), f"{file}: [events]"), file)),
    )


def _habits(events: Mapping[str, Any], file: str) -> list[Habit]:
    found = []
    for event, fields in events.items():
        where = f'{file}: [events."{event}"]'
        table = dict(_table(fields, where))
        answers = _table(table.pop("after", {}), f"{where} after")
        data = _table(table.pop("data", {}), f"{where} data")
        if table:
            found.append(_habit(event, ENTRY, table, data, where))
        for name, answer in answers.items():
            place = f'{where[:-1]}.after."{name}"]'
            fields_of = dict(_table(answer, place))
            own = _table(fields_of.pop("data", data), f"{place} data")
            found.append(_habit(event, name, fields_of, own, place))
    return found


def _habit(event: str, after: str, fields: Mapping[str, Any], data: Mapping[str, Any], where: str) -> Habit:
    _known(fields, ("chance", "p50", "p90"), where)
    chance = fields.get("chance")
    if isinstance(chance, bool) or not isinstance(chance, int | float) or not 0 <= chance <= 1:
        raise ProfileError(
            f"chance is {chance!r}", where=where, fix="Write a number from 0 to 1: chance = 0.4."
        )
    p50 = _duration(fields.get("p50", "1h"), f"{where} p50")
    p90 = _duration(fields["p90"], f"{where} p90") if "p90" in fields else p50 * 4
    if p90 < p50:
        raise ProfileError(
            "p90 is shorter than p50",
            where=where,
            fix="By p50 half of people have done it, by p90 nine of ten.",
        )
    return Habit(event, after, float(chance), Delay(p50, p90), data)


def _known(fields: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    for name in fields:
        if name not in known:
            raise ProfileError(
                f"{name!r} is no field of it", where=where, fix=f"There is: {', '.join(known)}."
            )


def _table(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ProfileError(f"it is {value!r:.40}, not a table", where=where)
    return value


def _duration(value: Any, where: str) -> int:
    try:
        return durations.parse(value)
    except DurationError as error:
        raise ProfileError(f"it is {value!r:.40}, which {error.reason}", where=where, fix=error.fix) from None


def _moment(value: Any, where: str) -> int:
    try:
        return moments.parse(str(value), 0)
    except StudioError as error:
        raise ProfileError(error.what, where=where, fix=error.fix) from None
