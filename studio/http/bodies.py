"""Reading a request: whose it is, how large it may be, and the JSON in it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request

from studio import jsontext
from studio.origins import LOCAL, is_local

MOST_BYTES = 8 << 20
"""A request's body."""
DRAINED_BYTES = 64 << 20
"""Of a body that is too large so much is read and dropped, so that its sender gets to the answer."""


class Refused(Exception):
    """A request that is not taken, with the status and the reason that its sender is told."""

    def __init__(self, status: int, reason: str) -> None:
        self.status = status
        self.reason = reason
        super().__init__(reason)


def check_sender(request: Request, host: str, origins: frozenset[str]) -> None:
    """Refuse what a web page of another site had the browser send.

    A page may have any address sent to, the user's own machine among them, and cannot help that the browser
    says in `Origin` which page it is (fetch.spec.whatwg.org, 3.2). One whose name was made to point here
    (DNS rebinding) gives itself away by `Host`.

    Args:
        host: where the door listens.
        origins: the pages that are ours.

    Raises:
        Refused: 403.
    """
    origin = request.headers.get("origin")
    if origin is not None and origin not in origins:
        raise Refused(403, f"The page {origin[:200]} may not send events here.")
    if not is_local(host):
        # Under which names others know this machine cannot be known here.
        return
    given = request.headers.get("host", "")
    try:
        name = urlsplit(f"//{given}").hostname or ""
    except ValueError:
        name = ""
    if name not in (*(each.strip("[]") for each in LOCAL), host.lower()):
        raise Refused(403, f"This is {host}, and not {given[:200]!r}.")


async def read_json(request: Request) -> Any:
    """The body as JSON.

    Raises:
        Refused: it is too large (413), packed (415) or no JSON (400).
    """
    if request.headers.get("content-encoding", "identity") != "identity":
        raise Refused(415, "A body is read as it is, without a Content-Encoding.")
    try:
        return jsontext.loads(await _read_body(request))
    except jsontext.NotJson as error:
        raise Refused(400, f"The body is no JSON: {error}") from None


async def _read_body(request: Request) -> bytes:
    told = request.headers.get("content-length", "")
    if told.isdecimal() and int(told) > DRAINED_BYTES:
        raise _too_large()
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size <= MOST_BYTES:
            parts.append(part)
        elif size > DRAINED_BYTES:
            break
        else:
            parts.clear()
    if size > MOST_BYTES:
        raise _too_large()
    return b"".join(parts)


def _too_large() -> Refused:
    return Refused(413, f"The body is more than {MOST_BYTES >> 20} MiB. Send fewer events at once.")
