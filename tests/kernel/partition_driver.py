"""Users as partitions, each by itself, in virtual time; turns go over to whoever keeps all histories."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from queue import Queue

from studio.engine.effects import capture
from studio.engine.effects.steps import Steps
from studio.engine.work.drive_monitor import ThreadMonitor
from studio.errors import JourneyError, StudioError
from studio.kernel.partition import Partition
from studio.kernel.partition_dump import dump, load
from studio.kernel.partition_replay import replay
from studio.kernel.partition_turn import (
    ActCame,
    Came,
    DeadlinesCame,
    EventCame,
    Ran,
    StepEnded,
    journey_named,
    run_turn,
)
from studio.kernel.records import Launch, StepResult
from studio.kernel.triggers import Routes
from studio.kernel.turn import Turn
from studio.language.commands import Key
from studio.language.definition import Workflow
from studio.language.event import Event
from studio.language.incoming import Incoming

SMALL, EVERY = 500, 97
"""Up to so many entries a partition is packed after each turn; a larger one now and then."""
PATIENCE = 20.0
"""Seconds that a step may take."""


class PartitionDriver:
    """Carries out causes one by one, a turn each; steps take no time and hold the clock (DESIGN rule 16).

    Args:
        at: the moment at which time begins, milliseconds since 1970, UTC.
        keep: told of each turn.
        packed: after every turn a partition is made small, packed, and read from its bytes.
        twice: every turn is computed twice, and the first is thrown away.
        replayed: after every turn the partition is made anew of its turns alone, and must be the same.
    """

    def __init__(
        self,
        workflows: Iterable[Workflow],
        at: int,
        seed: str,
        salt: str,
        keep: Callable[[Turn], None],
        *,
        packed: bool = False,
        twice: bool = False,
        replayed: bool = False,
    ) -> None:
        self.workflows = {workflow.name: workflow for workflow in workflows}
        self.partitions: dict[str, Partition] = {}
        self.now = at
        self._seed, self._salt = seed, salt
        self._keep, self._packed, self._twice = keep, packed, twice
        self._replayed = replayed
        self._bases: dict[str, tuple[bytes, list[Turn]]] = {}
        self._routes = Routes(self.workflows)
        capture.install()
        self._watch = ThreadMonitor()
        capture.listen_to_drives(self._watch)
        self._calls = Steps(None, None)
        self._steps: deque[tuple[str, Launch]] = deque()
        self._running: dict[str, set[tuple[int, int, Key, int]]] = {}
        self._mail: deque[tuple[str, EventCame]] = deque()

    # -- what happens ----------------------------------------------------------------------

    def send(self, event: Incoming) -> None:
        """An event comes, at its own moment or now."""
        if event.at is not None:
            self._go(event.at - 1)
            self.now = max(self.now, event.at)
        self._carry_out(event.user, EventCame(event, self.now))

    def forward(self, by: int) -> None:
        """Time passes, deadlines at its end included."""
        self._go(self.now + by)

    def settle(self) -> None:
        """What is due now comes."""
        self._go(self.now)

    def act(self, name: str, id: str) -> None:
        """Something is done by hand to a journey."""
        user = next(user for user, partition in self.partitions.items() if _has(partition, id))
        (answer,) = self._carry_out(user, ActCame(name, id, self.now)).answers
        if isinstance(answer, StudioError):
            raise answer

    def close(self) -> None:
        """Nothing more is carried out."""
        self._calls.stop()
        capture.uninstall()

    # -- turns -----------------------------------------------------------------------------

    def _go(self, until: int) -> None:
        """Serve the deadlines up to a moment, each at its own."""
        while True:
            due = min(
                ((p.next_due, name) for name, p in self.partitions.items() if p.next_due is not None),
                default=None,
            )
            if due is None or due[0] > until:
                break
            self.now = max(self.now, due[0])
            self._carry_out(due[1], DeadlinesCame(due[0]))
        self.now = max(self.now, until)

    def _carry_out(self, user: str, came: Came) -> Ran:
        ran = self._turn(user, came)
        self._hand_over()
        while self._steps:
            name, launch = self._steps.popleft()
            result = self._attempt(launch)
            self._turn(name, StepEnded(result, self.now))
            self._running[name].discard(launch.which)
            self._hand_over()
        return ran

    def _hand_over(self) -> None:
        while self._mail:
            self._turn(*self._mail.popleft())

    def _turn(self, user: str, came: Came) -> Ran:
        partition = self.partitions.get(user)
        if partition is None:
            partition = self.partitions[user] = self._empty(user)
        running = self._running.setdefault(user, set())
        # Thousands of events are not packed a thousand times.
        now = partition.seq < SMALL or partition.seq % EVERY == 0
        if self._twice and now:
            draft = self._load(dump(partition))
            first = self._run(draft, came, running)
        ran = self._run(partition, came, running)
        if self._twice and now:
            assert first.turn == ran.turn
            assert dump(draft) == dump(partition)
        self._keep(ran.turn)
        self._mail += (
            (
                sent.user,
                EventCame(
                    _incoming(sent.user, sent.event), sent.event.at_ms, (user, sent.event.seq), sent.chain
                ),
            )
            for sent in ran.sent
        )
        for launch in ran.launches:
            running.add(launch.which)
            self._steps.append((user, launch))
        if self._replayed:
            self.partitions[user] = partition = self._replay(partition, ran.turn)
        if self._packed and now:
            partition.compact()
            self.partitions[user] = self._load(dump(partition))
        return ran

    def _run(self, partition: Partition, came: Came, running: set[tuple[int, int, Key, int]]) -> Ran:
        watch = self._watch
        return run_turn(
            partition, self._routes, [came], monitor=watch, live=watch.live, running=frozenset(running)
        )

    def _load(self, packed: bytes) -> Partition:
        return load(packed, self.workflows, self._seed, self._salt)

    def _replay(self, partition: Partition, turn: Turn) -> Partition:
        """Made of its bytes at some time and what came since; which must be what came of the turn."""
        base, turns = self._bases.setdefault(partition.name, (dump(self._empty(partition.name)), []))
        turns.append(turn)
        if partition.seq >= SMALL and partition.seq % EVERY:
            return partition
        delivered = partition.delivered
        again = replay(base, turns, delivered, self.workflows, self._seed, self._salt)
        assert dump(again) == dump(partition)
        if len(turns) % 7 == 0:
            partition.compact()
            self._bases[partition.name] = (dump(partition), [])
            return self._load(dump(partition))
        return again

    def _empty(self, user: str) -> Partition:
        return Partition(user, self.workflows, self._seed, self._salt)

    def _attempt(self, launch: Launch) -> StepResult:
        """Call a step's function, and wait for how it ends."""
        results = Queue[StepResult]()
        self._calls.run(launch, results.put)
        return results.get(timeout=PATIENCE)


def _incoming(user: str, event: Event) -> Incoming:
    return Incoming(event.name, user, event.text, event.id)


def _has(partition: Partition, id: str) -> bool:
    try:
        journey_named(partition, id)
    except JourneyError:
        return False
    return True
