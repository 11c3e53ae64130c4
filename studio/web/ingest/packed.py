"""Bodies that their senders have packed: what `Content-Encoding` names, undone (RFC 9110, 8.4).

A packed body costs its sender little and its reader much. So what comes out is counted while it comes, and
no more of it is made than a body may hold.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence

from studio.web.ingest.refused_request import RefusedRequest, too_large

GZIP = 16 + zlib.MAX_WBITS
ZLIB = zlib.MAX_WBITS
RAW = -zlib.MAX_WBITS

NOTHING = ("", "identity")
KNOWN = {"gzip": GZIP, "x-gzip": GZIP, "deflate": ZLIB}
ACCEPTED = "gzip, deflate"

MOST_CODINGS = 4
"""One after the other. Nobody packs more than twice."""
MOST_MEMBERS = 1_000
"""Of a gzip body: each may be empty, and each costs its reader a decoder."""
STEP_BYTES = 16 << 10
"""What is handed to a decoder at once; it copies what lies behind the end of a member."""


def content_codings(headers: Iterable[str]) -> list[str]:
    """What a body was packed with, in the order in which it was done.

    Args:
        headers: every `Content-Encoding` of the request.

    Raises:
        Refused: 415, and names those that are known.
    """
    names = [name.strip().lower() for header in headers for name in header.split(",")]
    codings = [name for name in names if name not in NOTHING]
    for name in codings:
        if name not in KNOWN:
            raise _unknown(f"The Content-Encoding {name[:40]!r} is not read")
    if len(codings) > MOST_CODINGS:
        raise _unknown(f"The body is packed {len(codings)} times, at most {MOST_CODINGS} are undone")
    return codings


def unpack(body: bytes, codings: Sequence[str], most_bytes: int) -> bytes:
    """A body as it was before it was packed.

    Args:
        codings: as of `content_codings`.
        most_bytes: how much may come out, at each of them.

    Raises:
        Refused: more comes out (413), or it is not what the header says, cut off, or not at its end where it
            ends (400).
    """
    for name in reversed(codings):
        try:
            body = _inflate(body, KNOWN[name], most_bytes)
        except zlib.error as error:
            # "deflate" is zlib's format by the standard, and the bare stream by many who send it.
            if name != "deflate":
                raise _broken(name, str(error)) from None
            try:
                body = _inflate(body, RAW, most_bytes)
            except zlib.error:
                raise _broken(name, str(error)) from None
    return body


def _inflate(body: bytes, form: int, most_bytes: int) -> bytes:
    """Undo one packing. Several gzip members are one body (RFC 1952, 2.2)."""
    parts: list[bytes] = []
    size = at = 0
    for _ in range(MOST_MEMBERS):
        member = zlib.decompressobj(form)
        while not member.eof:
            step = body[at : at + STEP_BYTES]
            if not step:
                raise zlib.error("it ends too early")
            at += len(step)
            parts.append(member.decompress(step, most_bytes + 1 - size))
            size += len(parts[-1])
            if size > most_bytes:
                raise too_large(most_bytes)
        at -= len(member.unused_data)
        if at == len(body):
            return b"".join(parts)
        if form != GZIP:
            raise zlib.error("something lies behind its end")
    raise zlib.error(f"it has more than {MOST_MEMBERS:,} parts")


def _broken(name: str, why: str) -> RefusedRequest:
    # zlib's own words follow a number: "Error -3 while decompressing data: incorrect data check".
    return RefusedRequest(
        400, f"The body is not what its Content-Encoding {name} says: {why.rpartition(': ')[2]}."
    )


def _unknown(what: str) -> RefusedRequest:
    return RefusedRequest(
        415, f"{what}. Send the body as it is, or as {ACCEPTED}.", headers={"Accept-Encoding": ACCEPTED}
    )
