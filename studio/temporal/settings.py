"""Where Temporal is, and what all workers of a namespace must agree on."""

from __future__ import annotations

import re
from dataclasses import dataclass

from studio.errors import StudioError
from studio.source.project import temporal_project

ADDRESS = "localhost:7233"
NAMESPACE = "default"
QUEUE = "journeys"


@dataclass(frozen=True, slots=True)
class TemporalSettings:
    """How Temporal is reached."""

    address: str = ADDRESS
    """HOST:PORT."""
    namespace: str = NAMESPACE
    queue: str = QUEUE
    """The task queue of users' workflows; turns wait in the queue of this name with "-sink" behind it."""
    salt: str | None = None
    """What random, uuid and idempotency keys are made from; None: from the namespace's name."""
    tls_cert: str | None = None
    """File of the client's certificate."""
    tls_key: str | None = None
    """File of its key."""
    tls_ca: str | None = None
    """File of the certificates that the server's must be signed by."""
    api_key_env: str | None = None
    """Name of the environment variable that holds an API key."""

    @property
    def drawn_from(self) -> str:
        """The salt that counts."""
        return self.salt if self.salt is not None else f"journey-studio/{self.namespace}"


def options_for(settings: TemporalSettings) -> tuple[str, ...]:
    """What a command is told to do it there; what the project says, it takes by itself."""
    try:
        usual = settings_for(settings.address)
    except StudioError:
        # Its table makes no sense by now: all is named.
        usual = TemporalSettings()
    told = [f"--temporal={settings.address}"]
    if settings.namespace != usual.namespace:
        told.append(f"--namespace={settings.namespace}")
    if settings.queue != usual.queue:
        told.append(f"--queue={settings.queue}")
    return tuple(told)


def settings_for(
    address: str | None = None, namespace: str | None = None, queue: str | None = None
) -> TemporalSettings:
    """What is given, then `[tool.journey-studio.temporal]`, then what is usual.

    Raises:
        StudioError: the table holds what makes no sense, or the address is none.
    """
    found: dict[str, str] = temporal_project()
    given = {"address": address, "namespace": namespace, "queue": queue}
    found |= {name: value for name, value in given.items() if value is not None}
    settings = TemporalSettings(**found)
    if re.fullmatch(r"[^\s:/]+:\d{1,5}|\[[0-9a-fA-F:]+\]:\d{1,5}", settings.address) is None:
        raise StudioError(
            f"{settings.address!r} is not an address", where="--temporal", fix=f"Write HOST:PORT: {ADDRESS}."
        )
    return settings
