"""The time cursor: a store as of an entry of the past, for all panes at once.

While it is there the session's reader answers of that moment, and its client is one that can do nothing: so
no pane, no key and no command has to know of it. The engine goes on meanwhile, and nothing of it is seen.
A film lets the clock that is shown run, and the moment follows it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from studio.clocks.adjustable_clock import ShownClock, next_speed
from studio.clocks.clock import wall_ms
from studio.engine.client import EngineClient, Trouble
from studio.store.past_views import Moment, PastViews
from studio.store.views import Views
from studio.tui.session.read_only import ReadOnlyClock, ReadOnlyEngine
from studio.tui.session.reader import Reader

if TYPE_CHECKING:
    from studio.errors import WorkflowError
    from studio.language.definition import Workflow

T = TypeVar("T")

IDLE_SECONDS = 2.0
"""Of a film in which nothing happens for longer: it goes on to what happens next."""


class PastReader(Reader):
    """A reader whose store is one of the past."""

    def open_views(self) -> Views:
        return PastViews(self.path)


class FollowingReader(PastReader):
    """One that is wherever the time cursor is when it is asked.

    Args:
        seq: gives the entry as of which things are looked at; for any thread.
    """

    def __init__(self, path: Path, seq: Callable[[], int]) -> None:
        super().__init__(path)
        self._seq = seq

    def _answer(self, question: Callable[[Views], T]) -> T:
        def there(views: Views) -> T:
            past, seq = cast(PastViews, views), self._seq()
            if past.moment.seq != seq:
                past.go(seq)
            return question(past)

        return super()._answer(there)


class PastClient(ReadOnlyEngine):
    """What can be done in the past: nothing. What files there are is known all the same.

    Args:
        present: who drives the journeys now.
    """

    is_past = True
    """What refuses, says so (`read_only.refusal`)."""
    seq = 0
    """The entry as of which things are looked at."""

    def __init__(self, present: EngineClient) -> None:
        self.path: Path = present.path
        self._present = present
        self.shown = ShownClock()
        self.clock = self.shown
        self.time = ReadOnlyClock(present.path, self.shown)
        self.capabilities = present.capabilities
        self.command_options = present.command_options
        self.viewer_of = None
        self.gone = self.paused = None

    @property
    def workflows(self) -> Mapping[str, Workflow]:
        return self._present.workflows

    @property
    def problems(self) -> list[WorkflowError]:
        return self._present.problems

    @property
    def engine_runs(self) -> bool:
        return True

    def trouble(self) -> Trouble | None:
        return None

    def look_for_engine(self) -> bool:
        return False

    def look(self) -> Views:
        views = PastViews(self.path)
        views.go(self.seq)
        return views


class PastCursor:
    """Where in the past one is.

    Args:
        present: who drives the journeys now.
    """

    def __init__(self, present: EngineClient) -> None:
        self.client = PastClient(present)
        self.reader: Reader = PastReader(present.path)
        self.moment = Moment(0, 0, None, None)
        self.next_at: int | None = None
        """When what comes next came, ms since 1970; None at the end of the history."""
        self.speed = 1
        self.playing = False

    def another_reader(self) -> Reader:
        """A reader beside the one of all panes, for what takes long."""
        return FollowingReader(self.client.path, lambda: self.client.seq)

    async def go(self, to: Callable[[PastViews], Moment]) -> Moment:
        """Look at another moment.

        Raises:
            StudioError: there is none such, or the store cannot be read.
        """

        def move(views: Views) -> tuple[Moment, int | None]:
            past = cast(PastViews, views)
            return to(past), past.next_at()

        self.moment, self.next_at = await self.reader.ask(move)
        self.client.seq = self.moment.seq
        if not self.playing:
            self.set_clock(self.moment.at)
        return self.moment

    def stop(self) -> None:
        """Let the film stand at the moment that is looked at."""
        self.playing = False
        self.set_clock(self.moment.at)

    def set_clock(self, at: int) -> None:
        """Let the clock that is shown stand at a moment, or run from there while the film does."""
        state: dict[str, Any] = {"at": at, "real": wall_ms(), "studio": False, "speed": self.speed}
        self.client.shown.learn({**state, "rate": self.speed * self.playing, "paused": not self.playing})

    # -- the film --------------------------------------------------------------------------------

    def play(self, playing: bool) -> None:
        """Let the film run, or stand."""
        now = self.client.clock.now()
        self.playing = playing
        self.set_clock(now)

    def change_speed(self, by: int) -> None:
        """The next speed, or the one before."""
        now = self.client.clock.now()
        self.speed = next_speed(self.speed, by)
        self.set_clock(now)

    def skip_idle(self) -> None:
        """Where nothing happens for long, go on to shortly before what happens next."""
        if not self.playing or self.next_at is None:
            return
        ahead = int(IDLE_SECONDS * 1000) * self.speed
        if self.next_at - self.client.clock.now() > ahead:
            self.set_clock(self.next_at - ahead // 2)

    @property
    def is_due(self) -> bool:
        """Whether the film has come to what happened next."""
        return self.playing and self.next_at is not None and self.client.clock.now() >= self.next_at
