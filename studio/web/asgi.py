"""Events by HTTP inside of an application: an ASGI application to be mounted into one's own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from studio.engine.local import LocalEngine
from studio.source.extras import need_extra
from studio.web.origins import origin

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from studio.engine.engine import Engine


def ingest_app(engine: Engine, *, origins: Iterable[str] = ()) -> ASGIApp:
    """The paths of `--http` for an engine of this process: `app.mount("/journeys", ingest_app(engine))`.

    It takes events at `/events`, `/e/<key>` and `/v1/<call>`, and answers `/healthz` and `/metrics`, each
    below the place where it is mounted. It neither starts nor stops the engine: while that does not run, all
    but `/metrics` answer 503. Who may send is for the application to say; only pages of other sites are
    refused by themselves.

    Args:
        origins: web pages that may send events, as browsers name them: "https://shop.example.com".

    Raises:
        StudioError: Starlette is not installed, or an origin is none.
    """
    need_extra("http")
    from studio.web.ingest.app import Paths

    client = LocalEngine(engine)
    return Paths(lambda: client, "", frozenset(map(origin, origins))).app
