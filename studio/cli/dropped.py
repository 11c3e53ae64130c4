"""What is said of events whose id was there already: each is dropped, and the first one counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.cli.output import complain
from studio.wording.values import counted

if TYPE_CHECKING:
    from studio.language.event import Event

MOST_NAMED = 10


class Dropped:
    """Names the first of them as they come, and counts the rest."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, event: Event) -> None:
        """One more."""
        self.count += 1
        if self.count <= MOST_NAMED:
            complain(
                f"dropped: the id {event.id} of {event.name} of {event.user} was received before", plain=True
            )

    def finish(self) -> None:
        """Say how many were not named."""
        if self.count > MOST_NAMED:
            more = counted(self.count - MOST_NAMED, "more event")
            complain(f"dropped: {more} whose ids were received before", plain=True)
