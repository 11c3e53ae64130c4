"""The server: an address, and a thread with an event loop of its own.

Its requests share nothing with the loop of the screen or the command, so that neither waits for the other.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from studio.errors import StudioError
from studio.web.ingest.idle import Waiting, close_idle
from studio.web.origins import own_origins

if TYPE_CHECKING:
    import uvicorn

    from studio.engine.client import EngineClient

PORT = 8288
"""Inngest's dev server listens there, and its clients look there."""
BACKLOG = 512
MOST_REQUESTS = 512
"""At the same time; more are answered 503."""
STOP_SECONDS = 3
"""How long requests that are under way may hold up the end."""


def address(text: str) -> tuple[str, int]:
    """Read `HOST:PORT`, `:PORT`, `[::1]:PORT` or `PORT`; without a host it is this machine only.

    Raises:
        StudioError: it is no address.
    """
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]") or "127.0.0.1"
    if not (port.isascii() and port.isdecimal() and int(port) <= 65_535):
        raise StudioError(f"{text!r} is not an address", where="--http", fix=f"Write 127.0.0.1:{PORT}.")
    return host, int(port)


class IngestServer:
    """Takes events by HTTP.

    Args:
        client: gives who takes the events; None when no engine runs here.
    """

    def __init__(self, client: Callable[[], EngineClient | None]) -> None:
        self._client = client
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    def start(self, host: str, port: int) -> str:
        """Begin to listen; gives the address. Port 0 is any.

        Raises:
            StudioError: the address cannot be had, or the optional packages are missing.
        """
        try:
            import uvicorn

            from studio.web.ingest.app import Paths
            from studio.web.ingest.protocol import BoundedHttpProtocol
        except ModuleNotFoundError as error:
            raise StudioError(
                f"events by HTTP need the package {error.name}",
                where="--http",
                fix="Install it: pip install 'journey-studio[http]'.",
            ) from None
        listening = listen(host, port)
        port = listening.getsockname()[1]
        paths = Paths(self._client, host, own_origins(host, port))
        config = uvicorn.Config(
            paths.app,
            loop="asyncio",
            http=BoundedHttpProtocol,
            ws="none",
            lifespan="off",
            # What there is to say is said in its answers; the terminal belongs to others.
            log_config=None,
            log_level=logging.CRITICAL,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=MOST_REQUESTS,
            timeout_graceful_shutdown=STOP_SECONDS,
        )
        server = self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=lambda: asyncio.run(_serve(server, listening)), name="http", daemon=True
        )
        self._thread.start()
        return f"http://{f'[{host}]' if ':' in host else host}:{port}"

    def stop(self) -> None:
        """Answer what is under way and close. Calling it again does nothing."""
        server, self._server = self._server, None
        thread, self._thread = self._thread, None
        if server is None or thread is None:
            return
        server.should_exit = True
        thread.join(STOP_SECONDS + 2)


async def _serve(server: uvicorn.Server, listening: socket.socket) -> None:
    watch = asyncio.create_task(close_idle(lambda: _waiting(server)))
    try:
        await server.serve(sockets=[listening])
    finally:
        watch.cancel()


def _waiting(server: uvicorn.Server) -> Waiting:
    """Connections on which a request is to come, or to come to its end, or an answer is to be read."""
    from studio.web.ingest.protocol import BoundedHttpProtocol

    for connection in list(server.server_state.connections):
        if isinstance(connection, BoundedHttpProtocol):
            # It is made with the first request, whatever its annotation says.
            cycle: Any = connection.cycle
            if cycle is None:
                yield connection.transport, None
            elif cycle.more_body or cycle.response_started:
                yield connection.transport, (cycle, cycle.more_body, cycle.response_complete)


def listen(host: str, port: int) -> socket.socket:
    """A socket at an address, whose connections send at once.

    Raises:
        StudioError: the address cannot be had.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
        listening = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        why = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror or str(error)
        raise StudioError(
            f"nothing can be served there: {why}",
            where=f"{host}:{port}",
            fix="Name another address with --http.",
        ) from error
    # Connections inherit it. asyncio sets it where it knows that it is TCP, which of a socket made elsewhere
    # it does not; without it an answer's body waits 40 ms for its head to be acknowledged (tcp(7)).
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening
