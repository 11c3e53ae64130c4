"""The studio in a browser: who may type, what a person sees, and that nothing is left behind."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import psutil
import pytest

from studio import Engine
from studio.cli import call
from studio.cli.output import Exit
from studio.errors import StudioError
from studio.store.views import Views
from studio.web.origins import is_local, origin, own_origins
from tests.web.browser.browser import CHROMIUM, open_browser

ROOT = Path(__file__).parents[3]
WORKFLOWS = str(ROOT / "workflows")


@dataclass
class Serving:
    """A server in a process of its own, as it is started by its command."""

    process: asyncio.subprocess.Process
    address: str
    store: Path

    @property
    def origin(self) -> dict[str, str]:
        """What a browser says on the server's own page."""
        return {"Origin": self.address}

    def tabs(self) -> list[psutil.Process]:
        """The processes that it has started."""
        return psutil.Process(self.process.pid).children(recursive=True)


@asynccontextmanager
async def serving(folder: Path, *options: str) -> AsyncIterator[Serving]:
    """A server on any port."""
    store = folder / "studio.db"
    command = [sys.executable, "-m", "studio.cli", "serve", "--port", "0"]
    process = await asyncio.create_subprocess_exec(
        *command,
        "--workflows",
        WORKFLOWS,
        "--store",
        str(store),
        *options,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "XDG_CONFIG_HOME": str(folder / "config")},
    )
    assert process.stderr is not None
    try:
        async with asyncio.timeout(60):
            line = (await process.stderr.readline()).decode()
        found = re.search(r"is at (http://\S+)", line)
        assert found is not None, line
        yield Serving(process, found[1], store)
    finally:
        if process.returncode is None:
            process.terminate()
        async with asyncio.timeout(20):
            await process.wait()


async def gone(processes: list[psutil.Process], seconds: float = 60.0) -> bool:
    """Whether all of them end in time."""
    end = time.monotonic() + seconds
    while any(each.is_running() and each.status() != psutil.STATUS_ZOMBIE for each in processes):
        if time.monotonic() > end:
            return False
        await asyncio.sleep(0.05)
    return True


async def read_until(socket: aiohttp.ClientWebSocketResponse, text: bytes) -> None:
    """Read what a tab draws until this has come."""
    seen = b""
    async with asyncio.timeout(60):
        while text not in seen:
            message = await socket.receive()
            assert message.type in (aiohttp.WSMsgType.BINARY, aiohttp.WSMsgType.TEXT), message
            if isinstance(message.data, bytes):
                seen += message.data


@pytest.mark.long
@pytest.mark.xdist_group("serve")
async def test_only_pages_of_its_own_may_type(tmp_path: Path) -> None:
    async with serving(tmp_path, "--origin", "https://studio.example.com") as server:
        port = server.address.rpartition(":")[2]
        async with aiohttp.ClientSession() as session:
            for headers in (
                {},
                {"Origin": "null"},
                {"Origin": "https://evil.example"},
                {"Origin": f"http://evil.example:{port}"},
                {"Origin": f"https://127.0.0.1:{port}"},
                {"Origin": "http://127.0.0.1"},
                {"Origin": f"http://127.0.0.1:{port}.evil.example"},
                {"Origin": f"http://127.0.0.1:{port}", "Host": "evil.example"}
                | {"Origin": "http://evil.example"},
            ):
                with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                    await session.ws_connect(f"{server.address}/ws", headers=headers)
                assert refused.value.status == 403
            assert server.tabs() == []
            for mine in (server.address, f"http://localhost:{port}", "https://studio.example.com"):
                socket = await session.ws_connect(f"{server.address}/ws", headers={"Origin": mine})
                await socket.close()


def test_what_an_origin_is() -> None:
    assert own_origins("127.0.0.1", 8080) == own_origins("localhost", 8080)
    assert "http://[::1]:8080" in own_origins("127.0.0.1", 8080)
    assert "http://10.0.0.7:8080" in own_origins("10.0.0.7", 8080)
    assert "http://localhost" in own_origins("127.0.0.1", 80)
    assert "http://localhost" not in own_origins("127.0.0.1", 8080)
    assert origin("https://Studio.example.com/") == "https://studio.example.com"
    assert origin("https://studio.example.com:443") == "https://studio.example.com"
    assert origin("http://[::1]:9000") == "http://[::1]:9000"
    for wrong in ("studio.example.com", "ftp://x", "https://", "https://x/page", "https://x:port", "*"):
        with pytest.raises(StudioError, match="--origin"):
            origin(wrong)
    assert [is_local(host) for host in ("localhost", "127.8.0.1", "::1", "0.0.0.0", "studio.lan")] == [
        True,
        True,
        True,
        False,
        False,
    ]


