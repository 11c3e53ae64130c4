"""A sink in a thread of its own, beside a screen that has the process's event loop."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from pathlib import Path

from studio.source.loader import Loaded
from studio.store.database import Durability
from studio.store.hooks import EventStore
from studio.temporal.connecting import connect
from studio.temporal.settings import TemporalSettings
from studio.temporal.worker import sink_worker


class BackgroundSink:
    """Keeps all histories in a store, from `start` to `stop`.

    Args:
        events: where every event is told to, once it is durable there.
    """

    def __init__(
        self,
        settings: TemporalSettings,
        store: Path,
        loaded: Loaded,
        durability: Durability = "full",
        events: EventStore | None = None,
    ) -> None:
        self._events = events
        self._settings = settings
        self._store = store
        self._loaded = loaded
        self._durability = durability
        self._started: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()
        self._thread = threading.Thread(target=self._live, name="journey-temporal", daemon=True)

    def start(self) -> None:
        """Begin; the store is there when this returns.

        Raises:
            StudioError: Temporal does not answer, or the store cannot be used.
        """
        self._thread.start()
        self._started.result()

    def stop(self) -> None:
        """Write what is at hand, and let the store go."""
        loop, end = self._started.result()
        loop.call_soon_threadsafe(end.set)
        self._thread.join()

    def __enter__(self) -> BackgroundSink:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _live(self) -> None:
        try:
            asyncio.run(self._work())
        except BaseException as error:
            if self._started.done():
                raise
            self._started.set_exception(error)

    async def _work(self) -> None:
        client = await connect(self._settings)
        end = asyncio.Event()
        workflows = self._loaded.workflows
        keep = None if self._events is None else self._events.set_events
        forget = getattr(self._events, "erase", None)
        sink = sink_worker(
            *(client, self._settings, [self._store], workflows, self._durability),
            set_events=keep,
            forget=forget,
        )
        async with sink:
            self._started.set_result((asyncio.get_running_loop(), end))
            await end.wait()
