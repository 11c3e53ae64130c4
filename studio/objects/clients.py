"""What an object store can do for us: one protocol over obstore's stores and any client of one's own."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from studio.errors import NotOffered, StudioError
from studio.objects.background import in_background

T = TypeVar("T")

TIMEOUT_SECONDS = 30.0
"""How long one request may take, tries and pauses included."""
IN_FLIGHT = 32
"""Requests that are under way at the same time."""
PAGE = 1_000
"""Keys that are listed in one request."""


class ObjectsError(StudioError):
    """The object store refuses, or does not answer."""


class ObjectClient(Protocol):
    """An object store. Keys are whole; each call is one request, tried again by the client as it sees fit."""

    async def get(self, key: str) -> bytes | None:
        """An object; None when it is not there."""

    def list(self, prefix: str) -> AsyncIterator[str]:
        """The keys that begin so."""

    async def put(self, key: str, body: bytes) -> None:
        """Write an object, also over one that is there."""

    creates: bool
    """Whether it can put what must not be there."""

    async def create(self, key: str, body: bytes) -> bool:
        """Write an object that must not be there; False when it is.

        Raises:
            NotOffered: the client cannot put so.
        """

    async def delete(self, keys: Sequence[str]) -> bool:
        """Delete objects; False when the client cannot."""


class ObstoreClient:
    """A store of obstore: S3, GCS, Azure, a folder, memory. It tries again as its `retry_config` says."""

    creates = True

    def __init__(self, store: Any, timeout: float = TIMEOUT_SECONDS) -> None:
        self._store = store
        self._timeout = timeout

    async def get(self, key: str) -> bytes | None:
        import obstore

        def read() -> bytes | None:
            try:
                return bytes(obstore.get(self._store, key).bytes())
            except FileNotFoundError:
                return None

        return await self._in_time(f"getting {key}", read)

    async def list(self, prefix: str) -> AsyncIterator[str]:
        import obstore

        # What is listed lies in the folder: "a/b" does not give "a/bc".
        pages = obstore.list(self._store, prefix=prefix.rstrip("/"), chunk_size=PAGE)

        def following() -> Sequence[Any] | None:
            return next(pages, None)

        while (page := await self._in_time(f"listing {prefix}", following)) is not None:
            for found in page:
                yield found["path"]

    async def put(self, key: str, body: bytes) -> None:
        import obstore

        await self._in_time(f"putting {key}", lambda: obstore.put(self._store, key, body))

    async def create(self, key: str, body: bytes) -> bool:
        import obstore
        from obstore.exceptions import AlreadyExistsError, NotSupportedError, PreconditionError

        def put() -> bool:
            try:
                obstore.put(self._store, key, body, mode="create", use_multipart=False)
            except (AlreadyExistsError, PreconditionError):
                return False
            except NotSupportedError as error:
                raise NotOffered(f"this object store has no create-only puts: {error}") from error
            return True

        return await self._in_time(f"putting {key}", put)

    async def delete(self, keys: Sequence[str]) -> bool:
        import obstore

        # Not `list`, which is a method here.
        await self._in_time("deleting", lambda: obstore.delete(self._store, [*keys]))
        return True

    async def _in_time(self, what: str, call: Callable[[], T]) -> T:
        from obstore.exceptions import BaseError

        try:
            async with asyncio.timeout(self._timeout):
                return await in_background(call)
        except TimeoutError as error:
            raise ObjectsError(f"{what} took more than {self._timeout:g} s") from error
        except (BaseError, OSError) as error:
            raise ObjectsError(f"{what} failed: {_first_line(error)}") from error


class PlainClient:
    """Any client with `get(path)`, `list(path)` and `put(path, object)`, plain or async.

    `get` gives bytes, text or a mapping, or None or a `KeyError` or `FileNotFoundError` where nothing is;
    `list` gives names, whole or below its path, or mappings with "path", "key" or "Key"; `put` bytes.
    """

    creates = False

    def __init__(self, client: Any, timeout: float = TIMEOUT_SECONDS) -> None:
        self._client = client
        self._timeout = timeout

    async def get(self, key: str) -> bytes | None:
        try:
            found = await self._call(self._client.get, key)
        except (KeyError, FileNotFoundError):
            return None
        if found is None or isinstance(found, bytes):
            return found
        return (found if isinstance(found, str) else json.dumps(found)).encode()

    async def list(self, prefix: str) -> AsyncIterator[str]:
        found = await self._call(self._client.list, prefix)
        names = [each async for each in found] if hasattr(found, "__aiter__") else list(found or ())
        for each in names:
            key = str(_key(each))
            yield key if key.startswith(prefix) else prefix.rstrip("/") + "/" + key

    async def put(self, key: str, body: bytes) -> None:
        await self._call(self._client.put, key, body)

    async def create(self, key: str, body: bytes) -> bool:
        raise NotOffered(
            f"{type(self._client).__name__} has no create-only puts, on which hand-over and backup stand",
            fix="Give a store of obstore.",
        )

    async def delete(self, keys: Sequence[str]) -> bool:
        return False

    async def _call(self, function: Callable[..., Any], *args: Any) -> Any:
        async def call() -> Any:
            if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
                found = function(*args)
            else:
                # A plain one waits for its answer: in a thread, so that others go on.
                found = await in_background(lambda: function(*args))
            return await found if inspect.isawaitable(found) else found

        try:
            async with asyncio.timeout(self._timeout):
                return await call()
        except TimeoutError as error:
            raise ObjectsError(f"{function.__name__} {args[0]} took more than {self._timeout:g} s") from error


def client_of(store: Any, timeout: float = TIMEOUT_SECONDS) -> ObjectClient:
    """A store of obstore, or a client of one's own, as this room asks it.

    Raises:
        StudioError: it cannot get, list and put.
    """
    if type(store).__module__.partition(".")[0] == "obstore":
        return ObstoreClient(store, timeout)
    missing = [name for name in ("get", "list", "put") if not callable(getattr(store, name, None))]
    if missing:
        raise StudioError(
            f"a {type(store).__name__} has no {' and no '.join(missing)}",
            fix="Give a store of obstore, or a client with get(path), list(path) and put(path, object).",
        )
    return PlainClient(store, timeout)


def _key(found: Any) -> Any:
    if isinstance(found, Mapping):
        return next((found[name] for name in ("path", "key", "Key", "name") if name in found), "")
    return found


def _first_line(error: BaseException) -> str:
    # Behind it stands how the error looks from inside the library.
    return str(error).strip().partition("\n")[0]
