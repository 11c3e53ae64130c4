"""Options that many commands share."""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Callable
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, TypeVar

import click

from studio.cli import complete
from studio.cli.output import data_alone
from studio.cli.settings import settings
from studio.errors import ClockError, DurationError
from studio.source.project import DURABILITIES, MEMORY, STORE, WORKFLOWS

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

F = TypeVar("F", bound=Callable[..., Any])


class PathParameter(click.ParamType[str]):
    """A path as it was typed; the shell completes it."""

    name = "path"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        return [CompletionItem(incomplete, type="file")]


PATH = PathParameter()


def shared(function: F) -> F:
    """Give a command `--workflows`, `--store` and `--durability`, as one argument `settings`."""
    return _share(function, None)


def shared_on_screen(function: F) -> F:
    """`shared`, for a command that has the terminal to itself."""
    return _share(function, None, on_screen=True)


def shared_in_memory(function: F) -> F:
    """`shared`, on a store in memory unless the command line names one."""
    return _share(function, MEMORY)


def _share(function: F, without: str | None, *, on_screen: bool = False) -> F:
    usual = STORE if without is None else "in memory"

    @click.option(
        "--workflows", metavar="PATH", help=f"Folder or file of workflows.  [default: {WORKFLOWS}]", type=PATH
    )
    @click.option("--store", metavar="PATH", help=f"The SQLite file.  [default: {usual}]", type=PATH)
    @click.option(
        "--durability",
        type=click.Choice(DURABILITIES),
        help="Acknowledged events survive a power cut (full), or only a crash (normal).  [default: full]",
    )
    @functools.wraps(function)
    def wrapper(
        *args: Any, workflows: str | None, store: str | None, durability: str | None, **kwargs: Any
    ) -> Any:
        found = settings(workflows, store or without, durability)
        with nullcontext() if on_screen else data_alone():
            return function(*args, settings=found, **kwargs)

    return wrapper  # type: ignore[return-value]


json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object a line, for scripts.")
csv_option = click.option(
    "--csv", "form", flag_value="csv", help="Comma-separated values, with a header row."
)
lines_option = click.option("--json", "form", flag_value="json", help="One JSON object a line, for scripts.")


def form_options(function: F) -> F:
    """Give a command `--json` and `--csv`, as one argument `form`: "json", "csv", or None for a table."""
    return lines_option(csv_option(function))


user_option = click.option("--user", metavar="USER", help="Only this user's.", shell_complete=complete.users)
workflow_option = click.option(
    "--workflow", metavar="NAME", help="Only this workflow's.", shell_complete=complete.workflows
)


class LimitParameter(click.ParamType[int]):
    """How many rows."""

    name = "limit"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            count = int(value)
        except ValueError:
            count = 0
        if count < 1:
            self.fail(f"{value!r} is not a number of rows. Write a whole number, 1 or more.", param, ctx)
        return count


class DurationParameter(click.ParamType[int]):
    """A duration such as 10s or 2h30m; gives milliseconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        from studio.clocks import durations

        try:
            return durations.parse(value)
        except DurationError as error:
            self.fail(str(error), param, ctx)


class UntilParameter(click.ParamType[tuple[int, bool]]):
    """A duration from the start, or an ISO time; gives (milliseconds, whether they count from the start)."""

    name = "until"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, bool]:
        if not isinstance(value, str):
            return value  # type: ignore[no-any-return]
        if not re.match(r"\d{4}-\d\d", value):
            return DurationParameter().convert(value, param, ctx), True
        from datetime import datetime

        from studio.clocks.clock import to_ms

        try:
            return to_ms(datetime.fromisoformat(value)), False
        except ValueError:
            self.fail(f"{value!r} is not a time. Write 30d, or 2026-01-31T12:00.", param, ctx)


class StartParameter(click.ParamType[int]):
    """A date and a time, in UTC unless an offset or a zone follows; gives milliseconds since 1970."""

    name = "start"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if not isinstance(value, str):
            return value  # type: ignore[no-any-return]
        from studio.errors import EventError
        from studio.events.named_start import read_start

        # "2026-03-02 09:00" has a space too, and no zone.
        text, *zone = re.split(r"\s+(?=[A-Za-z])", value.strip(), maxsplit=1)
        try:
            return read_start(text, *zone)
        except EventError as error:
            self.fail(f"{error.what}. {error.fix or ''}".strip(), param, ctx)


class SinceParameter(click.ParamType[str]):
    """A duration back from now, or a moment; stays the text, since the store's clock says what now is."""

    name = "since"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from studio.clocks import moments

        try:
            moments.parse_past(value, LATE_MS)
        except ClockError as error:
            self.fail(str(error), param, ctx)
        return str(value)


class AtParameter(click.ParamType[str]):
    """An entry by its number, or a moment of the past; stays the text, since the store says what it means."""

    name = "at"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from studio.clocks import moments

        try:
            if not str(value).strip().isdecimal():
                moments.parse_past(value, LATE_MS)
        except ClockError as error:
            self.fail(f"{error.what}. Write the number of an entry, or a time: {error.fix}", param, ctx)
        return str(value)


class KindParameter(click.ParamType[tuple[str, ...]]):
    """A kind of entry, such as wait.opened, or the first word of several, such as wait; gives the kinds."""

    name = "kind"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        from studio.language.kinds import KIND_TEXT

        there = dict.fromkeys(KIND_TEXT.values())
        first = value.removesuffix(".*")
        # A name that is a kind means that kind alone: event is not event.duplicate.
        found = (value,) if value in there else tuple(kind for kind in there if kind.split(".")[0] == first)
        if not found:
            close = difflib.get_close_matches(value, [*there, *(kind.split(".")[0] for kind in there)], n=1)
            hint = f"Did you mean {close[0]}?" if close else f"There are {', '.join(there)}."
            self.fail(f"there is no kind {value!r}. {hint}", param, ctx)
        return found

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        from studio.language.kinds import KIND_TEXT

        words = {word for kind in KIND_TEXT.values() for word in (kind, kind.split(".")[0])}
        return [CompletionItem(word) for word in sorted(words) if word.startswith(incomplete)]


LATE_MS = 4_000_000_000_000
"""Some moment to read a text at, only to see whether it can be read."""

since_option = click.option(
    "--since",
    type=SinceParameter(),
    metavar="1h",
    help="Only what happened since: a duration back from now, a time of day, or a date.",
)
at_option = click.option(
    "--at",
    type=AtParameter(),
    metavar="SEQ|TIME",
    help="As of then: the number of an entry, a time of day, a date, or a duration back from now.",
)
kind_option = click.option(
    "--kind",
    "kinds",
    type=KindParameter(),
    multiple=True,
    metavar="KIND",
    help="Only entries of this kind, such as event, or wait for all of wait.*; may be given several times.",
)


def kinds_of(given: tuple[tuple[str, ...], ...]) -> tuple[str, ...] | None:
    """The kinds that `--kind` named; None when it was not given."""
    return tuple(kind for kinds in given for kind in kinds) or None


limit_option = click.option(
    "--limit",
    type=LimitParameter(),
    default=100,
    show_default=True,
    metavar="N",
    help="Show at most this many.",
)
