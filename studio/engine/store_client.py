"""What a client does with the store itself, as any process may, whoever drives the journeys."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from studio.errors import StudioError

if TYPE_CHECKING:
    from studio.engine.inspect.explanation import Why
    from studio.engine.inspect.result import Inspection
    from studio.language.definition import Workflow
    from studio.language.incoming import Incoming
    from studio.store.records import Entry
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


class StoreClient(InThread, ABC):
    """Looks into the store and its journeys, and keeps, sends and deletes events that were refused."""

    path: Path
    command_options: tuple[str, ...] = ()

    @property
    @abstractmethod
    def workflows(self) -> Mapping[str, Workflow]:
        """The workflows that are loaded."""

    def look(self) -> Views:
        from studio.store.views import Views

        return Views(self.path)

    async def stop_change(self) -> None:
        from studio.store.under_way import ask_to_stop

        try:
            await self._call(ask_to_stop, self.path)
        except OSError as error:
            raise StudioError(f"it cannot be asked to stop: {error.strerror}") from error

    async def inspect(self, journey: str, entry: int | None = None) -> Inspection:
        from studio.engine.inspect.inspect import inspect

        return await self._call(inspect, self.path, self.workflows, journey, entry)

    async def inspectable(self, journey: str) -> list[Entry]:
        from studio.engine.inspect.inspect import steps_of

        return await self._call(steps_of, self.path, journey)

    def why(self, views: Views, seq: int) -> Why | None:
        from studio.engine.inspect.explain import explain

        return explain(views, seq, self.workflows)

    async def keep_refused(self, refusals: Sequence[Refusal]) -> list[int]:
        from studio.store.refusing import keep_refused

        return await self._call(keep_refused, self.path, refusals)

    async def send_refused(self, number: int, events: Sequence[Incoming]) -> None:
        from studio.store.refusing import send_again

        await self._call(send_again, self.path, number, events)

    async def drop_refused(self, number: int | None) -> int:
        from studio.store.refusing import drop_refused

        return await self._call(drop_refused, self.path, number)
