"""A bench on which batches are tried: on a real store, with no engine, no thread and no clock around them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from studio import incoming
from studio.engine.work.batch import Batch
from studio.engine.work.unit_of_work import StoreUnit
from studio.kernel.dry_run import Difference
from studio.kernel.go_over import move_journey
from studio.kernel.records import Launch, StepResult
from studio.kernel.state import JourneyState, WaitState
from studio.kernel.triggers import Routes
from studio.language.definition import Workflow
from studio.language.kinds import KIND_TEXT, Kind
from studio.store.changes import Row
from studio.store.sqlite import Store
from studio.text import json_text as jsontext

Told = tuple[str, int, int | None, int | None, Any]
"""Kind, moment, seq of the cause, how late, data."""


class Bench:
    """One batch after another on one store."""

    def __init__(self, path: Path, *workflows: Workflow) -> None:
        self.store = Store(path)
        self.workflows = {each.name: each for each in workflows}
        self._launches: list[Launch] = []
        self._ended: set[int] = set()
        """Starts of steps that have ended."""
        self.batch = self._next()
        self._seen = 0

    def _next(self) -> Batch:
        unit = StoreUnit(self.store, self.workflows, {})
        return Batch(unit, Routes(self.workflows))

    def write(self) -> None:
        """Make the batch durable, and begin the next."""
        self.batch.journeys.leave_all()
        self.batch.unit.commit()
        self._launches += self.batch.steps.launches
        self.batch, self._seen = self._next(), 0

    def table(self, name: str, order: str) -> list[Row]:
        """All rows of a table."""
        return self.store.rows(f"SELECT * FROM {name} ORDER BY {order}")

    def event(self, name: str, at: int = 0, user: str = "ada", **data: Any) -> list[Told]:
        """An event comes from outside; gives what it led to, itself left out."""
        own = _told(
            self.batch.unit.changes.history[
                self.batch.event(incoming(name, user, data), at).seq - self.store.next_seq
            ]
        )
        told = self.told()
        told.remove(own)
        return told

    def timer(self, late: int = 0) -> list[Told]:
        """The nearest deadline comes."""
        self.batch.unit.due_waits(until=2**60, limit=1_000)
        waits = [wait for wait in self.waits() if wait.due is not None]
        self.batch.timer(min(waits, key=lambda wait: (wait.due, wait.id)), late)
        return self.told()

    def waits(self) -> list[WaitState]:
        """The open waits that this batch knows."""
        return [wait for wait in self.batch.unit.waits.values() if wait.open]

    def result(self, at: int, **result: Any) -> list[Told]:
        """The newest step that runs ends."""
        launch = next(each for each in reversed(self.launches) if each.start not in self._ended)
        self._ended.add(launch.start)
        assert self.batch.step_result(StepResult(launch, **result), at)
        return self.told()

    @property
    def launches(self) -> list[Launch]:
        """The steps that were to run so far."""
        return [*self._launches, *self.batch.steps.launches]

    def recover(self, at: int) -> list[Told]:
        """The step that runs was started by a process that is gone."""
        for journey in self.journeys():
            for wait in [*journey.opened.values()]:
                if wait.kind == Kind.STEP_STARTED:
                    self.batch.recover(wait, at)
        return self.told()

    def journeys(self) -> list[JourneyState]:
        """All journeys, with their passes."""
        unit = self.batch.unit
        for (id,) in self.store.rows("SELECT id FROM journeys ORDER BY id"):
            unit.journey_by_id(id)
        found = [*unit.journeys.values()]
        unit.load_passes(found)
        return found

    def swap(self, *workflows: Workflow) -> None:
        """Make the batch durable, and go on with other code."""
        self.workflows.update({each.name: each for each in workflows})
        self.write()

    def move(self, at: int, user: str = "ada") -> tuple[Difference, list[Told]]:
        """Let the journey of a user go over to the code that runs now."""
        (state,) = (each for each in self.journeys() if each.user.name == user)
        found = move_journey(self.batch, state, loaded=1, at=at)
        self.batch.drain()
        return found, self.told()

    def told(self) -> list[Told]:
        """What was added since it was last asked."""
        rows: list[Row] = self.batch.unit.changes.history
        rows, self._seen = rows[self._seen :], len(rows)
        return [_told(row) for row in rows]

    def seq(self, kind: str) -> int:
        """The newest entry of a kind."""
        return int(
            next(row[0] for row in reversed(self.batch.unit.changes.history) if KIND_TEXT[row[2]] == kind)
        )


def _told(row: Row) -> Told:
    data = row[13] if row[13] is None or KIND_TEXT[row[2]].startswith("log") else jsontext.loads(row[13])
    return KIND_TEXT[row[2]], row[1], row[9], row[11], data
