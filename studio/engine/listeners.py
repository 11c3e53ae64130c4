"""Those who are told that something has changed."""

from __future__ import annotations

import logging
from collections.abc import Callable

_log = logging.getLogger("studio")


class Listeners:
    """Functions that are called, each on its own: what one raises is nobody else's."""

    def __init__(self) -> None:
        self._calls: list[Callable[[], None]] = []

    def add(self, call: Callable[[], None]) -> Callable[[], None]:
        """Have a function called; gives back what ends that."""
        self._calls.append(call)

        def end() -> None:
            if call in self._calls:
                self._calls.remove(call)

        return end

    def tell(self) -> None:
        """Call them all."""
        for call in list(self._calls):
            try:
                call()
            except Exception:
                # Whoever listens is a guest in the engine's thread, and may not end it.
                _log.exception("a function given to on_change failed")
