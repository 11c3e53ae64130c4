"""Running journeys without their side effects: a step is told and not called.

Its result is the one given by --stub, else the newest that a step of its name ever had in the store.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from studio.cli.settings import Settings
from studio.errors import EventError
from studio.source.project import MEMORY

if TYPE_CHECKING:
    from studio.engine.effects.steps import StandIn

F = TypeVar("F", bound=Callable[..., Any])

LOOK_ENTRIES = 100_000
"""So many of the newest entries of a store are looked through for results."""


def steps_options(function: F) -> F:
    """Give a command `--no-steps` and `--stub`, as `no_steps` and `stubs`."""
    for option in (
        click.option(
            "--stub",
            "stubs",
            multiple=True,
            metavar="STEP=JSON",
            help="With --no-steps: the result of a step; may be given several times.",
        ),
        click.option(
            "--no-steps",
            is_flag=True,
            help="Call no step: the log says what would run, and its result is as recorded, or null.",
        ),
    ):
        function = option(function)
    return function


def would_run(settings: Settings, no_steps: bool, stubs: tuple[str, ...]) -> StandIn | None:
    """What stands in for every step; None when they run.

    Raises:
        StudioError: a stub is not written as one.
    """
    if not no_steps:
        if stubs:
            raise click.UsageError("--stub gives the result of a step that does not run; say --no-steps too.")
        return None
    from studio.engine.effects.announced import announced

    results = _recorded(settings) | dict(map(parse_stub, stubs))
    return announced(lambda step: copy.deepcopy(results.get(step)))


def parse_stub(text: str) -> tuple[str, Any]:
    """The step and the result that `STEP=JSON` says.

    Raises:
        EventError: it says no such thing.
    """
    from studio.text import json_text as jsontext

    name, given, value = text.partition("=")
    fix = """Write --stub 'charge card={"ok": true}'."""
    if not given or not name.strip():
        raise EventError("it has no STEP=JSON", where=f"--stub {text}", fix=fix)
    try:
        return name.strip(), jsontext.loads(value)
    except jsontext.NotJson as error:
        raise EventError(
            f"what follows = is not valid JSON: {error}", where=f"--stub {name}", fix=fix
        ) from None


def _recorded(settings: Settings) -> dict[str, Any]:
    """The newest result of each step, by its name."""
    from studio.store.views import Views

    if settings.store == MEMORY or not Path(settings.store).exists():
        return {}
    found: dict[str, Any] = {}
    with Views(settings.store) as views:
        after = max(0, views.last_seq() - LOOK_ENTRIES)
        while page := views.entries(after=after, limit=1_000, kinds=["step.done"]):
            after = page[-1].seq
            found |= {e.name: e.data.get("result") for e in page if e.name and isinstance(e.data, dict)}
    return found
