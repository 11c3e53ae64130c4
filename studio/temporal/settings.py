"""Where Temporal is, and what all workers of a namespace must agree on."""

from __future__ import annotations

from dataclasses import dataclass

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
