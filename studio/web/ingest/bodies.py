"""Reading a request: whose it is, how large it may be, and the JSON in it."""

from __future__ import annotations

import codecs
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request

from studio.text import json_text as jsontext
from studio.web.ingest.packed import content_codings, unpack
from studio.web.ingest.refused_request import RefusedRequest, too_large
from studio.web.origins import LOCAL, is_local

MOST_BYTES = 8 << 20
"""A request's body, as it comes and unpacked."""
DRAINED_BYTES = 64 << 20
"""Of a body that is too large so much is read and dropped, so that its sender gets to the answer."""
MOST_HOSTS = 64
"""Clients name one or two; what others make up is not kept for long."""

_is_local = lru_cache(MOST_HOSTS)(is_local)


def check_sender(request: Request, host: str, origins: frozenset[str]) -> None:
    """Refuse what a web page of another site had the browser send.

    A page may have any address sent to, the user's own machine among them, and cannot help that the browser
    says in `Origin` which page it is (fetch.spec.whatwg.org, 3.2). One whose name was made to point here
    (DNS rebinding) gives itself away by `Host`.

    Args:
        host: where the server listens.
        origins: the pages that are ours.

    Raises:
        Refused: 403.
    """
    origin = request.headers.get("origin")
    if origin is not None and origin not in origins:
        raise RefusedRequest(403, f"The page {origin[:200]} may not send events here.")
    if not _is_local(host):
        # Under which names others know this machine cannot be known here.
        return
    given = request.headers.get("host", "")
    if not _names(given, host):
        raise RefusedRequest(403, f"This is {host}, and not {given[:200]!r}.")


@lru_cache(MOST_HOSTS)
def _names(given: str, host: str) -> bool:
    """Whether what a request gives as `Host` is this machine, or where the server listens."""
    try:
        name = urlsplit(f"//{given}").hostname or ""
    except ValueError:
        name = ""
    return name in (*(each.strip("[]") for each in LOCAL), host.lower())


async def read_text(request: Request) -> str:
    """The body as text, unpacked, without the mark that some put before UTF-8.

    Raises:
        Refused: it is too large, packed or not (413), packed in a way that is not known (415), or cannot be
            read (400).
    """
    codings = content_codings(request.headers.getlist("content-encoding"))
    body = unpack(await _read_body(request), codings, MOST_BYTES)
    try:
        return body.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError:
        raise RefusedRequest(400, "The body is not valid JSON: it is not UTF-8") from None


async def read_json(request: Request) -> Any:
    """The body as JSON.

    Raises:
        Refused: as of `read_text`; and it is not valid JSON (400).
    """
    return json_of(await read_text(request))


def json_of(text: str) -> Any:
    """A body's text as JSON.

    Raises:
        Refused: 400.
    """
    try:
        return jsontext.loads_event(text)
    except jsontext.KeyTwice as error:
        raise RefusedRequest(400, f"The body cannot be taken: {error}") from None
    except jsontext.NotJson as error:
        raise RefusedRequest(400, f"The body is not valid JSON: {error}") from None


async def _read_body(request: Request) -> bytes:
    told = request.headers.get("content-length", "")
    if told.isdecimal() and int(told) > DRAINED_BYTES:
        raise too_large(MOST_BYTES)
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
        raise too_large(MOST_BYTES)
    return b"".join(parts)
