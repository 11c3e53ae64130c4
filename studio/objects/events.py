"""Users' events in an object store: each an object of its own, written once, whoever tells it how often."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from studio.errors import NotOffered
from studio.kernel.packed import encode
from studio.language.event import Event
from studio.language.names import names
from studio.objects.clients import IN_FLIGHT, TIMEOUT_SECONDS, ObjectClient, ObjectsError, client_of
from studio.objects.keys import Keys, event_of
from studio.wording.values import counted

MOST_DELETED = 1_000
"""Objects that are deleted by one request: S3 takes no more."""


class ObjectEvents:
    """Keeps events in an object store, and answers waits from there: `Engine(…, events=ObjectEvents(…))`.

    Args:
        store: a store of obstore, or any client with `get(path)`, `list(path)` and `put(path, object)`.
        prefix: what all keys begin with; without it, what OBJECT_STORE_PREFIX in the environment says.
        timeout: seconds that one request may take.

    Raises:
        StudioError: the store cannot get, list and put.
    """

    def __init__(self, store: Any, prefix: str | None = None, timeout: float = TIMEOUT_SECONDS) -> None:
        self._client: ObjectClient = client_of(store, timeout)
        self._keys = Keys(os.environ.get("OBJECT_STORE_PREFIX", "") if prefix is None else prefix)

    async def set_events(self, events: Sequence[Event]) -> None:
        """Keep events: those of a user in their order, those of several users at the same time.

        Raises:
            ObjectsError: some are not kept; all are to be told again.
        """
        by_user: dict[str, list[Event]] = {}
        for event in events:
            by_user.setdefault(event.user, []).append(event)
        turns = asyncio.Semaphore(IN_FLIGHT)

        async def keep(some: list[Event]) -> None:
            async with turns:
                for event in some:
                    key = self._keys.event(event.user, event.name, event.id or str(event.seq))
                    if self._client.creates:
                        # Of several engines that tell of one event, the first stays.
                        await self._client.create(key, _body(event))
                    else:
                        await self._client.put(key, _body(event))

        await asyncio.gather(*map(keep, by_user.values()))

    async def erase(self, user: str) -> int:
        """Delete all that is kept of a user: events, and the histories of hand-overs; gives how many objects.

        Raises:
            NotOffered: the client cannot delete; says what stays.
            ObjectsError: the store does not answer, or refuses; calling it again ends it.
        """
        folder = self._keys.user(user)
        keys = [key async for key in self._client.list(folder) if key.startswith(folder)]
        for at in range(0, len(keys), MOST_DELETED):
            if not await self._client.delete(keys[at : at + MOST_DELETED]):
                raise NotOffered(
                    f"{counted(len(keys), 'object')} of {user!r} stay: this client cannot delete",
                    where=folder,
                    fix="Delete what is below there by other means.",
                )
        return len(keys)

    async def check_event(
        self,
        user: str,
        events: tuple[str, ...],
        match: Mapping[str, Any] | None,
        *,
        known: Callable[[Iterable[str]], set[str]] = lambda ids: set(),
    ) -> list[Mapping[str, Any]]:
        """The user's events of these names, oldest first; those that are known by their ids are not fetched.

        One listing for each name, or one for all where a name has a `*`.

        Raises:
            ObjectsError: the store does not answer, or holds what is no event.
        """
        wanted = names(events)
        plain = not any("*" in name for name in events)
        folders = [self._keys.events(user, name) for name in events] if plain else [self._keys.events(user)]
        keys = [key for folder in folders async for key in self._client.list(folder)]
        ids = {key: event_of(key) for key in keys}
        here = known([id for _, id in ids.values() if id is not None])
        left = [
            key for key, (name, id) in ids.items() if id not in here and (name is None or wanted.meets(name))
        ]
        turns = asyncio.Semaphore(IN_FLIGHT)

        async def fetch(key: str) -> Mapping[str, Any] | None:
            async with turns:
                body = await self._client.get(key)
                return None if body is None else _event(key, body)

        found = [each for each in await asyncio.gather(*map(fetch, left)) if each is not None]
        return sorted(
            (each for each in found if each["user"] == user and wanted.meets(each["name"])),
            key=lambda each: (each.get("at") or 0, str(each.get("id"))),
        )


def _body(event: Event) -> bytes:
    fields = {"id": event.id, "name": event.name, "user": event.user, "at": event.at_ms, "data": event.data}
    # What may be stored may be a little more, with its name around it, than is taken in at once.
    return encode(fields)


def _event(key: str, body: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(body)
    except ValueError as error:
        raise ObjectsError(f"{key} is no event: {error}") from error
    if not isinstance(found, dict) or not isinstance(found.get("name"), str) or "user" not in found:
        raise ObjectsError(f"{key} is no event: it has no name and no user")
    return found
