"""Entries of the history as JSON, for scripts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from studio.text.printable import json_line

if TYPE_CHECKING:
    from studio.store.records import Entry


class JsonLines:
    """Entries as JSON, a line each."""

    kinds = None

    def take(self, entries: Iterable[Entry]) -> Iterator[str]:
        """Lines for the next entries."""
        for e in entries:
            yield json_line(e.as_json())

    def flush(self) -> Iterator[str]:
        """Nothing is kept back."""
        return iter(())
