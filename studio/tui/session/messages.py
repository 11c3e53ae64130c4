"""What the parts of the studio tell each other. Messages are facts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from studio.engine.reload.hot_reload import Reloaded
    from studio.language.definition import Workflow
    from studio.tui.session.drafts import Draft, Edited
    from studio.tui.session.marked import MarkedAct
    from studio.tui.session.open_stores import OpenStore
    from studio.tui.session.outcomes import Failure


class StoreChanged(Message):
    """Something was committed. A flood of these becomes one redraw."""

    def can_replace(self, message: Message) -> bool:
        """One that waits already says it all."""
        return isinstance(message, StoreChanged)


@dataclass
class StoreOpened(Message):
    """The engine runs, or the store of another one is open: the screens may ask and act."""


@dataclass
class ActOnMarked(Message):
    """Something is to be done to all marked rows of a list."""

    act: MarkedAct


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
    failure: Failure | None = None
    """A journey that failed by it."""


@dataclass
class EventRefused(Message):
    """An event was not taken; nothing of it was stored."""

    why: str


@dataclass
class FilesReloaded(Message):
    """Workflow files were read again."""

    reloaded: Reloaded


@dataclass
class WelcomeWanted(Message):
    """There is no workflow yet, and the first one is asked for."""


# -- to the application: what only the whole can do -------------------------------------------------------
# They are posted to `app`, not to the screen: what a key leads to is there before the next key is handled.


@dataclass
class OpenDesigner(Message):
    """The designer is wanted on a workflow: over the live screen, or where it is open already."""

    workflow: str | None
    """By its name; None for the first there is."""
    user: str | None = None
    """Whose way is lit."""
    say: str = ""
    """Said there."""


@dataclass
class OpenCharts(Message):
    """The charts are wanted on a workflow: over the screen that is seen."""

    workflow: str | None
    """By its name; None for the first there is."""


@dataclass
class OpenPreview(Message):
    """A workflow is to be tried."""

    workflow: Workflow
    source: str
    note: str
    """How the source stands, when it is not what the file holds."""


@dataclass
class OpenDataEditor(Message):
    """The data of an event is to be written where there is room for it."""

    draft: Draft
    take: Callable[[Edited | None], None]
    """Called with what was written."""


@dataclass
class OpenSentEvents(Message):
    """What was sent from here is to be looked through."""

    drafts: list[Draft]
    user: str
    """Of the form; empty for none."""
    take: Callable[[Draft | None], None]
    """Called with the one that is to stand in the form."""


@dataclass
class GoToUser(Message):
    """A user's timeline is wanted on the live screen, at this entry when one is given."""

    user: str
    seq: int | None = None


@dataclass
class OpenStoreFile(Message):
    """Another store is to be opened beside those that are open, and shown."""

    path: Path
    say: str
    """Said when it is shown."""


@dataclass
class ShowStore(Message):
    """A store that is open already is to be shown."""

    store: OpenStore


@dataclass
class StoreReplaced(Message):
    """What is in the store may be other than what is shown: all is to be asked anew."""


@dataclass
class StepPast(Message):
    """The time cursor is to go to the next cause of the past, or to the one before."""

    by: int
    """1 or -1."""


@dataclass
class LeavePast(Message):
    """The present is to be shown again."""


@dataclass
class ReopenStore(Message):
    """The store is to be closed and opened again: there are other workflow files now."""


@dataclass
class LookedAtAnother(Message):
    """Something else is looked at: what is seen now may need tenths of a second."""


@dataclass
class LetTimeOut(Message):
    """The time of a wait is to pass, for all."""

    user: str
    seq: int
    """Of the entry that opened it."""


@dataclass
class EndByHand(Message):
    """One wait is to end as its deadline would end it; the clock is not touched."""

    seq: int
    """Of the entry that opened it."""
