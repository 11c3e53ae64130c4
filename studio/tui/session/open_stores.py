"""The stores that are open in this studio, each with its own reader; one of them is shown."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from studio.engine.client import EngineClient
from studio.engine.local import LocalEngine
from studio.tui.session.reader import Reader


@dataclass(slots=True)
class OpenStore:
    """A store with who drives it and who reads it."""

    client: EngineClient
    reader: Reader
    unsubscribe: Callable[[], None] | None = None
    ours: bool = True
    """Opened here, and so closed here."""

    @property
    def path(self) -> Path:
        """The file."""
        return self.client.path


class OpenStores:
    """In the order in which they were opened."""

    def __init__(self, committed: Callable[[], None]) -> None:
        self._committed = committed
        self.open: list[OpenStore] = []
        self.shown: OpenStore | None = None

    def add(self, client: EngineClient, reader: Reader, *, ours: bool = True) -> OpenStore:
        """Take in one that was opened, and show it."""
        store = OpenStore(client, reader, ours=ours)
        self.open.append(store)
        self.show(store)
        return store

    def show(self, store: OpenStore) -> None:
        """Only the engine of the store that is shown asks for redraws; the others run on."""
        if self.shown is not None and self.shown.unsubscribe is not None:
            self.shown.unsubscribe()
            self.shown.unsubscribe = None
        self.shown = store
        if isinstance(store.client, LocalEngine):
            store.unsubscribe = store.client.engine.on_change(self._committed)

    def find(self, path: Path) -> OpenStore | None:
        """The open store of a file."""
        return next((store for store in self.open if store.path.resolve() == path.resolve()), None)

    @property
    def next(self) -> OpenStore | None:
        """The one after that which is shown; None when there is no other."""
        if self.shown is None or len(self.open) < 2:
            return None
        return self.open[(self.open.index(self.shown) + 1) % len(self.open)]

    async def close(self) -> bool:
        """Leave them all. True when the engine of one did not stop in time."""
        if self.shown is not None and self.shown.unsubscribe is not None:
            self.shown.unsubscribe()
        stores, self.open, self.shown = self.open, [], None
        for store in stores:
            store.reader.close()
        await asyncio.gather(*(store.client.close() for store in stores if store.ours))
        return any(isinstance(store.client, LocalEngine) and store.client.stuck for store in stores)
