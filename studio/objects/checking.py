"""What works on an object store: tried with objects of its own, which are taken away again."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Literal

from studio.objects.clients import IN_FLIGHT, PAGE, ObjectClient, ObjectsError, client_of
from studio.objects.keys import Keys

LISTED_SECONDS = 10.0
"""How long a listing may lag behind before that counts as wrong."""


@dataclass(frozen=True, slots=True)
class ObjectsFinding:
    """One thing that was tried."""

    check: str
    verdict: Literal["ok", "warn", "bad"]
    says: str
    fix: str = ""


async def check_objects(store: Any, prefix: str = "") -> AsyncIterator[ObjectsFinding]:
    """Try puts and gets, create-only puts, a listing after a put, and more keys than a page has."""
    client = client_of(store)
    keys = Keys(prefix)
    folder = keys.at("check", secrets.token_hex(6)) + "/"
    written: list[str] = []
    for check in (_put_and_get, _create_only, _listing, _paging):
        try:
            finding = await check(client, folder, written)
        except ObjectsError as error:
            finding = ObjectsFinding(_NAMES[check.__name__], "bad", error.what, "Look at its rights.")
        yield finding
        if finding.verdict == "bad" and check is _put_and_get:
            # Nothing else could be told.
            return
    try:
        if not await client.delete(written):
            yield ObjectsFinding(
                "clean-up", "warn", f"{len(written):,} objects stay below {folder}", "Delete them by hand."
            )
    except ObjectsError as error:
        yield ObjectsFinding("clean-up", "warn", f"{error.what}; objects stay below {folder}")


async def _put_and_get(client: ObjectClient, folder: str, written: list[str]) -> ObjectsFinding:
    key = f"{folder}a%2Fb%20%C3%BC.json"
    await client.put(key, b"1")
    written.append(key)
    found = await client.get(key)
    if found != b"1":
        return ObjectsFinding("put", "bad", f"what was put is read as {found!r}", "Give another store.")
    if await client.get(f"{folder}none.json") is not None:
        return ObjectsFinding("put", "bad", "an object that is not there is read", "Give another store.")
    return ObjectsFinding("put", "ok", "what is put is read back")


async def _create_only(client: ObjectClient, folder: str, written: list[str]) -> ObjectsFinding:
    what = "hand-over and backup stand on it"
    if not client.creates:
        return ObjectsFinding("create", "warn", f"the client has no create-only puts: {what}")
    key = f"{folder}once.json"
    written.append(key)
    won = await asyncio.gather(*(client.create(key, str(n).encode()) for n in range(8)))
    if sum(won) != 1:
        says = f"{sum(won)} of 8 that put the same object at once were let: {what}"
        return ObjectsFinding("create", "bad", says, "Keep events there, and no users.")
    return ObjectsFinding("create", "ok", "of 8 that put the same object at once, one was let")


async def _listing(client: ObjectClient, folder: str, written: list[str]) -> ObjectsFinding:
    key = f"{folder}listed/one.json"
    await client.put(key, b"1")
    written.append(key)
    start = time.monotonic()
    while [each async for each in client.list(f"{folder}listed/")] != [key]:
        if time.monotonic() - start > LISTED_SECONDS:
            says = f"what was put is not listed after {LISTED_SECONDS:g} s"
            return ObjectsFinding("listing", "bad", says, "Waits look for events by listing: they find none.")
        await asyncio.sleep(0.1)
    took = time.monotonic() - start
    if took > 1:
        return ObjectsFinding("listing", "warn", f"what is put is listed {took:.1f} s later")
    return ObjectsFinding("listing", "ok", "what is put is listed at once")


async def _paging(client: ObjectClient, folder: str, written: list[str]) -> ObjectsFinding:
    keys = [f"{folder}many/{n:05}.json" for n in range(PAGE + 1)]
    turns = asyncio.Semaphore(IN_FLIGHT)

    async def put(key: str) -> None:
        async with turns:
            await client.put(key, b"1")

    start = time.monotonic()
    await asyncio.gather(*map(put, keys))
    rate = len(keys) / (time.monotonic() - start)
    written += keys
    found = [each async for each in client.list(f"{folder}many/")]
    if sorted(found) != keys:
        says = f"of {len(keys):,} objects {len(set(found)):,} are listed"
        return ObjectsFinding("paging", "bad", says, "Let `list` give all pages.")
    return ObjectsFinding("paging", "ok", f"{len(keys):,} objects are listed; {rate:,.0f} puts/s")


_NAMES = {"_put_and_get": "put", "_create_only": "create", "_listing": "listing", "_paging": "paging"}
