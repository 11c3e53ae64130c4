"""The users of a namespace, as whoever acts on journeys sees them: asked through Temporal, read from a sink.

It has the same protocol as the engine of this process and of another (`engine/client.py`): what is sent and
done goes to Temporal, what is looked at stands in the store that a sink fills.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from temporalio.client import Client

from studio.clocks.adjustable_clock import ShownClock
from studio.clocks.clock import wall_ms
from studio.engine.client import Stored
from studio.engine.remote import RemoteClock, RemoteEngine
from studio.errors import EventTooLarge, JourneyError
from studio.language.incoming import Incoming, incoming
from studio.source.project import STORE, absolute
from studio.store.capabilities import Capabilities, foreign
from studio.store.foreign import own_number
from studio.temporal.connecting import connect
from studio.temporal.reaching import act_on, user_of
from studio.temporal.sending import send_all
from studio.temporal.settings import ADDRESS, NAMESPACE, QUEUE, TemporalSettings, options_for
from studio.temporal.wire import MOST_EVENT, act_item, event_item

DRIVER = "Temporal"


def capabilities() -> Capabilities:
    """What can be done with journeys on Temporal."""
    return replace(foreign(DRIVER), send=True, acts=True)


class TemporalClock(RemoteClock):
    """The time of users on Temporal is Temporal's: it cannot be moved."""

    def __init__(self, engine: TemporalEngine, clock: ShownClock) -> None:
        super().__init__(engine.path, clock)
        self._engine = engine

    async def time_out(self, wait: int) -> None:
        await self._engine.act("time_out", wait)


class TemporalEngine(RemoteEngine):
    """Sends to users on Temporal, acts on their journeys, and looks at the store that a sink fills.

    Args:
        workflows: where the workflow files are, for what is explained by them; None reads none.
        target: HOST:PORT.
        store: the sink's.
        settings: all that says how Temporal is reached, in the place of target, namespace and queue.
    """

    def __init__(
        self,
        workflows: str | Path | None = None,
        target: str = ADDRESS,
        *,
        store: str | Path = STORE,
        namespace: str = NAMESPACE,
        queue: str = QUEUE,
        settings: TemporalSettings | None = None,
    ) -> None:
        self.settings = settings or TemporalSettings(target, namespace, queue)
        self.command_options = options_for(self.settings)
        self._client: Client | None = None
        super().__init__(absolute(store), None if workflows is None else str(absolute(workflows)))
        shown = ShownClock()
        self.clock = shown
        self.time = TemporalClock(self, shown)

    def look_for_engine(self) -> bool:
        """See whether a sink fills the store; what can be done is Temporal's all the same."""
        changed = super().look_for_engine()
        self.capabilities = capabilities()
        return changed

    async def client(self) -> Client:
        """The connection; made when it is needed first.

        Raises:
            StudioError: nobody answers there.
        """
        if self._client is None:
            self._client = await connect(self.settings)
        return self._client

    async def __aenter__(self) -> TemporalEngine:
        await self.client()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def ingest(
        self,
        event: str,
        user: str | Mapping[str, Any],
        data: Mapping[str, Any] | None = None,
        id: str | None = None,
    ) -> None:
        """Send an event; durable when this returns.

        Raises:
            EventError: it is refused.
            StudioError: Temporal does not answer.
        """
        await self.send(incoming(event, user, data, id))

    async def send_many(self, events: Sequence[Incoming], *, by_hand: bool = True) -> list[Stored | None]:
        at = wall_ms()
        items = []
        for event in events:
            size = len(event.text) + len(event.profile or "") + len(event.extra or "")
            if size > MOST_EVENT:
                what = f'the data of "{event.name}" is {size:,} characters, and Temporal takes {MOST_EVENT:,}'
                raise EventTooLarge(what, fix="Keep it elsewhere, and send where it is.")
            items.append((event.user, event_item(event, at)))
        await send_all(await self.client(), self.settings.queue, items)
        return [None] * len(events)

    async def act(self, act: str, target: str | int) -> None:
        if isinstance(target, int):
            found = await self._call(own_number, self.path, target)
            if found is None:
                raise JourneyError("there is no such wait", where=str(target))
            user, own = found
            await act_on(await self.client(), user, act_item(act, own, 0), f"wait {target}")
            return
        await act_on(await self.client(), user_of(target), act_item(act, target, 0), target)
