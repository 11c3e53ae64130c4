"""What all commands that look at a store share: opening it, its time, pages, and following it."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from studio.cli.output import complain, reader_gone
from studio.cli.settings import Settings
from studio.clocks.clock import wall_ms

if TYPE_CHECKING:
    from studio.store.views import Views

T = TypeVar("T")
PAGE_ROWS = 1_000
FOLLOW_SECONDS = 0.1


@contextmanager
def opened_views(settings: Settings, at: str | None = None) -> Iterator[Views]:
    """The store, for looking; people are told of what waits in its inbox and is taken in by nobody.

    Args:
        at: what `--at` names: it is looked at as of then, and people are told what that is.
    """
    from studio.store.inbox import engine_of
    from studio.store.past_views import PastViews
    from studio.store.views import Views

    if at is not None:
        from studio.wording.past import as_of, gone

        with PastViews(settings.file()) as past:
            moment = past.go_to(at)
            complain("; ".join((as_of(moment), *gone(moment))), plain=True)
            yield past
        return
    with Views(settings.file()) as views:
        left = views.left_waiting()
        if left and engine_of(views.path) is None:
            them = "it" if left.events == 1 else "them"
            complain(f"{left.words}; journey-studio run will process {them}", plain=True)
        yield views


def require_now(goes_on: bool, at: str | None, option: str) -> None:
    """Refuse to wait for what comes after a moment of the past.

    Raises:
        click.UsageError: both were asked for.
    """
    if goes_on and at is not None:
        raise click.UsageError(f"{option} waits for what comes, --at looks at what was. Use one of them.")


def now_in(views: Views) -> int:
    """The store's time: the wall's, unless its clock stands elsewhere."""
    from studio.clocks.adjustable_clock import moment

    return moment(views.clock(), wall_ms())


def since_when(views: Views, since: str | None) -> int | None:
    """The moment that `--since` names, by the store's clock."""
    from studio.clocks import moments

    return None if since is None else moments.parse_past(since, now_in(views))


def left_until(due_at: int | None, now: int) -> str:
    """How long it is to a deadline, for a narrow column."""
    from studio.clocks import durations
    from studio.wording.times import past

    if due_at is None:
        return ""
    return "due" if due_at == now else past(due_at, now) or durations.short(due_at - now)


def pages(page: Callable[[int, Any], Sequence[Any]], limit: int) -> list[Any]:
    """Rows of as many pages as are needed; a page is asked for with its length and the last row before it."""
    found: list[Any] = []
    while len(found) < limit:
        rows = page(min(PAGE_ROWS, limit - len(found)), found[-1] if found else None)
        if not rows:
            break
        found += rows
    return found


class Tail:
    """Goes on until ctrl+c or a polite kill; a second one ends the process as it does by itself."""

    def __init__(self) -> None:
        # No Event: its lock is held by this very thread in the moment in which a signal comes.
        self._stopping = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._end)

    def changes(self, views: Views, every_seconds: float | None = None) -> Iterator[None]:
        """Once for each time that something was committed, or that so long nothing was.

        Between two looks no statement is open: whoever writes may fold in the write-ahead log.
        """
        looked = time.monotonic()
        while not self._stopping and not reader_gone():
            time.sleep(FOLLOW_SECONDS)
            overdue = every_seconds is not None and time.monotonic() - looked >= every_seconds
            if views.changed() or overdue:
                looked = time.monotonic()
                yield

    def looks(self, look: Callable[[], T], every_seconds: float) -> Iterator[T]:
        """What is found at one look after the other, each so long after the one before."""
        while not self._stopping and not reader_gone():
            yield look()
            until = time.monotonic() + every_seconds
            while not self._stopping and time.monotonic() < until:
                time.sleep(FOLLOW_SECONDS)

    def _end(self, *_: object) -> None:
        self._stopping = True
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
