"""The paths of the server, and what each answers. A good answer is given when the events are durable."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from studio.engine.local import LocalEngine
from studio.errors import EventError, EventTooLarge, StudioError
from studio.events import adapters
from studio.events.segment_calls import NoCalls, RefusedCall, read_calls
from studio.events.trace_context import PARENT, mark, trace_of
from studio.language.incoming import Incoming
from studio.source.extras import need_extra
from studio.store.refused import Refusal
from studio.web.ingest import cloudevents
from studio.web.ingest.bodies import check_sender, read_json, read_text
from studio.web.ingest.durable_waits import DurableWaits
from studio.web.ingest.refused_request import RefusedRequest

if TYPE_CHECKING:
    from studio.engine.client import EngineClient, Stored
    from studio.source.event_door import EventDoor

_log = logging.getLogger("studio")

BODY = "body"
MOST_AT_ONCE = 1 << 18
"""Characters of a body that other requests may wait for; one with more is read in a thread."""
HEADERS = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}

Answer = Callable[[Request], Awaitable[Response]]


class Paths:
    """What the server does with a request.

    Args:
        client: gives who takes the events; None when no engine runs here.
        host: where the server listens.
        origins: the web pages that may send.
    """

    def __init__(self, client: Callable[[], EngineClient | None], host: str, origins: frozenset[str]) -> None:
        self._client = client
        self._host = host
        self._origins = origins
        self._waits = DurableWaits(self._running)
        post = ["POST"]
        self.app = Starlette(
            routes=[
                Route("/e/{key}", self._guarded(self._inngest), methods=post),
                Route("/v1/{call}", self._guarded(self._segment), methods=post),
                Route("/events", self._guarded(self._events), methods=post),
                Route("/healthz", self._guarded(self._healthz), methods=["GET"]),
                Route("/metrics", self._guarded(self._metrics), methods=["GET"]),
            ],
            middleware=[Middleware(_WithoutLastSlash)],
        )

    def _guarded(self, answer: Answer) -> Answer:
        """Check the sender, and say in JSON why something was not taken."""

        async def guarded(request: Request) -> Response:
            try:
                check_sender(request, self._host, self._origins)
                return await answer(request)
            except RefusedRequest as refused:
                return _said(refused.status, refused.reason, refused.headers)
            except EventTooLarge as error:
                return _said(413, str(error))
            except EventError as error:
                return _said(400, str(error))
            except StudioError as error:
                return _said(503, str(error))
            except ClientDisconnect:
                # Nobody is there to read it.
                return Response(status_code=400)
            except Exception:
                _log.exception("a request to %s failed", request.url.path)
                return _said(500, "The studio could not handle it; its log says why.")

        return guarded

    # -- the paths -------------------------------------------------------------------------

    async def _inngest(self, request: Request) -> Response:
        """As Inngest's dev server answers: its clients take no other status than 200."""
        stored = await self._take(request, await read_json(request), "inngest")
        return JSONResponse({"ids": _ids(stored), "status": 200}, headers=HEADERS)

    async def _segment(self, request: Request) -> Response:
        call = request.path_params["call"]
        if call != "batch" and call not in adapters.SEGMENT:
            raise RefusedRequest(
                404, f"There is no /v1/{call[:60]}, but batch, {', '.join(adapters.SEGMENT)}."
            )
        text = await read_text(request)
        check = door.check if (door := self._door()) is not None else None
        try:
            if len(text) > MOST_AT_ONCE:
                found = await asyncio.to_thread(read_calls, text, call, BODY, check)
            else:
                found = read_calls(text, call, BODY, check)
        except NoCalls as error:
            raise RefusedRequest(400, str(error)) from None
        client = self._running()
        # First: when the others cannot be stored all is sent again, and what was refused stands once.
        refused = await _keep_aside(client, found.refused)
        if refused and not found.events:
            status = 413 if all(call.too_large for call in found.refused) else 400
            return _said(status, found.refused[0].reason, refused=refused)
        await self._store(request, client, found.events)
        return JSONResponse({"success": True} | ({"refused": refused} if refused else {}), headers=HEADERS)

    async def _events(self, request: Request) -> Response:
        """CloudEvents in their three modes, and our own shape."""
        if cloudevents.in_headers(request):
            told = await cloudevents.read_headers(request)
            stored = await self._take(request, told, "cloudevents", "headers")
        elif cloudevents.content_type(request).startswith(cloudevents.ENVELOPE):
            stored = await self._take(request, await cloudevents.read_enveloped(request), "cloudevents")
        else:
            stored = await self._take(request, await read_json(request), None)
        return JSONResponse({"ids": _ids(stored), "status": 202}, 202, headers=HEADERS)

    # -- for those who watch over it ---------------------------------------------------------

    async def _healthz(self, request: Request) -> Response:
        """200 while events are taken; else 503 with the reason."""
        client = self._running()
        return JSONResponse(
            {"state": "running", "problems": len(client.problems), "status": 200}, headers=HEADERS
        )

    async def _metrics(self, request: Request) -> Response:
        try:
            need_extra("metrics")
        except StudioError as error:
            raise RefusedRequest(501, str(error)) from None
        from studio.web.ingest.metrics import exposition

        accept = request.headers.get("accept", "")
        body, content_type = await asyncio.to_thread(exposition, self._client(), accept)
        return Response(body, headers=HEADERS | {"Content-Type": content_type})

    # -- the engine ------------------------------------------------------------------------

    async def _take(
        self, request: Request, body: Any, shape: adapters.Shape | None, where: str = BODY
    ) -> list[Stored]:
        client = self._running()
        return await self._store(request, client, adapters.events(body, where, client.clock.now(), shape))

    async def _store(self, request: Request, client: EngineClient, events: list[Incoming]) -> list[Stored]:
        """Wait until events are durable, but for no engine that is paused."""
        if PARENT in request.headers:
            for event in events:
                mark(event, trace_of(request.headers))
        stored = await self._waits.until(client.send_many(events, by_hand=False))
        return [event for event in stored if event is not None]

    def _door(self) -> EventDoor | None:
        """Who looks at events first, where the engine runs in this process."""
        client = self._client()
        return client.engine.door if isinstance(client, LocalEngine) else None

    def _running(self) -> EngineClient:
        client = self._client()
        if client is None:
            raise RefusedRequest(503, "No engine runs here.")
        if (trouble := client.trouble()) is not None:
            raise RefusedRequest(
                503, f"The engine is {'stopped' if trouble.ended else 'paused'}: {trouble.why}"
            )
        return client


