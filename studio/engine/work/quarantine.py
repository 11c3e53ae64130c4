"""After an unclean end: small batches, and the journey that is about to be driven is named beforehand.

What a workflow's function does may end the process (`os._exit`, a crash in a library, no memory left), and
would end every following start as well, since its cause is still there. So the first batches hold 1, 2, 4 …
causes: all before it is written, and at some start it comes first. In a batch of one the store names the
journey before it is driven, and forgets it when the drive has come back. Only deaths in between count, at the
same journey and position; after three of them it fails, as a step does that its process never outlives.
"""

from __future__ import annotations

import hashlib
import json
import weakref
from collections.abc import Callable

from studio.engine.work.batch import Batch
from studio.engine.work.commit_hooks import CommitHook
from studio.kernel.drive import Failed
from studio.kernel.ports import Part
from studio.kernel.state import JourneyState
from studio.store.damage import read_fields
from studio.store.read_entries import newest_entry
from studio.store.sqlite import Store

DRIVEN = "driven"
"""meta: the journey that is being driven in a batch of one, where it stands, and how often it was tried."""
SUSPECTS = "suspects"
"""meta: journeys in whose drives processes ended, and that did not come back since: position and tries."""
RECOVERING = "recovering"
"""meta: what was open at an unclean start is being gone through, which begins anew at each start."""
ENGINE = "engine"
"""meta: which process runs on the store; gone when it has ended in good order."""
MOST_DEATHS = 3
"""As often a process may end in the drive of one journey from one position."""


class DriveQuarantine(CommitHook):
    """How many causes an engine dares to put in one batch, after deaths. Lives in its thread.

    Args:
        most: causes in a batch when nothing is to be feared.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._sizes: dict[str, int] = {}
        """Causes in the next batch of each part; empty when the last end was a clean one."""
        self.is_named = False
        """The last process ended in the drive of a journey: the steps that ran meanwhile bear no blame."""
        self._suspects: dict[str, list[int]] = {}
        """Position and tries of journeys in whose drives processes ended."""
        self._batch: Callable[[], Batch | None] = _no_batch
        """The newest; none is kept alive behind its end by being named here."""
        self._driven = ""
        """The journey that is being driven."""

    def load(self, store: Store) -> None:
        """See how the last process on the store has ended, before this one says that it runs."""
        if store.meta(ENGINE) is None:
            # What a copy of a running store has of it says nothing here.
            if any(store.meta(key) is not None for key in (DRIVEN, SUSPECTS, RECOVERING)):
                store.write_meta({DRIVEN: None, SUSPECTS: None, RECOVERING: None})
            return
        self._sizes = dict.fromkeys(("serve", "move", "recover"), 1)
        what = "the journey in whose drive the last process ended"
        self._suspects = read_fields(store.meta(SUSPECTS), what)
        if fields := read_fields(store.meta(DRIVEN), what):
            self._suspects[fields["journey"]] = [fields["at"], fields["tries"]]
            store.write_meta({DRIVEN: None, SUSPECTS: json.dumps(self._suspects)})
            self.is_named = True
        if store.meta(RECOVERING) is not None:
            # It ended in the midst of that, and nothing of it was kept: one by one then.
            self._sizes["recover"] = 0

    @property
    def is_on(self) -> bool:
        """Whether any batch is to be small."""
        return bool(self._sizes)

    def size(self, part: Part, most: int | None = None) -> int:
        """Causes in the next batch."""
        size, most = self._sizes.get(part), self._most if most is None else most
        return most if size is None else min(max(size, 1), most)

    def begin(self, batch: Batch, part: Part) -> None:
        """A batch begins: whether it names what it drives."""
        batch.part, self._batch = part, weakref.ref(batch)
        if self._sizes.get(part, 2) < 2:
            batch.journeys.quarantine = self

    def before_commit(self, batch: Batch) -> None:
        """What is durable with it sets counts back."""
        if batch.journeys.quarantine is not None:
            changes = batch.unit.changes
            changes.ended_meta.append((DRIVEN,))
            if self._suspects:
                changes.meta.append((SUSPECTS, json.dumps(self._suspects)))

    def after_commit(self, batch: Batch) -> None:
        """A batch is durable: the next may be twice as large."""
        size = self._sizes.get(batch.part)
        if size is None or not batch.unit.changes.history:
            return
        if 2 * size >= self._most:
            del self._sizes[batch.part]
        else:
            # 0 stays: one by one until the end.
            self._sizes[batch.part] = 2 * size

    # -- a start ---------------------------------------------------------------------------

    def begin_recovery(self, store: Store) -> None:
        """What is open is gone through; remembered until that has come to its end."""
        if self.is_on:
            store.write_meta({RECOVERING: "1"})

    def end_recovery(self, store: Store) -> None:
        """It has come to its end."""
        if self.is_on:
            store.write_meta({RECOVERING: None})
        self._sizes.pop("recover", None)

    # -- around each drive -----------------------------------------------------------------

    def name(self, state: JourneyState) -> Failed | None:
        """Name a journey that is about to be driven; gives how it fails that killed the process too often."""
        batch = self._batch()
        assert batch is not None
        store = batch.unit.store
        # No text that could be somebody's name: a journey that begins has no number that lasts.
        id = hashlib.blake2b(f"{store.salt}/{batch.id_of(state)}".encode(), digest_size=12).hexdigest()
        at = 0 if state.new else newest_entry(store, state.id) or 0
        known, deaths = self._suspects.get(id, (at, 0))
        if known != at:
            deaths = 0
        if deaths >= MOST_DEATHS:
            return killed(deaths)
        self._driven = id
        store.write_meta({DRIVEN: json.dumps({"journey": id, "at": at, "tries": deaths + 1})})
        return None

    def came_back(self) -> None:
        """The drive is over, and the process is there."""
        batch = self._batch()
        assert batch is not None
        rows: dict[str, str | None] = {DRIVEN: None}
        if self._suspects.pop(self._driven, None) is not None:
            rows[SUSPECTS] = json.dumps(self._suspects)
        batch.unit.store.write_meta(rows)


def _no_batch() -> None:
    """None has begun."""


def killed(times: int) -> Failed:
    """How a journey fails in whose drive the process ended so often."""
    what = (
        f"killed the process: {times} times in a row it ended while this journey was driven from here "
        "(an exit, a crash in a library, no memory left, or a kill because a call did not come back). "
        "Put what may do that into await journey.step(name, function)"
    )
    return Failed("Killed", what, "", "", "")
