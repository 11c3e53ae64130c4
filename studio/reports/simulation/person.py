"""One made-up user goes through workflows: by the rules, on a history in memory, in no time.

Deadlines and coming events of this user alone stand in one order; steps are stood in for where they are
called; what people do after a step or a message is drawn when it is done; events to other users are counted
and dropped.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from studio.kernel.partition import Partition
from studio.kernel.records import Launch, StepResult
from studio.kernel.sample_for_match import mend
from studio.kernel.transition import Transition
from studio.kernel.turn import Turn, turn_of
from studio.language.incoming import incoming
from studio.reports.one_user import OneUser, UserDrives
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
        seed: what all chances are drawn from, those of journeys included.
        until: when what is looked at ends, milliseconds since 1970, UTC.
        stand_in: gives the results of steps.
    """

    def __init__(
        self,
        name: str,
        number: int,
        profile: Profile,
        drives: UserDrives,
        *,
        seed: str,
        until: int,
        stand_in: StandIn,
    ) -> None:
        self.name = name
        self.unit = Partition(name, drives.workflows, seed, seed, drives.codes)
        self.dropped = 0
        """Events that its journeys sent to others."""
        self.is_cut = False
        """Too much happened to it: what came later is left out."""
        self._life = OneUser(self.unit, drives, self._note_launch)
        self._number = number
        self._profile = profile
        self._seed, self._until, self._stand_in = seed, until, stand_in
        self._drawn: Counter[tuple[str, str]] = Counter()
        self._steps: deque[Launch] = deque()

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
        self.is_cut = not self._life.go(self._until, MOST_CAUSES)
        self._life.close()
        self.dropped = len(unit.sent)
        return turn_of(unit)

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
                self._life.at(at + habit.delay.at(share), partial(self._send, habit.event, habit.data))

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

    # -- steps -----------------------------------------------------------------------------

    def _carry_out(self, cause: Callable[[Transition], Any], at: int) -> None:
        self._life.carry_out(cause, at)

    def _note_launch(self, launch: Launch, at: int) -> None:
        """A step takes no time (DESIGN rule 16); what it brings about is drawn when it is done."""
        self._steps.append(launch)
        if len(self._steps) > 1:
            # One is being ended: this one's turn comes behind it.
            return
        while self._steps:
            ended = self._steps[0]
            self._life.ended(StepResult(ended, jsontext.dumps(self._stand_in(ended.command.name))), at)
            self._draw(ended.command.name, at)
            self._steps.popleft()


def _filled(fields: Mapping[str, Any], user: str, number: int) -> dict[str, Any]:
    """The fields with the person's name and number in their texts."""
    return {
        name: value.replace("{user}", user).replace("{number}", str(number))
        if isinstance(value, str)
        else value
        for name, value in fields.items()
    }
