"""The options of commands that may work on Temporal."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from studio.temporal.settings import TemporalSettings

F = TypeVar("F", bound=Callable[..., Any])

LIKE = "HOST:PORT"


def temporal_option(function: F) -> F:
    """Give a command `--temporal`, `--namespace` and `--queue`, as one argument `temporal`; None without."""
    return _options(function, needed=False)


def on_temporal(function: F) -> F:
    """The same for a command that works on Temporal alone, where the project may name it."""
    return _options(function, needed=True)


def _options(function: F, *, needed: bool) -> F:
    usual = "  [default: the project's, or localhost:7233]" if needed else ""
    what = "Temporal's address." if needed else "Do it on Temporal, which is there."

    @click.option("--temporal", "address", metavar=LIKE, help=what + usual)
    @click.option("--namespace", metavar="NAME", help="Temporal's namespace.  [default: default]")
    @click.option("--queue", metavar="NAME", help="The task queue of users.  [default: journeys]")
    @functools.wraps(function)
    def wrapper(
        *args: Any, address: str | None, namespace: str | None, queue: str | None, **kwargs: Any
    ) -> Any:
        temporal = None
        if needed or address is not None:
            temporal = _settings(address, namespace, queue)
        elif namespace is not None or queue is not None:
            option = "--namespace" if namespace is not None else "--queue"
            raise click.UsageError(f"{option} goes with --temporal {LIKE}.")
        return function(*args, temporal=temporal, **kwargs)

    return wrapper  # type: ignore[return-value]


def _settings(address: str | None, namespace: str | None, queue: str | None) -> TemporalSettings:
    from studio.source.extras import need_extra
    from studio.temporal.settings import settings_for

    need_extra("temporal")
    return settings_for(address, namespace, queue)
