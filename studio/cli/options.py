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
from typing import Any, Literal, TypeVar, cast

import click

from studio.errors import DurationError, StudioError

WORKFLOWS = "workflows"
STORE = "data/studio.db"
MEMORY = ":memory:"
DURABILITIES = ("full", "normal")
NAMES = ("workflows", "store", "durability")

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
    )


def project(folder: Path) -> dict[str, str]:
    """`[tool.journey-studio]` of the nearest pyproject.toml, at or above a folder."""
    for place in (folder, *folder.parents):
        file = place / "pyproject.toml"
        if file.is_file():
            return _read_project(file)
    return {}


def _read_project(file: Path) -> dict[str, str]:
    import tomllib

    try:
        with file.open("rb") as opened:
            tool = tomllib.load(opened).get("tool")
    except tomllib.TOMLDecodeError as error:
        raise StudioError(f"it is no TOML: {error}", where=str(file)) from None
    table = tool.get("journey-studio", {}) if isinstance(tool, dict) else {}
    found: dict[str, str] = {}
    where = f"{file}: [tool.journey-studio]"
    if not isinstance(table, dict):
        raise StudioError(f"it is {table!r} and no table", where=where)
    # A name that is not known may be of a later version; one that is nearly ours is a slip.
    for name in table:
        if name not in NAMES and (close := difflib.get_close_matches(name, NAMES, n=1)):
            raise StudioError(f"there is no setting {name}", where=where, fix=f"Did you mean {close[0]}?")
    for name in NAMES:
        value = table.get(name)
        if value is None:
            continue
        if not isinstance(value, str) or not value:
            raise StudioError(f"{name} is {value!r} and must be a text", where=where)
        found[name] = value
    if found.get("durability", "full") not in DURABILITIES:
        raise StudioError(
            f"durability is {found['durability']!r}", where=where, fix='Write "full" or "normal".'
        )
    if "workflows" in found:
        found["workflows"] = str(file.parent / found["workflows"])
    if "store" in found and found["store"] != MEMORY:
        found["store"] = str(file.parent / found["store"])
    return found


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
