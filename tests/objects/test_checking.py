"""What is said of an object store, sound or not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from obstore.store import MemoryStore

from studio.cli import call
from studio.cli.output import Exit
from studio.objects.checking import ObjectsFinding, check_objects
from studio.objects.clients import PAGE
from tests.objects.servers import BUCKET, HOST, Proxy, store
from tests.objects.test_clients import Plain


async def findings(store: Any, prefix: str = "") -> list[ObjectsFinding]:
    return [each async for each in check_objects(store, prefix)]


def verdicts(found: list[ObjectsFinding]) -> dict[str, str]:
    return {each.check: each.verdict for each in found}


SOUND = {"put": "ok", "create": "ok", "listing": "ok", "paging": "ok"}


async def test_a_sound_store_is_left_as_it_was(between: Proxy, tmp_path: Path) -> None:
    bucket = store(between.port)
    found = await findings(bucket, tmp_path.name)
    assert verdicts(found) == SOUND
    assert found[3].says.startswith(f"{PAGE + 1:,} objects are listed; ")
    assert [each for page in bucket.list(prefix=tmp_path.name) for each in page] == []


async def test_a_client_of_ones_own_lacks_what_hand_over_needs() -> None:
    found = await findings(Plain())
    assert verdicts(found) == {**SOUND, "create": "warn", "clean-up": "warn"}
    assert "hand-over and backup stand on it" in found[1].says


async def test_one_that_lets_all_put_at_once_is_bad() -> None:
    class Lets(Plain):
        pass

    bad = Lets()
    from studio.objects import checking
    from studio.objects.clients import PlainClient

    class LetsAll(PlainClient):
        creates = True

        async def create(self, key: str, body: bytes) -> bool:
            await self.put(key, body)
            return True

    written: list[str] = []
    found = await checking._create_only(LetsAll(bad), "x/", written)
    assert (found.verdict, found.says[:8]) == ("bad", "8 of 8 t")


async def test_one_that_gives_only_the_first_page_is_bad() -> None:
    class First(Plain):
        def list(self, path: str) -> Any:
            return super().list(path)[:PAGE]

    found = await findings(First())
    assert verdicts(found)["paging"] == "bad"
    assert "of 1,001 objects 1,000 are listed" in found[3].says


async def test_one_that_lists_late_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    class Late(Plain):
        def __init__(self, times: int) -> None:
            super().__init__()
            self.left = times

        def list(self, path: str) -> Any:
            self.left -= 1
            return [] if self.left >= 0 else super().list(path)

    from studio.objects import checking

    monkeypatch.setattr(checking, "LISTED_SECONDS", 0.0)
    assert verdicts(await findings(Late(5)))["listing"] == "bad"
    monkeypatch.setattr(checking, "LISTED_SECONDS", 60.0)
    assert verdicts(await findings(Late(2)))["listing"] in ("ok", "warn")


async def test_one_that_reads_something_else_is_asked_nothing_more() -> None:
    class Other(Plain):
        def get(self, path: str) -> Any:
            return b"2"

    (found,) = await findings(Other())
    assert (found.check, found.verdict) == ("put", "bad")


async def test_what_a_store_refuses_is_told(between: Proxy) -> None:
    between.fault = lambda method, path: (403, {}) if method == "PUT" else None
    (found,) = await findings(store(between.port))
    assert (found.check, found.verdict) == ("put", "bad")
    between.fault = lambda method, path: (403, {}) if method == "GET" and "list-type" in path else None
    assert verdicts(await findings(store(between.port))) == {**SOUND, "listing": "bad", "paging": "bad"}


def test_the_command_takes_the_projects_bucket(
    between: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in (
        ("ENDPOINT_URL", f"http://{HOST}:{between.port}"),
        ("ALLOW_HTTP", "true"),
        ("ACCESS_KEY_ID", "testing"),
        ("SECRET_ACCESS_KEY", "testing"),
        ("REGION", "us-east-1"),
    ):
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.chdir(tmp_path)
    assert call(["objects", "check"]) == Exit.WRONG
    assert "no object store is named. Give --url, or write url" in capsys.readouterr().err
    url = f"s3://{BUCKET}/{tmp_path.name}"
    (tmp_path / "pyproject.toml").write_text(f'[tool.journey-studio.objects]\nurl = "{url}"\n')
    assert call(["objects", "check"]) == Exit.DONE
    assert [line.split()[:2] for line in capsys.readouterr().out.splitlines()] == [
        ["ok", name] for name in SOUND
    ]
    assert call(["objects", "check", "--url", f"file://{tmp_path}/objects", "--json"]) == Exit.DONE
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {each["check"]: each["verdict"] for each in told} == SOUND
    assert (
        call(["objects", "check", "--url", f"s3://nothing-here-{tmp_path.name.replace('_', '-')}"])
        == Exit.FAILED
    )
    assert capsys.readouterr().out.startswith("bad   put")


def test_memory_will_do() -> None:
    import asyncio

    assert verdicts(asyncio.run(findings(MemoryStore()))) == SOUND
