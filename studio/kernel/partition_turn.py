"""One turn of a partition: what came for the user is carried out, in order, by the rules (DESIGN rule 1).

What came is data; so a turn can be computed anywhere, and once more with the same result, as long as it is
computed on the same partition.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass, field
from operator import attrgetter
from typing import NamedTuple

from studio.errors import JourneyError, StudioError
from studio.kernel import operator_commands
from studio.kernel.go_over import move_journey
from studio.kernel.live_coroutines import LiveCoroutines
from studio.kernel.partition import OutgoingEvent, Partition
from studio.kernel.ports import DriveMonitor
from studio.kernel.records import Ask, Chain, Launch, StepResult
from studio.kernel.state import JourneyState
from studio.kernel.transition import Transition
from studio.kernel.triggers import Routes
from studio.kernel.turn import Turn, turn_of
from studio.language.commands import Key
from studio.language.event import Event
from studio.language.incoming import Incoming
from studio.language.journey_ids import Parts, meant, which_of
from studio.language.kinds import Status


class EventCame(NamedTuple):
    """An event, from outside or from a journey of another user."""

    incoming: Incoming
    at: int
    """Milliseconds since 1970, UTC."""
    origin: tuple[str, int] | None = None
    """Whose journey sent it, and the number of the entry in that user's history."""
    chain: Chain = Chain()
    """What it goes on with, when a journey sent it."""


class DeadlinesCame(NamedTuple):
    """Time has passed: all deadlines up to a moment are served, each at its own."""

    until: int
    now: int | None = None
    """When they are served, if later: their entries say how late."""


class StepEnded(NamedTuple):
    """An attempt of a step has ended."""

    result: StepResult
    at: int


class ActCame(NamedTuple):
    """The operator acts on a journey, or on one wait."""

    name: str
    """One of `ACTS`, or "time_out"."""
    target: str | int
    """The journey's id; of `time_out`, the number of the entry that opened the wait."""
    at: int


class CodeCame(NamedTuple):
    """Workflows whose waiting journeys go over to the code that is loaded now, before anything else."""

    workflows: Set[str]
    at: int


Came = EventCame | DeadlinesCame | StepEnded | ActCame

ACTS: dict[str, Callable[[Transition, JourneyState, int], object]] = {
    "cancel": operator_commands.cancel,
    "resume": operator_commands.resume,
    "restart": operator_commands.restart,
}


@dataclass(slots=True)
class Ran:
    """A turn that was computed."""

    turn: Turn
    launches: list[Launch]
    """Steps that are to run once the turn is kept."""
    sent: list[OutgoingEvent]
    """Events to others, to be handed over once the turn is kept."""
    answers: list[Event | StudioError | None] = field(default_factory=list)
    """What came of each that came: the event, an act's error, or nothing."""
    asks: list[Ask] = field(default_factory=list)
    """What is to be asked outside once the turn is kept, where that was wanted."""


def run_turn(
    partition: Partition,
    routes: Routes,
    came: Iterable[Came],
    *,
    monitor: DriveMonitor,
    live: LiveCoroutines,
    running: Set[tuple[int, int, Key, int]] = frozenset(),
    code: CodeCame | None = None,
    ask: bool = False,
) -> Ran:
    """Carry out on a partition what came for its user.

    Args:
        came: in order of time.
        code: which workflows have other code than the user's journeys wait by.
        ask: note what is to be asked outside (`check_event`).
        running: steps that were launched and have not been heard of.
    """
    partition.begin_turn()
    transition = Transition(partition, routes, monitor=monitor, live=live, running=running, ask=ask)
    answers: list[Event | StudioError | None] = []
    if code is not None:
        _go_over(partition, transition, code)
    for each in came:
        try:
            answers.append(_carry_out(partition, transition, each))
        except JourneyError as error:
            # An act that is refused has changed nothing.
            answers.append(error)
    transition.journeys.leave_all()
    chains = transition.journeys.chains
    sent = [each._replace(chain=chains[each.event.seq]) for each in partition.sent]
    return Ran(turn_of(partition), transition.steps.launches, sent, answers, transition.asks or [])


def _carry_out(partition: Partition, transition: Transition, came: Came) -> Event | None:
    if isinstance(came, EventCame):
        return _take_event(partition, transition, came)
    if isinstance(came, DeadlinesCame):
        _serve(partition, transition, came)
    elif isinstance(came, StepEnded):
        transition.step_result(came.result, max(came.at, partition.last_at))
    elif came.name == "time_out":
        assert isinstance(came.target, int)
        operator_commands.time_out(transition, came.target, max(came.at, partition.last_at))
    else:
        journey = journey_named(partition, str(came.target))
        ACTS[came.name](transition, journey, max(came.at, partition.last_at))
    return None


def _go_over(partition: Partition, transition: Transition, code: CodeCame) -> None:
    at = max(code.at, partition.last_at)
    for journey in list(partition.journeys):
        waits = journey.status == Status.WAITING and journey.workflow is not None
        if waits and partition.name_text(journey.workflow_id) in code.workflows:
            move_journey(transition, journey, None, at)
            transition.drain()


def _take_event(partition: Partition, transition: Transition, came: EventCame) -> Event | None:
    if came.origin is not None and partition.has_delivered(*came.origin):
        return None
    seq = partition.seq
    at = max(came.at, partition.last_at)
    chain = None
    # Where the user has come further meanwhile, time has moved.
    if came.origin is not None and at == came.at:
        # Turns of one moment add up, though each may be another worker's.
        fan_out = max(came.chain.fan_out, partition.sent_since(at))
        chain = came.chain._replace(fan_out=fan_out)
    event = transition.event(came.incoming, at, chain)
    if came.origin is not None:
        partition.note_origin(*came.origin, None if event.duplicate else seq)
    return event


def _serve(partition: Partition, transition: Transition, came: DeadlinesCame) -> None:
    now = came.until if came.now is None else came.now
    while due := partition.due_waits(came.until):
        wait = due[0]
        assert wait.due is not None
        transition.timer(wait, max(0, now - wait.due))


def journey_named(partition: Partition, id: str) -> JourneyState:
    """The journey of a text id.

    Raises:
        JourneyError: there is none, or there are several.
    """

    def of(parts: Parts) -> JourneyState | None:
        for journey in partition.journeys:
            workflow = partition.name_text(journey.workflow_id)
            if (workflow, journey.user.name, journey.key, journey.n) == tuple(parts):
                return journey
        return None

    found: list[JourneyState] = meant(id, of, attrgetter("escaped"))
    if not found:
        raise JourneyError("there is no such journey", where=id)
    if len(found) > 1:
        name = id.partition("/")[0]
        raise which_of(id, (Parts(name, j.user.name, j.key, j.n) for j in found))
    return found[0]
