"""What a client does with the store itself, as any process may, whoever drives the journeys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from studio.language.incoming import Incoming
    from studio.store.refused import Refusal
    from studio.store.views import Views

P = ParamSpec("P")
T = TypeVar("T")


class InThread:
    """Calls what blocks in a thread, so that the event loop of a screen goes on."""

    async def _call(self, function: Callable[P, T], *args: P.args, **named: P.kwargs) -> T:
        # Not read by a command, which has no loop.
        import asyncio

        return await asyncio.to_thread(function, *args, **named)


class StoreClient(InThread):
    """Looks into the store, and keeps, sends and deletes events that were refused."""

    path: Path

    def look(self) -> Views:
        from studio.store.views import Views

        return Views(self.path)

    async def keep_refused(self, refusals: Sequence[Refusal]) -> list[int]:
        from studio.store.refusing import keep_refused

        return await self._call(keep_refused, self.path, refusals)

    async def send_refused(self, number: int, events: Sequence[Incoming]) -> None:
        from studio.store.refusing import send_again

        await self._call(send_again, self.path, number, events)

    async def drop_refused(self, number: int | None) -> int:
        from studio.store.refusing import drop_refused

        return await self._call(drop_refused, self.path, number)
