"""Who may type: the pages that this server itself has sent.

A browser lets any page open a websocket to any address, the user's own machine among them, and
says in `Origin` which page it is (RFC 6455, 10.2). What does not say so, or names another page,
is refused; so is a page whose name was made to point here (DNS rebinding).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

from studio.errors import StudioError

LOCAL = ("127.0.0.1", "localhost", "[::1]")
"""What a browser calls this machine."""
USUAL_PORTS = {"http": 80, "https": 443}


def own_origins(host: str, port: int, more: Iterable[str] = ()) -> frozenset[str]:
    """The origins that are ours: this machine's, that of the host, and those that were named."""
    names = {*LOCAL, f"[{host}]" if ":" in host else host.lower()}
    found = {f"http://{name}:{port}" for name in names}
    if port == USUAL_PORTS["http"]:
        found |= {f"http://{name}" for name in names}
    return frozenset(found | set(more))


def origin(text: str) -> str:
    """An origin as a browser writes it.

    Raises:
        StudioError: it is none.
    """
    parts = urlsplit(text)
    try:
        port = parts.port
    except ValueError:
        port = -1
    bare = parts.path in ("", "/") and not (parts.query or parts.fragment or parts.username)
    if parts.scheme not in USUAL_PORTS or not parts.hostname or port == -1 or not bare:
        raise StudioError(
            f"{text!r} is not an origin",
            where="--origin",
            fix="Write one such as https://studio.example.com.",
        )
    name = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    place = f"{parts.scheme}://{name}"
    return place if port in (None, USUAL_PORTS[parts.scheme]) else f"{place}:{port}"


def is_local(host: str) -> bool:
    """Whether only this machine reaches a server there."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
