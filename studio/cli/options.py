"""Options that many commands share, and where their values come from.

An option on the command line wins; then `[tool.journey-studio]` in the nearest
`pyproject.toml`, whose paths count from the file's own folder; then the defaults.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, cast

import click

from studio.errors import DurationError, StudioError
from studio.project import DURABILITIES, MEMORY, STORE, WORKFLOWS, project

F = TypeVar("F", bound=Callable[..., Any])


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

    @click.option("--workflows", metavar="PATH", help=f"Folder or file of workflows.  [default: {WORKFLOWS}]")
    @click.option("--store", metavar="PATH", help=f"The SQLite file.  [default: {usual}]")
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
user_option = click.option("--user", metavar="USER", help="Only of this user.")
workflow_option = click.option("--workflow", metavar="NAME", help="Only of this workflow.")


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


limit_option = click.option(
    "--limit",
    type=LimitParameter(),
    default=100,
    show_default=True,
    metavar="N",
    help="At most so many.",
)
