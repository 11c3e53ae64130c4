"""HTTP of one connection: httptools' parser in uvicorn, with a bound on what comes before a body.

httptools takes a third of h11's time for a small request. It has no bound of its own: a head without an end
would be kept as long as its sender goes on.
"""

from __future__ import annotations

from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_HEAD_BYTES = 64 << 10
"""Of a request line and its headers, as h11 has it in uvicorn."""


class BoundedHttpProtocol(HttpToolsProtocol):
    """A connection whose requests have heads of a bounded size."""

    _head_bytes = 0
    """What has come since the head began that is not whole yet."""

    def data_received(self, data: bytes) -> None:
        """Take what has come, unless the head has become too large."""
        if not self._in_body():
            self._head_bytes += len(data)
        super().data_received(data)
        if self._head_bytes > MOST_HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response("The request's head is too large.")

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._head_bytes = 0
        super().on_headers_complete()

    def _in_body(self) -> bool:
        # It is made with the first request, whatever its annotation says.
        cycle: Any = self.cycle
        return cycle is not None and cycle.more_body
