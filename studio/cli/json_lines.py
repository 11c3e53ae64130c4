"""Entries of the history as JSON, for scripts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from studio.cli.follower import EntryPage
from studio.store.json_rows import JsonRows

if TYPE_CHECKING:
    from studio.store.views import Views


class JsonLines:
    """Entries as JSON, a line each."""

    def __init__(self) -> None:
        self._rows = JsonRows()

    def read(self, views: Views, after: int, limit: int) -> EntryPage | None:
        """Lines for the next entries after a seq."""
        page = views.json_page(self._rows, after=after, limit=limit)
        return None if page is None else EntryPage(*page)

    def flush(self) -> Iterator[str]:
        """Nothing is kept back."""
        return iter(())