def _ids(events: list[Stored]) -> list[str]:
    """The sender's ids; of an event without one its place in the history."""
    return [event.id or str(event.seq) for event in events]


async def _keep_aside(client: EngineClient, calls: list[RefusedCall]) -> list[dict[str, Any]]:
    """Keep refused calls, durably; gives what their sender is told."""
    if not calls:
        return []
    refusals = [Refusal(call.body, call.reason, call.user, call.event) for call in calls]
    numbers = await client.keep_refused(refusals)
    return [
        {"index": call.index, "number": number, "error": call.reason}
        for call, number in zip(calls, numbers, strict=True)
    ]


def _said(
    status: int,
    reason: str,
    more: Mapping[str, str] | None = None,
    refused: list[dict[str, Any]] | None = None,
) -> Response:
    headers = HEADERS | ({"Retry-After": "1"} if status == 503 else {}) | dict(more or {})
    answer = {"error": reason, "status": status} | ({"refused": refused} if refused else {})
    return JSONResponse(answer, status, headers=headers)


class _WithoutLastSlash:
    """Takes a path with a slash behind it as the path: clients put a base address and a path together."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if len(path := scope.get("path", "")) > 1 and path.endswith("/"):
            scope = {**scope, "path": path.rstrip("/") or "/"}
        await self._app(scope, receive, send)
