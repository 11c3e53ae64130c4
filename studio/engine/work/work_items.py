"""What waits to be taken into a batch, and who waits for it to be durable."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from studio.engine.work.futures import Answers, AnyFuture, answer, refuse
from studio.engine.work.jump import Jump
from studio.errors import StudioError
from studio.kernel.records import StepResult
from studio.language.event import Event
from studio.language.incoming import Incoming

if TYPE_CHECKING:
    from studio.engine.work.batch import Batch


class Acknowledgement:
    """Events that were handed in together; the future is done when the last is durable."""

    __slots__ = ("events", "future", "left", "patient")

    def __init__(
        self, count: int, patient: bool = False, future: AnyFuture[list[Event]] | None = None
    ) -> None:
        self.patient = patient
        """They wait while the store cannot be written; else whoever handed them in is told so."""
        self.future: AnyFuture[list[Event]] = Future() if future is None else future
        self.events: list[Event | None] = [None] * count
        self.left = count

    def put(self, index: int, event: Event, answers: Answers | None = None) -> None:
        """One of them is durable.

        Args:
            answers: takes the answer along, where it goes to an event loop.
        """
        self.events[index] = event
        self.left -= 1
        if self.left == 0:
            answer(self.future, [event for event in self.events if event is not None], answers)

    def fail(self, error: BaseException) -> None:
        """One of them could not be stored, and so none of those behind it."""
        stored = len(self.events) - self.left
        if stored and isinstance(error, StudioError):
            what = (
                f"{error.what}; of {len(self.events):,} events that were handed in together "
                f"the first {stored:,} are stored"
            )
            error = type(error)(what, where=error.where, fix=error.fix)
        refuse(self.future, error)


class QueuedEvent:
    """One event on its way to be a cause."""

    __slots__ = ("by_hand", "delivery", "inbox", "incoming", "index", "is_inner")

    def __init__(
        self,
        incoming: Incoming,
        delivery: Acknowledgement | None,
        index: int = 0,
        inbox: int | None = None,
        by_hand: bool = False,
        is_inner: bool = False,
    ) -> None:
        self.incoming = incoming
        self.delivery = delivery
        self.index = index
        self.inbox = inbox
        """The row of the inbox that it came in."""
        self.by_hand = by_hand
        """Sent by the operator: an act that can be undone."""
        self.is_inner = is_inner
        """Sent by a step or hook while time was moved, which may hold it."""


@dataclass(slots=True)
class OperatorCommand:
    """Something that the operator asks for; a cause of its own."""

    run: Callable[[Batch, int], Any]
    """Takes the batch and the moment."""
    future: Future[Any] | None = None
    inbox: int | None = None
    """The row of the inbox that asks for it, and is answered."""
    is_inner: bool = False
    """Asked for by a step or hook while time was moved, which may hold it."""
    take_back: Callable[[], None] | None = None
    """Called when it comes to nothing: a part of it took hold at once."""


@dataclass(slots=True)
class Advance:
    """A virtual clock goes on to the moment at which this stands, each deadline at its own time."""

    future: Future[bool]
    move: bool = True
    """Leave the clock there, also when no deadline was left before it."""


@dataclass(slots=True)
class ExclusiveOperation:
    """Something that changes the store as a whole, between two batches."""

    run: Callable[[ExclusiveOperation], Any]
    """Called in the engine's thread, in no transaction; takes the item itself."""
    future: Future[Any] | None = None
    inbox: int | None = None
    """The row of the inbox that asks for it; taken and answered in the transaction that does it."""
    is_inner: bool = False
    """Asked for by a step or hook while time was moved, which may hold it."""
    follow_up: Callable[..., None] | None = None
    """Takes the store and the monitor: what makes it take hold, where no rows were taken away."""


Item = QueuedEvent | OperatorCommand | Advance | Jump | StepResult | ExclusiveOperation
Entry = tuple[int, Item]
"""The moment at which it counts (for an `Advance`: up to which time passes), and the item."""


def left(entries: Iterable[Entry]) -> list[Entry]:
    """Those of a turn's entries that go back to the queue: rows of the inbox stay there by themselves."""
    return [e for e in entries if getattr(e[1], "inbox", None) is None and not isinstance(e[1], Jump)]


def is_kept(item: Item) -> bool:
    """Whether it is taken again when a batch came to nothing: nobody could hand it in once more."""
    if isinstance(item, QueuedEvent):
        return item.inbox is None and (item.delivery is None or item.delivery.patient)
    return isinstance(item, StepResult) or (
        isinstance(item, OperatorCommand) and item.future is None and item.inbox is None
    )


def fail(item: Item, error: BaseException) -> None:
    """Tell whoever waits for it that it came to nothing."""
    if isinstance(item, OperatorCommand) and item.take_back is not None:
        item.take_back()
    if isinstance(item, QueuedEvent):
        if item.delivery is not None:
            item.delivery.fail(error)
    elif isinstance(item, OperatorCommand | Advance | Jump | ExclusiveOperation) and item.future is not None:
        refuse(item.future, error)
