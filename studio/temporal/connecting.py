"""A connection to Temporal, and what is said when there is none."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from time import monotonic

from temporalio.client import Client
from temporalio.service import RPCError, TLSConfig

from studio.errors import StudioError
from studio.temporal.settings import TemporalSettings

START_SECONDS = 20.0
"""A server that listens and is not ready to serve is waited for."""
STARTING = "not healthy yet"
"""What its front end answers until then."""


async def connect(settings: TemporalSettings) -> Client:
    """Connect.

    Raises:
        StudioError: nobody answers there, a file cannot be read, or the API key is not set.
    """
    api_key = None
    if settings.api_key_env is not None:
        api_key = os.environ.get(settings.api_key_env)
        if not api_key:
            raise StudioError(
                f"the environment variable {settings.api_key_env} is not set",
                where="[tool.journey-studio.temporal]",
                fix="It holds the API key of Temporal.",
            )
    tls = _tls(settings)
    end = monotonic() + START_SECONDS
    while True:
        try:
            return await Client.connect(
                settings.address,
                namespace=settings.namespace,
                api_key=api_key,
                tls=tls if tls is not None else api_key is not None,
            )
        except (RPCError, RuntimeError, OSError) as error:
            if STARTING not in str(error) or monotonic() > end:
                raise StudioError(
                    f"Temporal does not answer: {_short(error)}",
                    where=settings.address,
                    fix="Start it, or name its HOST:PORT. On this machine: temporal server start-dev.",
                ) from None
        await asyncio.sleep(0.1)


def _tls(settings: TemporalSettings) -> TLSConfig | None:
    files = (settings.tls_ca, settings.tls_cert, settings.tls_key)
    if files == (None, None, None):
        return None
    ca, cert, key = (None if file is None else _read(file) for file in files)
    return TLSConfig(server_root_ca_cert=ca, client_cert=cert, client_private_key=key)


def _read(file: str) -> bytes:
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise StudioError(f"the file cannot be read: {error.strerror}", where=file) from None


def _short(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:200].rstrip(".")
