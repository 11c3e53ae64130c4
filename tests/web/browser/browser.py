"""A real browser, led over the DevTools protocol: opens a page, types, and tells what it was sent."""

from __future__ import annotations

import asyncio
import base64
import os
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pyte

NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next((found for name in NAMES if (found := shutil.which(name))), None)
COLUMNS, ROWS = 300, 100
"""More than the page has: what is drawn goes to absolute places."""


class Browser:
    """One page."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._number = 0
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self.asked: list[str] = []
        """The addresses that the page has asked for."""
        self.complaints: list[str] = []
        """What the browser had to say of the page."""
        self.screen = pyte.Screen(COLUMNS, ROWS)
        self._stream = pyte.ByteStream(self.screen)
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for message in self._socket:
            fact: dict[str, Any] = message.json()
            if "id" in fact:
                self._answers.pop(fact["id"]).set_result(fact)
                continue
            about = fact["params"]
            match fact["method"]:
                case "Network.requestWillBeSent":
                    self.asked.append(about["request"]["url"])
                case "Network.webSocketCreated":
                    self.asked.append(about["url"])
                case "Network.webSocketFrameReceived" if about["response"]["opcode"] == 2:
                    self._stream.feed(base64.b64decode(about["response"]["payloadData"]))
                case "Log.entryAdded" if about["entry"]["level"] == "error":
                    self.complaints.append(about["entry"]["text"])
                case "Runtime.exceptionThrown":
                    self.complaints.append(str(about["exceptionDetails"]))

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Have something done."""
        self._number += 1
        answer = self._answers[self._number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": self._number, "method": method, "params": params})
        fact = await asyncio.wait_for(answer, 60)
        assert "error" not in fact, fact
        result: dict[str, Any] = fact["result"]
        return result

    async def open(self, address: str) -> None:
        """Open a page."""
        for domain in ("Network", "Page", "Runtime", "Log"):
            await self.call(f"{domain}.enable")
        await self.call("Emulation.setFocusEmulationEnabled", enabled=True)
        await self.call("Page.navigate", url=address)

    async def run(self, script: str) -> Any:
        """The value of a script in the page, awaited."""
        done = await self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        return done["result"].get("value")

    async def type(self, text: str) -> None:
        """Press keys."""
        for char in text:
            key = {"\r": "Enter", "\x1b": "Escape"}.get(char, char)
            code = {"\r": 13, "\x1b": 27}.get(char, ord(char.upper()))
            keys = {"key": key, "windowsVirtualKeyCode": code}
            written = {"text": char} if char != "\x1b" else {}
            await self.call("Input.dispatchKeyEvent", type="keyDown", **keys, **written)
            await self.call("Input.dispatchKeyEvent", type="keyUp", **keys)

    @property
    def text(self) -> str:
        """What was sent to the page's terminal, as it stands there."""
        return "\n".join(self.screen.display)

    async def until(self, text: str, seconds: float = 60.0) -> str:
        """Wait until this stands in the terminal."""
        try:
            async with asyncio.timeout(seconds):
                while text not in self.text:
                    await asyncio.sleep(0.05)
        except TimeoutError:
            shown = "\n".join(line.rstrip() for line in self.screen.display if line.strip())
            raise AssertionError(f"{text!r} does not come:\n{shown}\n{self.complaints}") from None
        return self.text

    async def picture(self, file: Path) -> bytes:
        """What a person sees, as PNG."""
        done = await self.call("Page.captureScreenshot", format="png")
        data = base64.b64decode(done["data"])
        await asyncio.to_thread(file.write_bytes, data)
        return data


@asynccontextmanager
async def open_browser(folder: Path) -> AsyncIterator[Browser]:
    """A browser with nothing of its user's, ended with all its processes."""
    assert CHROMIUM is not None
    process = await asyncio.create_subprocess_exec(
        CHROMIUM,
        "--headless=new",
        "--no-sandbox",  # tests may run as root
        "--disable-dev-shm-usage",
        "--disable-gpu",
        "--no-proxy-server",
        "--no-first-run",
        "--remote-debugging-port=0",
        "--window-size=1300,950",
        f"--user-data-dir={folder}",
        "about:blank",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        port = await _port(folder / "DevToolsActivePort")
        async with aiohttp.ClientSession() as session:
            async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
                pages = [page for page in await answer.json() if page["type"] == "page"]
            address = pages[0]["webSocketDebuggerUrl"]
            async with session.ws_connect(address, max_msg_size=0) as socket:
                browser = Browser(socket)
                yield browser
                browser._reading.cancel()
                await asyncio.gather(browser._reading, return_exceptions=True)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def _port(file: Path) -> int:
    async with asyncio.timeout(60):
        while True:
            if file.exists() and (lines := file.read_text().splitlines()):
                return int(lines[0])
            await asyncio.sleep(0.05)
