"""One protocol over stores of obstore and over any client with get, list and put."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from obstore.store import LocalStore, MemoryStore

from studio.errors import NotOffered, StudioError
from studio.objects.clients import ObjectsError, client_of
from tests.objects.servers import Proxy, store


class Plain:
    """A dictionary, as somebody may have wrapped their own storage."""

    def __init__(self) -> None:
        self.objects: dict[str, Any] = {}

    def get(self, path: str) -> Any:
        return self.objects[path]

    def list(self, path: str) -> Any:
        return sorted(each for each in self.objects if each.startswith(path))

    def put(self, path: str, object: Any) -> None:
        self.objects[path] = object


class Short(Plain):
    """Lists what stands below its path, as text, with more beside it."""

    def list(self, path: str) -> Any:
        return [{"Key": each.removeprefix(path), "Size": 1} for each in super().list(path)]

    def get(self, path: str) -> Any:
        found = self.objects.get(path)
        return found if found is None else found.decode()


class Later:
    """All of it async."""

    def __init__(self) -> None:
        self.plain = Plain()

    async def get(self, path: str) -> Any:
        return self.plain.objects.get(path)

    async def list(self, path: str) -> AsyncIterator[str]:
        for each in self.plain.list(path):
            await asyncio.sleep(0)
            yield each

    async def put(self, path: str, object: Any) -> None:
        self.plain.put(path, object)


@pytest.fixture(params=["S3", "folder", "memory", "plain", "short", "later"])
def any_store(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    match request.param:
        case "S3":
            return store(request.getfixturevalue("between").port)
        case "folder":
            return LocalStore(tmp_path / "objects", mkdir=True)
        case "memory":
            return MemoryStore()
        case "plain":
            return Plain()
        case "short":
            return Short()
    return Later()


async def test_what_is_put_is_read_listed_and_written_over(any_store: Any, tmp_path: Path) -> None:
    client = client_of(any_store)
    folder = tmp_path.name + "/users/a%2Fb/"
    assert [each async for each in client.list(folder)] == []
    assert await client.get(folder + "no.json") is None
    for n in (1, 2):
        await client.put(folder + "x.json", b'{"n":%d}' % n)
        assert await client.get(folder + "x.json") == b'{"n":%d}' % n
    await client.put(folder + "deep/y.json", b"{}")
    await client.put(tmp_path.name + "/users/a%2Fbc/z.json", b"{}")
    found = sorted([each async for each in client.list(folder)])
    assert found == [folder + "deep/y.json", folder + "x.json"]


async def test_what_must_not_be_there_is_put_once(any_store: Any, tmp_path: Path) -> None:
    client = client_of(any_store)
    key = tmp_path.name + "/once.json"
    if not client.creates:
        with pytest.raises(NotOffered, match="has no create-only puts, on which hand-over and backup stand"):
            await client.create(key, b"1")
        assert not await client.delete([key])
        return
    won = await asyncio.gather(*(client.create(key, str(n).encode()) for n in range(16)))
    assert sum(won) == 1
    assert await client.get(key) == str(won.index(True)).encode()
    assert await client.delete([key])
    assert await client.get(key) is None


def test_what_is_no_store_is_refused_by_name() -> None:
    with pytest.raises(StudioError, match="a dict has no list and no put"):
        client_of({})


async def test_one_that_does_not_answer_in_time_is_named(between: Proxy) -> None:
    between.fault = lambda method, path: 30.0
    client = client_of(store(between.port), timeout=0.2)
    for asked, what in (
        (client.get("a"), "getting a"),
        (client.put("a", b""), "putting a"),
        (client.create("a", b""), "putting a"),
    ):
        with pytest.raises(ObjectsError, match=rf"{what} took more than 0\.2 s"):
            await asked


async def test_a_plain_one_that_does_not_answer_in_time_is_named() -> None:
    class Hangs(Later):
        async def get(self, path: str) -> Any:
            await asyncio.Event().wait()

    with pytest.raises(ObjectsError, match=r"get a took more than 0\.1 s"):
        await client_of(Hangs(), timeout=0.1).get("a")


async def test_one_that_is_busy_is_asked_again(between: Proxy) -> None:
    """As S3 asks for when there are too many requests: 503, and how long to wait."""
    left = {"GET": 2, "PUT": 2}

    def busy(method: str, path: str) -> tuple[int, dict[str, str]] | None:
        if not left.get(method):
            return None
        left[method] -= 1
        return 503, {"Retry-After": "1"}

    between.fault = busy
    client = client_of(store(between.port))
    assert await client.create("busy.json", b"1")
    assert await client.get("busy.json") == b"1"
    assert (between.count("PUT"), between.count("GET")) == (3, 3)


async def test_one_that_refuses_is_named_at_once(between: Proxy) -> None:
    between.fault = lambda method, path: (403, {})
    client = client_of(store(between.port))
    with pytest.raises(ObjectsError, match="getting a failed: "):
        await client.get("a")
    assert len(between.requests) == 1


async def test_a_put_that_was_done_and_not_answered_counts_as_done(between: Proxy) -> None:
    """The answer is lost on the way; what is tried again finds the object, and the server says 412."""
    client = client_of(store(between.port))
    assert await client.create("lost.json", b"1")
    between.fault = lambda method, path: (412, {})
    assert not await client.create("lost.json", b"1")
