"""What a message came to, as a workflow sees it."""

from __future__ import annotations

from typing import Any


class MessageResult:
    """Whether a message was handed over. True when it was; `.result` is what its function gave."""

    __slots__ = ("reason", "result")

    def __init__(self, result: Any = None, reason: str | None = None) -> None:
        self.result = result
        self.reason = reason
        """Why it was not; None when it was."""

    def __bool__(self) -> bool:
        return self.reason is None

    def __repr__(self) -> str:
        return f"<MessageResult {self.result!r}>" if self else f"<MessageResult not: {self.reason}>"
