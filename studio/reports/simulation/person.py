"""One made-up user goes through workflows: by the rules, on a history in memory, in no time.

Deadlines and coming events of this user alone stand in one order; steps are stood in for where they are
called; what people do after a step or a message is drawn when it is done; events to other users are counted
and dropped.
"""

from __future__ import annotations

import heapq
import itertools
from collections import Counter, deque
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from studio.kernel.live_coroutines import LiveCoroutines
from studio.kernel.partition import Partition
from studio.kernel.ports import DriveMonitor
from studio.kernel.records import Launch, StepResult
from studio.kernel.sample_for_match import mend
from studio.kernel.transition import Transition
from studio.kernel.triggers import Routes
from studio.kernel.turn import Turn, turn_of
from studio.language.commands import Key
from studio.language.definition import Workflow
from studio.language.incoming import incoming
from studio.reports.simulation.chance import uniform
from studio.reports.simulation.profile import ENTRY, Profile
from studio.text import json_text as jsontext

MOST_CAUSES = 2_000
"""Of one user. A journey that reminds for ever would keep all others from their turn."""

StandIn = Callable[[str], Any]
"""Gives the result of a step, by its name."""


class Person:
    """A made-up user.

    Args:
        codes: the hash of each workflow's source, by name.
        seed: what all chances are drawn from, those of journeys included.
        until: when what is looked at ends, milliseconds since 1970, UTC.
        stand_in: gives the results of steps.
    """

    def __init__(
        self,
        name: str,
        number: int,
        profile: Profile,
        workflows: Mapping[str, Workflow],
        codes: Mapping[str, str],
        routes: Routes,
        monitor: DriveMonitor,
        live: LiveCoroutines,
        *,
        seed: str,
        until: int,
        stand_in: StandIn,
    ) -> None:
        self.name = name
        self.unit = Partition(name, workflows, seed, seed, codes)
        self.dropped = 0
        """Events that its journeys sent to others."""
        self.is_cut = False
        """Too much happened to it: what came later is left out."""
        self._number = number
        self._profile = profile
        self._routes, self._monitor, self._live = routes, monitor, live
        self._seed, self._until, self._stand_in = seed, until, stand_in
        self._coming: list[tuple[int, int, str, Mapping[str, Any]]] = []
        self._order = itertools.count()
        self._drawn: Counter[tuple[str, str]] = Counter()
        self._running: set[tuple[int, int, Key, int]] = set()
        self._launched: deque[Launch] = deque()
        self._causes = 0

    def live_through(self, at: int) -> Turn:
        """Come at a moment, and go through all that follows.

        Returns:
            The whole history, or as much as `MOST_CAUSES` made of it.
        """
        unit = self.unit
        unit.begin_turn()
        data = _filled(self._profile.data, self.name, self._number)
        user = {"id": self.name, **_filled(self._profile.user, self.name, self._number)}
        first = incoming(self._profile.event, user, data)
        self._draw(ENTRY, at)
        self._carry_out(lambda transition: transition.event(first, at), at)
        while (next_at := self._next()) is not None and next_at <= self._until:
            if self._causes >= MOST_CAUSES:
                self.is_cut = True
                break
            coming = self._coming
            # Events before timers (DESIGN rule 2).
            if coming and coming[0][0] == next_at:
                _, _, event, fields = heapq.heappop(coming)
                self._send(event, fields, next_at)
            else:
                wait = unit.due_waits(next_at)[0]
                self._carry_out(partial(_serve, wait), next_at)
        self.dropped = len(unit.sent)
        return turn_of(unit)

    def _next(self) -> int | None:
        due = self.unit.next_due
        if not self._coming:
            return due
        coming = self._coming[0][0]
        return coming if due is None else min(coming, due)

    # -- what it does ----------------------------------------------------------------------

    def _draw(self, after: str, at: int) -> None:
        """Decide what this person does after something, now that it has happened."""
        for habit in self._profile.habits:
            if habit.after != after:
                continue
            slot = (habit.event, after)
            occurrence = self._drawn[slot]
            self._drawn[slot] += 1
            if uniform(self._seed, self.name, habit.event, occurrence, after, "chance") < habit.chance:
                share = uniform(self._seed, self.name, habit.event, occurrence, after, "delay")
                coming = (at + habit.delay.at(share), next(self._order), habit.event, habit.data)
                heapq.heappush(self._coming, coming)

    def _send(self, event: str, fields: Mapping[str, Any], at: int) -> None:
        data = self._answering(event, _filled(fields, self.name, self._number))
        came = incoming(event, self.name, data)
        self._carry_out(lambda transition: transition.event(came, at), at)

    def _answering(self, event: str, data: dict[str, Any]) -> dict[str, Any]:
        """Data as an open wait asks for it, where one waits for such an event."""
        for wait in self.unit.waits_for(self.unit.me, self.unit.name_id(event)):
            if (match := wait.spec.get("match")) is not None:
                return mend(match, data)
        return data

    # -- causes ----------------------------------------------------------------------------

    def _carry_out(self, cause: Callable[[Transition], Any], at: int) -> None:
        """Carry out a cause; steps take no time (DESIGN rule 16)."""
        self._one(cause)
        while self._launched:
            launch = self._launched.popleft()
            result = StepResult(launch, jsontext.dumps(self._stand_in(launch.command.name)))
            self._one(lambda transition: transition.step_result(result, at))  # noqa: B023  called at once
            self._running.discard(launch.which)
            self._draw(launch.command.name, at)

    def _one(self, cause: Callable[[Transition], Any]) -> None:
        self._causes += 1
        transition = Transition(
            self.unit, self._routes, monitor=self._monitor, live=self._live, running=self._running
        )
        cause(transition)
        transition.journeys.leave_all()
        for launch in transition.steps.launches:
            self._running.add(launch.which)
            self._launched.append(launch)


def _serve(wait: Any, transition: Transition) -> None:
    transition.timer(wait, 0)


def _filled(fields: Mapping[str, Any], user: str, number: int) -> dict[str, Any]:
    """The fields with the person's name and number in their texts."""
    return {
        name: value.replace("{user}", user).replace("{number}", str(number))
        if isinstance(value, str)
        else value
        for name, value in fields.items()
    }
