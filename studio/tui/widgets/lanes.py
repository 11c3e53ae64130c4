"""The place of the lanes: a user's journeys over time, one row each."""

from __future__ import annotations

from textual.widget import Widget

from studio.store.records import Entry, WaitRow


class Lanes(Widget):
    """Journeys over time. Takes no room until it has lanes to show."""

    def clear(self) -> None:
        """Another user comes."""

    def show_history(self, entries: list[Entry], waits: list[WaitRow], now: int) -> None:
        """Take what is known of the user."""

    def tick(self, now: int) -> None:
        """Time has passed."""
