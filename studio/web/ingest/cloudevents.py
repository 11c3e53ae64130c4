"""A CloudEvent as a request carries it: in one piece, in a list, or its fields in headers.

Source: github.com/cloudevents/spec, bindings/http-protocol-binding.md (1.0.2).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote_to_bytes

from starlette.requests import Request

from studio.events.adapters import is_json
from studio.web.ingest.bodies import json_of, read_json, read_text
from studio.web.ingest.refused_request import RefusedRequest

ONE = "application/cloudevents+json"
SEVERAL = "application/cloudevents-batch+json"
ENVELOPE = "application/cloudevents"
"""How the types of all bodies begin that hold whole events."""

PREFIX = "ce-"
TOLD_BY = frozenset({"ce-specversion", "ce-type", "ce-source", "ce-id"})
"""A request with one of these has its fields in headers."""

_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def content_type(request: Request) -> str:
    """What the body is said to be, without parameters, in small letters; empty when nothing is said."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def in_headers(request: Request) -> bool:
    """Whether a request has the fields of one event in its headers, and the data in its body."""
    return not content_type(request).startswith(ENVELOPE) and not TOLD_BY.isdisjoint(request.headers.keys())


async def read_enveloped(request: Request) -> Any:
    """The events of a body that holds them whole.

    Raises:
        Refused: as of `read_json`; and it is not what its type says (400), or of one that is not read (415).
    """
    kind = content_type(request)
    if kind not in (ONE, SEVERAL):
        raise RefusedRequest(415, f"The body is {kind[:60]}, and {ONE} and {SEVERAL} are read.")
    body = await read_json(request)
    if isinstance(body, list) != (kind == SEVERAL):
        raise RefusedRequest(
            400, f"The body of {kind} is not {'a list' if isinstance(body, list) else 'an object'}."
        )
    return body


async def read_headers(request: Request) -> dict[str, Any]:
    """The event whose fields are in headers, as if it had come in one piece. It need not have data.

    Raises:
        Refused: as of `read_text`; a header comes twice or is no text (400), or the data is no JSON (400 or,
            where its type says so, 415).
    """
    fields: dict[str, Any] = header_fields(request.headers.raw)
    text = await read_text(request)
    if not text.strip():
        return fields
    kind = request.headers.get("content-type", "")
    if kind and not is_json(kind):
        raise RefusedRequest(
            415,
            f"The data of the event is {kind[:60]}, and JSON is read."
            " Where it is JSON, say Content-Type: application/json.",
        )
    return {**fields, "data": json_of(text)}


def header_fields(headers: Sequence[tuple[bytes, bytes]]) -> dict[str, str]:
    """The fields that stand in headers, decoded.

    Raises:
        Refused: one comes twice, or is no text.
    """
    fields: dict[str, str] = {}
    for raw_name, raw in headers:
        name = raw_name.decode("latin-1").lower()
        if not name.startswith(PREFIX):
            continue
        if name.removeprefix(PREFIX) in fields:
            raise RefusedRequest(400, f"The header {name[:60]} comes twice.")
        try:
            fields[name.removeprefix(PREFIX)] = header_value(raw)
        except UnicodeDecodeError:
            raise RefusedRequest(
                400, f"The header {name[:60]} is not UTF-8 where it is percent-encoded."
            ) from None
    return fields


def header_value(raw: bytes) -> str:
    """What a header says: quotes are taken away, then `%C3%AB` is read, once (3.1.3.2).

    Senders that do not know of it write letters beyond ASCII as they are, in UTF-8 or, as headers were
    once defined, in Latin-1.

    Raises:
        UnicodeDecodeError: what is percent-encoded is no UTF-8.
    """
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    if quoted := _QUOTED.fullmatch(text.strip()):
        text = _ESCAPED.sub(r"\1", quoted[1])
    # A per cent sign before anything but two digits stands for itself.
    return unquote_to_bytes(text).decode()
