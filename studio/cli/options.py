"""Options that many commands share, and where their values come from.

An option on the command line wins; then `[tool.journey-studio]` in the nearest
`pyproject.toml`, whose paths count from the file's own folder; then the defaults.
"""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

import click

from studio.cli import complete
from studio.errors import ClockError, DurationError, StudioError
from studio.project import DURABILITIES, MEMORY, STORE, WORKFLOWS, project

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


@dataclass(frozen=True, slots=True)
class Settings:
    """What every command is told."""

    workflows: str
    """A folder of workflow files, or one file."""
    store: str
    """Path of the SQLite file."""
    durability: Literal["full", "normal"]
    """ "full": what is acknowledged outlives a power cut; "normal": a crash of the process."""
    reload: Literal["auto", "ask"] | None = None
    """Whether edited workflow files run at once, or when someone says yes; None when nothing is said."""

    def file(self) -> str:
        """The store, for a command that makes no sense on one that only this process sees.

        Raises:
            StudioError: it is in memory.
        """
        if self.store == MEMORY:
            raise StudioError(
                "a store in memory is gone when its process ends", where="--store", fix="Name a file."
            )
        return self.store


def shared(function: F) -> F:
    """Give a command `--workflows`, `--store` and `--durability`, as one argument `settings`."""
    return _share(function, None)


def shared_in_memory(function: F) -> F:
    """`shared`, on a store in memory unless the command line names one."""
    return _share(function, MEMORY)


def _share(function: F, without: str | None) -> F:
    usual = STORE if without is None else "in memory"

    @click.option(
        "--workflows", metavar="PATH", help=f"Folder or file of workflows.  [default: {WORKFLOWS}]", type=PATH
    )
    @click.option("--store", metavar="PATH", help=f"The SQLite file.  [default: {usual}]", type=PATH)
    @click.option(
        "--durability",
        type=click.Choice(DURABILITIES),
        help="What an acknowledged event outlives: a power cut, or a crash only.  [default: full]",
    )
    @functools.wraps(function)
    def wrapper(
        *args: Any, workflows: str | None, store: str | None, durability: str | None, **kwargs: Any
    ) -> Any:
        return function(*args, settings=settings(workflows, store or without, durability), **kwargs)

    return wrapper  # type: ignore[return-value]


json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object a line, for scripts.")
csv_option = click.option(
    "--csv", "form", flag_value="csv", help="Comma-separated values, with a header row."
)
lines_option = click.option("--json", "form", flag_value="json", help="One JSON object a line, for scripts.")


def form_options(function: F) -> F:
    """Give a command `--json` and `--csv`, as one argument `form`: "json", "csv", or None for a table."""
    return lines_option(csv_option(function))


user_option = click.option("--user", metavar="USER", help="Only of this user.", shell_complete=complete.users)
workflow_option = click.option(
    "--workflow", metavar="NAME", help="Only of this workflow.", shell_complete=complete.workflows
)


def settings(workflows: str | None, store: str | None, durability: str | None) -> Settings:
    """Fill in what was not given.

    Raises:
        StudioError: the project's table holds what makes no sense, or the store is a folder.
    """
    found = project(Path.cwd())
    file = store or found.get("store", STORE)
    if Path(file).is_dir():
        raise StudioError(
            "it is a folder and no store", where=file, fix=f"Name a file in it: {Path(file, 'studio.db')}."
        )
    return Settings(
        workflows or found.get("workflows", WORKFLOWS),
        file,
        cast("Literal['full', 'normal']", durability or found.get("durability", DURABILITIES[0])),
        cast("Literal['auto', 'ask'] | None", found.get("reload")),
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
            self.fail(f"{value!r} is no number of rows. Write a whole number, 1 or more.", param, ctx)
        return count


class DurationParameter(click.ParamType[int]):
    """A duration such as 10s or 2h30m; gives milliseconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        from studio import durations

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

        from studio.clock import to_ms

        try:
            return to_ms(datetime.fromisoformat(value)), False
        except ValueError:
            self.fail(f"{value!r} is no time. Write 30d, or 2026-01-31T12:00.", param, ctx)


class SinceParameter(click.ParamType[str]):
    """A duration back from now, or a moment; stays the text, since the store's clock says what now is."""

    name = "since"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from studio import moments

        try:
            moments.parse_past(value, LATE_MS)
        except ClockError as error:
            self.fail(str(error), param, ctx)
        return str(value)


class KindParameter(click.ParamType[tuple[str, ...]]):
    """A kind of entry, such as wait.opened, or the first word of several, such as wait; gives the kinds."""

    name = "kind"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        from studio.store.schema import KIND_TEXT

        there = dict.fromkeys(KIND_TEXT.values())
        first = value.removesuffix(".*")
        found = tuple(kind for kind in there if kind == value or kind.split(".")[0] == first)
        if not found:
            close = difflib.get_close_matches(value, [*there, *(kind.split(".")[0] for kind in there)], n=1)
            hint = f"Did you mean {close[0]}?" if close else f"There are {', '.join(there)}."
            self.fail(f"there is no kind {value!r}. {hint}", param, ctx)
        return found

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        from studio.store.schema import KIND_TEXT

        words = {word for kind in KIND_TEXT.values() for word in (kind, kind.split(".")[0])}
        return [CompletionItem(word) for word in sorted(words) if word.startswith(incomplete)]


LATE_MS = 4_000_000_000_000
"""Some moment to read a text at, only to see whether it can be read."""

since_option = click.option(
    "--since",
    type=SinceParameter(),
    metavar="1h",
    help="Only since then: a duration back from now, a time of day, or a date.",
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
    help="At most so many.",
)
