"""The web server: one page, and a websocket that carries a terminal."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import textual_serve
from aiohttp import WSMsgType, web
from textual_serve.download_manager import DownloadManager

from studio.errors import StudioError
from studio.web.browser.tab import Tab
from studio.web.ingest.idle import Waiting, close_idle
from studio.web.origins import own_origins

PAGE = Path(__file__).with_name("page")
TERMINAL = Path(textual_serve.__file__).with_name("static")
"""The terminal that textual-serve ships: script, style and font."""
MOST_TABS = 16
"""Each tab is a process of some 60 MB."""
MOST_MESSAGE_BYTES = 4 << 20
MOST_CELLS = 1_000
FILES = {
    "/": (PAGE / "index.html", "text/html"),
    "/page.js": (PAGE / "page.js", "text/javascript"),
    "/page.css": (PAGE / "page.css", "text/css"),
    "/terminal.js": (TERMINAL / "js" / "textual.js", "text/javascript"),
    "/terminal.css": (TERMINAL / "css" / "xterm.css", "text/css"),
    "/font.ttf": (TERMINAL / "fonts" / "RobotoMono-VariableFont_wght.ttf", "font/ttf"),
    "/font-italic.ttf": (TERMINAL / "fonts" / "RobotoMono-Italic-VariableFont_wght.ttf", "font/ttf"),
}
HEADERS = {
    # Nothing from another site, and in no other site's frame: that one could catch what is typed.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self';"
        " img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none';"
        " form-action 'none'"
    ),
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


class Server:
    """Serves the viewers of one store.

    Args:
        workflows: the folder or file with the journeys.
        store: the database.
        origins: further pages that may type, as browsers name them.
        command: what a tab runs; the studio as a viewer when not given.
    """

    def __init__(
        self,
        workflows: str,
        store: Path,
        origins: Iterable[str] = (),
        command: Sequence[str] | None = None,
    ) -> None:
        tab = (sys.executable, "-P", "-m", "studio.tui.tab", workflows, str(store))
        self._command = tab if command is None else command
        self._more = tuple(origins)
        self._origins: frozenset[str] = frozenset()
        self._tabs: dict[Tab, web.WebSocketResponse] = {}
        self._downloads = DownloadManager()
        self._runner: web.AppRunner | None = None
        self._life: tuple[int, int] | None = None
        self._watch: asyncio.Task[None] | None = None

    async def start(self, host: str, port: int) -> str:
        """Begin to serve; gives the address for a browser.

        Raises:
            StudioError: the address cannot be had.
        """
        app = web.Application()
        app.router.add_get("/ws", self._socket)
        app.router.add_get("/download/{key}", self._download)
        for path in FILES:
            app.router.add_get(path, self._file)
        app.on_shutdown.append(self._end_tabs)
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=2.0)
        await self._runner.setup()
        self._life = os.pipe()
        try:
            await web.TCPSite(self._runner, host, port).start()
        except OSError as error:
            await self.stop()
            raise StudioError(
                f"nothing can be served there: {os.strerror(error.errno) if error.errno else error}",
                where=f"{host}:{port}",
                fix="Name another port with --port.",
            ) from error
        port = self._runner.addresses[0][1]
        self._origins = own_origins(host, port, self._more)
        self._watch = asyncio.create_task(close_idle(self._waiting))
        return f"http://{f'[{host}]' if ':' in host else host}:{port}"

    async def stop(self) -> None:
        """End all tabs and close the port. Calling it again does nothing."""
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.cancel()
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()
        life, self._life = self._life, None
        for end in life or ():
            os.close(end)

    def _waiting(self) -> Waiting:
        """Connections on which a request is to come. Those of tabs ask each other whether they are there."""
        server = self._runner.server if self._runner is not None else None
        for handler in server.connections if server is not None else ():
            # Nothing public says whether it is at a request. The time changes with each that it has answered.
            if handler.transport is not None and handler._current_request is None:
                yield handler.transport, handler._next_keepalive_close_time

    async def _end_tabs(self, _: web.Application) -> None:
        for tab, socket in list(self._tabs.items()):
            await tab.stop()
            await socket.close()

    async def _file(self, request: web.Request) -> web.StreamResponse:
        path, kind = FILES[request.path]
        return web.FileResponse(path, headers={**HEADERS, "Content-Type": f"{kind}; charset=utf-8"})

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Origin") not in self._origins:
            raise web.HTTPForbidden(
                text="This page may not use the studio. See journey-studio serve --origin.\n"
            )
        if self._life is None or len(self._tabs) >= MOST_TABS:
            raise web.HTTPServiceUnavailable(text=f"No more than {MOST_TABS} tabs at once.\n")
        socket = web.WebSocketResponse(heartbeat=15, max_msg_size=MOST_MESSAGE_BYTES)
        await socket.prepare(request)
        tab = Tab(
            self._command,
            self._life[0],
            write_bytes=socket.send_bytes,
            write_str=socket.send_str,
            close=socket.close,
            downloads=self._downloads,
        )
        self._tabs[tab] = socket
        try:
            await tab.start(_cells(request.query.get("width"), 80), _cells(request.query.get("height"), 24))
            await self._carry(socket, tab)
        finally:
            await tab.stop()
            del self._tabs[tab]
        return socket

    async def _carry(self, socket: web.WebSocketResponse, tab: Tab) -> None:
        """What the page sends goes to the tab, until one of the two has gone."""
        async for message in socket:
            if message.type != WSMsgType.TEXT:
                continue
            match _envelope(message.data):
                case ["stdin", str(keys)]:
                    await tab.send_bytes(keys.encode("utf-8", "replace"))
                case ["resize", {"width": width, "height": height}]:
                    await tab.set_terminal_size(_cells(width, 80), _cells(height, 24))
                case ["ping", str() | int() | float() | None as data]:
                    await socket.send_json(["pong", data])
                case ["blur", *_]:
                    await tab.blur()
                case ["focus", *_]:
                    await tab.focus()
                case _:
                    await socket.close(code=1003, message=b"not a message of this page")

    async def _download(self, request: web.Request) -> web.StreamResponse:
        key = request.match_info["key"]
        try:
            found = await self._downloads.get_download_metadata(key)
        except KeyError:
            raise web.HTTPNotFound(text="There is no such file.\n") from None
        # Always saved, never shown: what a journey wrote may not run as a page of this site.
        name = "".join(char if char.isalnum() or char in "-_." else "_" for char in found.file_name)
        response = web.StreamResponse(
            headers={
                **HEADERS,
                "Content-Type": "application/octet-stream",
                "Content-Disposition": f'attachment; filename="{name}"',
            }
        )
        await response.prepare(request)
        async for chunk in self._downloads.download(key):
            await response.write(chunk)
        await response.write_eof()
        return response


def _envelope(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        # Too deep for Python's reader: no message of the page is.
        return None


def _cells(value: object, usual: int) -> int:
    if isinstance(value, str) and value.isdecimal():
        value = int(value[:6])
    return max(1, min(MOST_CELLS, value)) if isinstance(value, int) else usual
