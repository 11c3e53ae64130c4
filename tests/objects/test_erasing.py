"""A user who is erased is gone from the bucket, too: events, and what hand-overs left there."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from studio import Engine
from studio.cli import call
from studio.cli.output import Exit
from studio.errors import NotOffered
from studio.objects.clients import ObjectsError, client_of
from studio.objects.events import ObjectEvents
from studio.objects.handover import Handovers
from studio.store.rebuild import compare
from tests.objects.servers import BUCKET, HOST, Proxy, store
from tests.objects.test_clients import Plain
from tests.objects.test_handover import begin, off, welcome

Run = Callable[..., int]


@pytest.fixture
def run(tmp_path: Path, between: Proxy, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A command in a project that has a bucket."""
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://{HOST}:{between.port}",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": "us-east-1",
        "AWS_ALLOW_HTTP": "true",
    }.items():
        monkeypatch.setenv(name, value)
    table = f'[tool.journey-studio.objects]\nurl = "s3://{BUCKET}/{tmp_path.name}"\n'
    (tmp_path / "pyproject.toml").write_text(table)
    return lambda *words, on="a.db": call([*words, "--store", str(tmp_path / on)])


async def keys(between: Proxy, prefix: str) -> list[str]:
    return sorted([key async for key in client_of(store(between.port)).list(prefix)])


async def lived(path: Path, bucket: Any, prefix: str, *users: str) -> None:
    """An engine that keeps events in the bucket."""
    async with Engine(welcome, store=path, events=ObjectEvents(bucket, prefix)) as engine:
        for user in users:
            await engine.ingest("signup", {"id": user, "email": f"{user}@example.com"}, id=f"s-{user}")
            await engine.ingest("other/thing", user)


def test_a_users_objects_go_with_them(
    run: Run, between: Proxy, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, prefix = tmp_path / "a.db", tmp_path.name
    # One whose key begins as the other's.
    asyncio.run(lived(path, store(between.port), prefix, "zoe", "zoe2", "mia"))
    assert run("objects", "release", "zoe", "mia") == 0
    assert run("objects", "adopt", "zoe") == 0
    before = asyncio.run(keys(between, prefix))
    mine = f"{prefix}/users/zoe/"
    assert {key.removeprefix(mine).partition("/")[0] for key in before if key.startswith(mine)} == {
        *("events", "state", "taken")
    }
    capsys.readouterr()
    assert run("erase", "zoe", "--yes", "--json") == 0
    (told,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert (told["user"], told["objects"], told["journeys"]) == ("zoe", 4, 1)
    assert asyncio.run(keys(between, prefix)) == [key for key in before if not key.startswith(mine)]
    assert compare(path) == []
    # Who is elsewhere is erased there.
    assert run("erase", "mia", "--yes") == Exit.WRONG
    assert "'mia' was handed over to another engine. Erase them there" in capsys.readouterr().err
    # Nothing is left of anybody of that name.
    assert run("erase", "zoe", "--yes") == Exit.WRONG
    assert "there is no user 'zoe'" in capsys.readouterr().err


def test_what_was_cut_off_is_ended_by_the_next(
    run: Run, between: Proxy, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, prefix = tmp_path / "a.db", tmp_path.name
    asyncio.run(lived(path, store(between.port), prefix, "zoe"))
    between.fault = lambda method, path: (403, {}) if method in ("POST", "DELETE") else None
    assert run("erase", "zoe", "--yes") == Exit.WRONG
    assert "deleting failed" in capsys.readouterr().err
    assert len(asyncio.run(keys(between, f"{prefix}/users/zoe/"))) == 2
    between.fault = lambda method, path: None
    assert run("erase", "zoe", "--yes") == 0
    assert "2 objects" in capsys.readouterr().out
    assert asyncio.run(keys(between, f"{prefix}/users/zoe/")) == []


async def test_a_new_life_may_be_handed_over_again(between: Proxy, tmp_path: Path) -> None:
    bucket, prefix = store(between.port), tmp_path.name
    a, b = (Handovers(tmp_path / name, bucket, prefix) for name in ("a.db", "b.db"))
    await begin(a.path, "zoe")
    await off(a.release, "zoe")
    await off(a.adopt, "zoe")
    assert await ObjectEvents(bucket, prefix).erase("zoe") == 2
    await off(call, ["erase", "zoe", "--yes", "--store", str(a.path)])
    await begin(a.path, "zoe")
    assert await off(a.release, "zoe") == 1
    assert await off(b.adopt, "zoe") == 1


async def test_a_client_that_cannot_delete_is_named_with_what_stays() -> None:
    mine = Plain()
    events = ObjectEvents(mine, "there")
    await client_of(mine).put("there/users/zoe/events/signup/1.json", b"{}")
    with pytest.raises(NotOffered, match=r"there/users/zoe/: 1 object of 'zoe' stay: this client cannot"):
        await events.erase("zoe")
    assert await events.erase("mia") == 0


async def test_a_store_that_refuses_is_named(between: Proxy, tmp_path: Path) -> None:
    between.fault = lambda method, path: (403, {})
    with pytest.raises(ObjectsError, match="listing"):
        await ObjectEvents(store(between.port), tmp_path.name).erase("zoe")