@pytest.mark.xdist_group("serve")
async def test_a_tab_acts_through_the_engine_of_the_server_and_leaves_no_process(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, aiohttp.ClientSession() as session:
        address = f"{server.address}/ws?width=120&height=36"
        first = await session.ws_connect(address, headers=server.origin)
        await first.send_json(["focus"])
        await read_until(first, f"VIEWER of pid {server.process.pid}".encode())
        tabs = server.tabs()
        assert len(tabs) == 1
        assert os.getpgid(tabs[0].pid) == tabs[0].pid != os.getpgid(server.process.pid)
        await read_until(first, b"sends this example")
        await first.send_json(["stdin", "i"])
        await first.send_json(["stdin", "\r"])
        await read_until(first, b"waited 1s")
        with Views(server.store) as views:
            assert views.totals().events >= 1
        # What is no message of the page ends the tab, and nothing else.
        second = await session.ws_connect(address, headers=server.origin)
        await second.send_str("no JSON")
        assert (await second.receive()).type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.BINARY)
        await second.close()
        await first.close()
        # The second tab, too, takes its time to end.
        assert await gone([*tabs, *server.tabs()])
        third = await session.ws_connect(address, headers=server.origin)
        await read_until(third, b"VIEWER")
        tabs = server.tabs()
        assert len(tabs) == 1
        began = time.monotonic()
        server.process.send_signal(signal.SIGINT)
        assert await asyncio.wait_for(server.process.wait(), 60) == 0
        assert time.monotonic() - began < 40
        assert await gone(tabs)
        await third.close()


@pytest.mark.long
@pytest.mark.xdist_group("serve")
async def test_tabs_of_a_server_that_was_killed_are_gone(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, aiohttp.ClientSession() as session:
        sockets = [await session.ws_connect(f"{server.address}/ws", headers=server.origin) for _ in range(2)]
        for socket in sockets:
            await read_until(socket, b"VIEWER")
        tabs = server.tabs()
        assert len(tabs) == 2
        os.kill(tabs[0].pid, signal.SIGSTOP)
        os.kill(tabs[0].pid, signal.SIGCONT)
        server.process.kill()
        await server.process.wait()
        assert await gone(tabs)
        for socket in sockets:
            await socket.close()


@pytest.mark.long
@pytest.mark.xdist_group("serve")
async def test_a_tab_that_hangs_is_ended(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, aiohttp.ClientSession() as session:
        socket = await session.ws_connect(f"{server.address}/ws", headers=server.origin)
        await read_until(socket, b"VIEWER")
        tabs = server.tabs()
        os.kill(tabs[0].pid, signal.SIGSTOP)
        await socket.close()
        assert await gone(tabs)


@pytest.mark.xdist_group("serve")
async def test_a_taken_port_is_told(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        port = server.address.rpartition(":")[2]
        other = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "studio.cli", "serve", "--port", port),
            *("--workflows", WORKFLOWS, "--store", str(tmp_path / "other.db")),
            stderr=asyncio.subprocess.PIPE,
        )
        _, said = await asyncio.wait_for(other.communicate(), 60)
        assert other.returncode == 2
        assert f"journey-studio: 127.0.0.1:{port}: nothing can be served there" in said.decode()


@pytest.mark.xdist_group("serve")
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium is installed here")
async def test_a_real_browser_shows_the_studio_and_asks_no_other_site(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, open_browser(tmp_path / "profile") as browser:
        await browser.open(server.address)
        await browser.until(f"VIEWER of pid {server.process.pid}")
        await browser.until("sends this example")
        assert "-first-byte" in await browser.run("document.body.className")
        await browser.type("i\r")
        await browser.until(f"pid {server.process.pid} will process it")
        await browser.until("waited 1s for account.created")
        # Out of the field, and out of what it offered.
        for key in ("\x1b", "\x1b", "?"):
            await browser.type(key)
            await asyncio.sleep(0.3)
        await browser.until("esc closes")
        picture = await browser.picture(tmp_path / "studio.png")
        assert len(picture) > 20_000, "text is drawn: an empty page has a fifth of that"
        home = server.address.removeprefix("http://")
        assert [each for each in browser.asked if each.split("/")[2] != home] == []
        assert browser.complaints == []
        # Another page in the same browser, as any site may open one.
        tried = await browser.run(
            "fetch('data:text/plain,').then(() => new Promise(done => {"
            f" const frame = document.createElement('iframe'); frame.src = '{server.address}/';"
            " frame.onload = () => done(frame.contentDocument ? frame.contentDocument.title : 'closed');"
            " document.body.append(frame); })).catch(error => 'refused')"
        )
        assert tried != "Journey Studio"


def test_beside_the_engine_of_another_process_no_events_are_taken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = str(tmp_path / "s.db")
    with Engine(store=store):
        given = ["--http", "127.0.0.1:0", "--port", "0", "--store", store, "--workflows", str(tmp_path)]
        assert call(["serve", *given]) == Exit.WRONG
    assert "an engine runs on this store already" in capsys.readouterr().err
