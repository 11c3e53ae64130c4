"""Which launched steps run, which wait for a yes, and which are answered from before a cut."""

from __future__ import annotations

import json
from typing import Any

from studio.engine.work.batch import Batch
from studio.errors import JourneyError
from studio.kernel.records import Launch, StepResult
from studio.kernel.state import WaitState
from studio.language.commands import Place
from studio.language.journey_ids import Parts, plain_id, plain_readings
from studio.store import approvals as stored
from studio.store.sqlite import Store
from studio.text import json_text as jsontext


class Approvals:
    """The runner's own view of what `store/approvals.py` keeps. Lives in the engine's thread."""

    def __init__(self) -> None:
        self.why: dict[str, Any] | None = None
        """Why new steps wait for a yes; None when they run."""
        self.held: set[int] = set()
        """step.started entries of those that wait."""
        self.released: set[int] = set()
        """Those that were given their yes in this batch."""
        self.lifted = False
        """All were, in this batch."""
        self._coming: set[int] = set()
        """Steps of this batch that will wait."""
        self._any_former = False
        self._known: dict[int, str] = {}

    def load(self, store: Store) -> None:
        """Read what the store keeps."""
        why = store.meta(stored.HOLD)
        self.why = json.loads(why) if why else None
        self.held = {int(seq) for seq, _ in store.meta_under(stored.HELD)}
        self._any_former = store.has_meta_under(stored.FORMER)
        self._known.clear()
        self.released.clear()
        self.lifted = False

    def begin(self) -> None:
        """A batch begins, or came to nothing: what was released in the last waits as before."""
        self.held |= self.released
        self.released.clear()
        self._coming.clear()
        self.lifted = False

    def release(self, batch: Batch, at: int, seq: int) -> None:
        """Let a step run that waits for a yes.

        Raises:
            JourneyError: none of this number waits, or its workflow is not loaded.
        """
        waits = batch.unit.running_steps(seq - 1, 1) if seq in self.held else []
        if not waits or waits[0].id != seq:
            raise JourneyError(f"no step {seq} waits for approval", fix="It may have ended: look again.")
        if waits[0].journey.workflow is None:
            raise JourneyError("its workflow is not loaded", where=f"step {seq}")
        self._relaunch(batch, at, waits[0])

    def release_all(self, batch: Batch, at: int) -> None:
        """Let all run that wait, and whatever comes from here on."""
        for seq in sorted(self.held):
            for wait in batch.unit.running_steps(seq - 1, 1):
                if wait.id == seq and wait.journey.workflow is not None:
                    self._relaunch(batch, at, wait)
        batch.unit.changes.ended_meta.append((stored.HOLD,))
        self.lifted = True

    def _relaunch(self, batch: Batch, at: int, wait: WaitState) -> None:
        self._free(batch, wait.id)
        batch.steps.relaunch.add(wait.id)
        batch.recover(wait, at)

    def _free(self, batch: Batch, start: int) -> None:
        self.released.add(start)
        self.held.discard(start)
        batch.unit.changes.ended_meta.append((f"{stored.HELD}{start}",))

    def prepare(self, batch: Batch) -> None:
        """Say before a batch is written which of its steps will wait."""
        changes = batch.unit.changes
        if self.held:
            changes.ended_meta += [
                (f"{stored.HELD}{id}",) for (id,) in changes.ended_waits if id in self.held
            ]
        holding = self.why is not None and not self.lifted
        if not batch.steps.launches or not (self._any_former or holding):
            return
        former = self._former_of(batch) if self._any_former else {}
        for launch in batch.steps.launches:
            data = former.get(launch.keys.own)
            if data is None and launch.keys.before in former and _alone(batch, launch):
                data = former[launch.keys.before]
            if data is not None:
                self._known[launch.start] = data
                if launch.start in self.held:
                    self._free(batch, launch.start)
            elif holding and launch.start not in self.released and batch.unit.waits[launch.start].open:
                changes.meta.append((f"{stored.HELD}{launch.start}", launch.info.name))
                self._coming.add(launch.start)

    @staticmethod
    def _former_of(batch: Batch) -> dict[str | None, str]:
        """What is kept from before a cut, by the keys that the launched steps have or had."""
        keys = {
            key for launch in batch.steps.launches for key in (launch.keys.own, launch.keys.before) if key
        }
        kept = batch.unit.store.meta_keyed([stored.FORMER + key for key in sorted(keys)])
        return {key.removeprefix(stored.FORMER): data for key, data in kept.items()}

    def committed(self, batch: Batch) -> None:
        """A batch is durable."""
        changes = batch.unit.changes
        if self.held:
            self.held -= {id for (id,) in changes.ended_waits}
        if self.lifted:
            self.why = None
        self.held |= self._coming
        self._coming.clear()
        self.released.clear()
        self.lifted = False

    def keeps(self, launch: Launch) -> bool:
        """Whether a step waits."""
        return launch.start in self.held or launch.start in self._coming

    def answer(self, launch: Launch) -> StepResult | None:
        """The former result of a step, when it was done before."""
        data = self._known.pop(launch.start, None)
        if data is None:
            return None
        facts = jsontext.loads(data)
        said = [(level, message, _place(text)) for level, message, text in facts.get("said", ())]
        return StepResult(launch, jsontext.dumps(facts.get("result")), said=said)

    def remember(self, batch: Batch, result: StepResult) -> None:
        """A step was done for a history that was cut off: its result answers it, should it come again."""
        if result.result is None:
            return
        said = [(level, text, f"{place[0]}:{place[1]}") for level, text, place in result.said]
        kept = stored.former(result.result, said)
        batch.unit.changes.meta += [(stored.FORMER + key, kept) for key in result.launch.keys.kept]
        self._any_former = True


def _alone(batch: Batch, launch: Launch) -> bool:
    """Whether what was kept from before ids were unambiguous can be of no other journey that is there."""
    unit = batch.unit
    journey = unit.journeys[launch.journey]
    assert journey.workflow is not None
    parts = Parts(journey.workflow.name, journey.user.name, journey.key, journey.n)
    return all(unit.journey_of(reading) in (None, journey) for reading in plain_readings(plain_id(*parts)))


def _place(text: str) -> Place:
    file, _, line = text.rpartition(":")
    return (file, int(line)) if line.isdecimal() else (text, 0)
