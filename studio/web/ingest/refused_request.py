"""A request that is not taken."""

from __future__ import annotations

from collections.abc import Mapping


class RefusedRequest(Exception):
    """A request that is not taken, with the status and the reason that its sender is told."""

    def __init__(self, status: int, reason: str, headers: Mapping[str, str] | None = None) -> None:
        self.status = status
        self.reason = reason
        self.headers = dict(headers or {})
        super().__init__(reason)


def too_large(most_bytes: int) -> RefusedRequest:
    """A body that holds more than is read."""
    return RefusedRequest(413, f"The body is more than {most_bytes >> 20} MiB. Send fewer events at once.")
