"""The paths of the door, and what each answers. A good answer is given when the events are durable."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from studio import adapters
from studio.errors import EventError, EventTooLarge, StudioError
from studio.event import Event
from studio.http.bodies import Refused, check_sender, read_json
from studio.incoming import Incoming

if TYPE_CHECKING:
    from studio.engine.engine import Engine

_log = logging.getLogger("studio")

BODY = "body"
LOOK_SECONDS = 0.25
"""How often a request that waits to be durable looks whether the engine still runs."""
HEADERS = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
CLOUD_EVENT = "application/cloudevents+json"
CLOUD_EVENTS = "application/cloudevents-batch+json"

Answer = Callable[[Request], Awaitable[Response]]


class Paths:
    """What the door does with a request.

    Args:
        engine: gives the engine that takes the events; None when none runs.
        host: where the door listens.
        origins: the web pages that may send.
    """

    def __init__(self, engine: Callable[[], Engine | None], host: str, origins: frozenset[str]) -> None:
        self._engine = engine
        self._host = host
        self._origins = origins
        post = ["POST"]
        self.app = Starlette(
            routes=[
                Route("/e/{key}", self._guarded(self._inngest), methods=post),
                Route("/v1/{call}", self._guarded(self._segment), methods=post),
                Route("/events", self._guarded(self._events), methods=post),
            ]
        )

    def _guarded(self, answer: Answer) -> Answer:
        """Check the sender, and say in JSON why something was not taken."""

        async def guarded(request: Request) -> Response:
            try:
                check_sender(request, self._host, self._origins)
                return await answer(request)
            except Refused as refused:
                return _said(refused.status, refused.reason)
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
        stored = await self._take(await read_json(request), "inngest")
        return JSONResponse({"ids": _ids(stored), "status": 200}, headers=HEADERS)

    async def _segment(self, request: Request) -> Response:
        call = request.path_params["call"]
        if call != "batch" and call not in adapters.SEGMENT:
            raise Refused(404, f"There is no /v1/{call[:60]}, but batch, {', '.join(adapters.SEGMENT)}.")
        body = await read_json(request)
        if not isinstance(body, dict):
            raise Refused(400, "The body is no object.")
        if call == "batch":
            if "batch" not in body:
                raise Refused(400, "body: the field batch is missing.")
        else:
            body.pop("batch", None)
            body["type"] = call
        await self._take(body, "segment")
        return JSONResponse({"success": True}, headers=HEADERS)

    async def _events(self, request: Request) -> Response:
        """CloudEvents in their three modes, and our own shape."""
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        body = await read_json(request)
        shape: adapters.Shape | None = None
        if kind in (CLOUD_EVENT, CLOUD_EVENTS):
            shape = "cloudevents"
            if isinstance(body, list) != (kind == CLOUD_EVENTS):
                raise Refused(
                    400, f"The body of {kind} is not {'a list' if isinstance(body, list) else 'an object'}."
                )
        elif "ce-specversion" in request.headers:
            shape = "cloudevents"
            fields = {
                name.removeprefix("ce-"): value
                for name, value in request.headers.items()
                if name.startswith("ce-")
            }
            body = {**fields, "data": body}
        stored = await self._take(body, shape)
        return JSONResponse({"ids": _ids(stored), "status": 202}, 202, headers=HEADERS)

    # -- the engine ------------------------------------------------------------------------

    async def _take(self, body: Any, shape: adapters.Shape | None) -> list[Event]:
        engine = self._running()
        return await self._store(engine, adapters.events(body, BODY, engine.clock.now(), shape))

    async def _store(self, engine: Engine, events: list[Incoming]) -> list[Event]:
        """Wait until events are durable, but for no engine that is paused."""
        waiting = asyncio.wrap_future(engine.submit(events))
        while not (await asyncio.wait((waiting,), timeout=LOOK_SECONDS))[0]:
            try:
                self._running()
            except Refused:
                # They may be stored yet, when it goes on; nobody waits for what comes of it.
                waiting.add_done_callback(lambda done: done.cancelled() or done.exception())
                raise
        return waiting.result()

    def _running(self) -> Engine:
        engine = self._engine()
        if engine is None:
            raise Refused(503, "No engine runs here.")
        status = engine.status()
        if status.state != "running":
            raise Refused(503, f"The engine is {status.state}: {status.problem or 'it ended'}")
        return engine


def _ids(events: list[Event]) -> list[str]:
    """The sender's ids; of an event without one its place in the history."""
    return [event.id or str(event.seq) for event in events]


def _said(status: int, reason: str) -> Response:
    headers = HEADERS | ({"Retry-After": "1"} if status == 503 else {})
    return JSONResponse({"error": reason, "status": status}, status, headers=headers)
