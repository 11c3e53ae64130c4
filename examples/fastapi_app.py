"""A FastAPI application with an engine inside: `python -m examples.fastapi_app`."""

from contextlib import asynccontextmanager
from typing import Annotated

import uvicorn
from fastapi import FastAPI, Form, HTTPException
from fastapi.responses import HTMLResponse

from examples.running import FORM, WORKFLOWS, mail_server, options, tell
from studio import Engine, StudioError
from studio.web.asgi import ingest_app


def application(engine: Engine) -> FastAPI:
    """The application. The engine starts and stops with it."""

    @asynccontextmanager
    async def lifespan(app: FastAPI):
        async with engine:
            yield

    app = FastAPI(lifespan=lifespan)

    @app.get("/", response_class=HTMLResponse)
    async def form() -> str:
        return FORM

    @app.post("/signup", response_class=HTMLResponse)
    async def sign_up(user: Annotated[str, Form()], email: Annotated[str, Form()]) -> str:
        try:
            # When this returns the event is durable. The id lets a second click count once.
            await engine.ingest("signup", user={"id": user, "email": email}, id=f"signup-{user}")
        except StudioError as error:
            raise HTTPException(400, str(error)) from None
        return "<p>Thank you. Look at your mail.</p>"

    # Other programs send events to /journeys/events; it has /journeys/healthz and /journeys/metrics, too.
    app.mount("/journeys", ingest_app(engine))
    return app


def main() -> None:
    given = options("A FastAPI application with an engine inside.")
    with mail_server(given.mail_port):
        tell(given.port, given.store)
        app = application(Engine(WORKFLOWS, store=given.store))
        uvicorn.run(app, host="127.0.0.1", port=given.port, log_level="warning")


if __name__ == "__main__":
    main()
