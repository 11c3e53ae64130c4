"""What waits to be taken into a batch, and who waits for it to be durable."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from studio.engine.cause import StepResult
from studio.engine.jump import Jump
from studio.event import Event
from studio.incoming import Incoming

if TYPE_CHECKING:
    from studio.engine.batch import Batch


class Delivery:
    """Events that were handed in together; the future is done when the last is durable."""

    __slots__ = ("events", "future", "left")

    def __init__(self, count: int) -> None:
        self.future: Future[list[Event]] = Future()
        self.events: list[Event | None] = [None] * count
        self.left = count

    def put(self, index: int, event: Event) -> None:
        """One of them is durable."""
        self.events[index] = event
        self.left -= 1
        if self.left == 0 and not self.future.done():
            self.future.set_result([event for event in self.events if event is not None])

    def fail(self, error: BaseException) -> None:
        """One of them could not be stored."""
        if not self.future.done():
            self.future.set_exception(error)


class Arrival:
    """One event on its way to be a cause."""

    __slots__ = ("by_hand", "delivery", "inbox", "incoming", "index")

    def __init__(
        self,
        incoming: Incoming,
        delivery: Delivery | None,
        index: int = 0,
        inbox: int | None = None,
        by_hand: bool = False,
    ) -> None:
        self.incoming = incoming
        self.delivery = delivery
        self.index = index
        self.inbox = inbox
        """The row of the inbox that it came in."""
        self.by_hand = by_hand
        """Sent by the operator: an act that can be undone."""


@dataclass(slots=True)
class Act:
    """Something that the operator asks for; a cause of its own."""

    run: Callable[[Batch, int], Any]
    """Takes the batch and the moment."""
    future: Future[Any] | None = None
    inbox: int | None = None
    """The row of the inbox that asks for it, and is answered."""


@dataclass(slots=True)
class Advance:
    """A virtual clock goes on to the moment at which this stands, each deadline at its own time."""

    future: Future[bool]
    move: bool = True
    """Leave the clock there, also when no deadline was left before it."""


@dataclass(slots=True)
class Alone:
    """Something that changes the store as a whole, between two batches."""

    run: Callable[[Alone], Any]
    """Called in the engine's thread, in no transaction; takes the item itself."""
    future: Future[Any] | None = None
    inbox: int | None = None
    """The row of the inbox that asks for it; taken and answered in the transaction that does it."""


Item = Arrival | Act | Advance | Jump | StepResult | Alone
Entry = tuple[int, Item]
"""The moment at which it counts (for an `Advance`: up to which time passes), and the item."""


def left(entries: Iterable[Entry]) -> list[Entry]:
    """Those of a turn's entries that go back to the queue: rows of the inbox stay there by themselves."""
    return [e for e in entries if getattr(e[1], "inbox", None) is None and not isinstance(e[1], Jump)]


def fail(item: Item, error: BaseException) -> None:
    """Tell whoever waits for it that it came to nothing."""
    if isinstance(item, Arrival):
        if item.delivery is not None:
            item.delivery.fail(error)
    elif (
        isinstance(item, Act | Advance | Jump | Alone) and item.future is not None and not item.future.done()
    ):
        item.future.set_exception(error)
