"""The web server in this process: what hostile connections and messages do."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest

from studio.web.browser.server import Server
from studio.web.ingest import idle

TAB = (sys.executable, "-c", "import sys; print('__GANGLION__', flush=True); sys.stdin.buffer.read(1)")
"""A tab that draws nothing and leaves when it is told."""


@asynccontextmanager
async def served(folder: Path) -> AsyncIterator[str]:
    server = Server("workflows", folder / "studio.db", command=TAB)
    try:
        yield await server.start("127.0.0.1", 0)
    finally:
        await server.stop()


@asynccontextmanager
async def tab(folder: Path) -> AsyncIterator[tuple[str, aiohttp.ClientWebSocketResponse]]:
    """A server's address, and a tab of it."""
    async with (
        served(folder) as address,
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{address}/ws", headers={"Origin": address}) as socket,
    ):
        yield address, socket


@pytest.mark.parametrize(
    "message",
    [
        "[" * 200_000,
        '["ping", ' + "[" * 900 + "]" * 900 + "]",
        '["stdin", 7]',
        "7" * 5_000,
        "not JSON",
        "[]",
        "{}",
        '["resize", {"width": {}}]',
    ],
)
async def test_what_is_no_message_of_the_page_is_refused(
    tmp_path: Path, message: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with tab(tmp_path) as (_, socket):
        await socket.send_str(message)
        async with asyncio.timeout(30):
            answer = await socket.receive()
        assert answer.type == aiohttp.WSMsgType.CLOSE
        assert socket.close_code == 1003
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_a_ping_is_answered(tmp_path: Path) -> None:
    async with tab(tmp_path) as (_, socket):
        for data in (1.5, 7, "x", None):
            await socket.send_json(["ping", data])
            assert await socket.receive_json() == ["pong", data]


async def test_a_connection_on_which_nothing_comes_is_closed_and_a_tab_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idle, "IDLE_SECONDS", 0.5)
    monkeypatch.setattr(idle, "LOOK_SECONDS", 0.05)
    async with tab(tmp_path) as (address, socket):
        for sent in (b"", b"GET / HT", b"GET /page.css HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"):
            reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(address).port)
            writer.write(sent)
            async with asyncio.timeout(30):
                try:
                    answer = await reader.read()
                except ConnectionResetError:
                    answer = b""
            assert answer[:15] == (b"HTTP/1.1 200 OK" if sent.endswith(b"\n") else b"")
            writer.close()
        await socket.send_json(["ping", 1])
        assert await socket.receive_json() == ["pong", 1]
