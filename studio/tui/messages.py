"""What the parts of the studio tell each other. Messages are facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from textual.message import Message

if TYPE_CHECKING:
    from studio.engine.reload import Reloaded


class StoreChanged(Message):
    """Something was committed. A flood of these becomes one redraw."""

    def can_replace(self, message: Message) -> bool:
        """One that waits already says it all."""
        return isinstance(message, StoreChanged)


@dataclass
class DeskOpened(Message):
    """The engine runs, or the store of another one is open: the screens may ask and act."""


@dataclass
class ReadFailed(Message):
    """A question could not be answered."""

    why: str


@dataclass
class UserChosen(Message):
    """A user is the one that all panes follow from now on."""

    user: str
    seq: int | None = None
    """The entry of the user's history at which to look."""


@dataclass
class EventProposed(Message):
    """A row offers the event that would answer it: Inject shows it, ready to send."""

    event: str
    user: str
    data: Mapping[str, Any]
    whom: str
    """Said beside it: "answers user1"."""


@dataclass
class EventSent(Message):
    """An event was taken."""

    event: str
    user: str
    outcome: str
    """ "sent · started onboarding · 1.8 ms"."""
    seq: int | None = None
    """Its place in the history, of a single event, where that is known."""
    woke: bool = True
    """False when nothing came of it."""


@dataclass
class EventRefused(Message):
    """An event was not taken; nothing of it was stored."""

    why: str


@dataclass
class FilesReloaded(Message):
    """Workflow files were read again."""

    told: Reloaded


@dataclass
class WelcomeWanted(Message):
    """There is no workflow yet, and the first one is asked for."""
