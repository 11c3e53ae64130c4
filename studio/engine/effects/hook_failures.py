"""A hook that fails is told in the history of whom it concerns, and not only by the engine's status."""

from __future__ import annotations

from dataclasses import dataclass

from studio.engine.work.batch import Batch
from studio.kernel.drive import printable
from studio.kernel.journey_log import MAX_MESSAGE
from studio.language.kinds import Kind
from studio.store.read_entries import is_of_user
from studio.text import json_text as jsontext
from studio.text.source_code import describe


@dataclass(frozen=True, slots=True)
class HookFailure:
    """A call of `check_event` or `set_event` that failed."""

    hook: str
    user: str
    name: str
    """The event that was told, or the names that were asked for."""
    entry: int
    """seq of that event, or of the wait that was opened."""
    type: str
    message: str


def hook_failure(hook: str, user: str, name: str, entry: int, error: BaseException) -> HookFailure:
    """What is told of a call that raised."""
    return HookFailure(hook, user, name, entry, type(error).__name__, printable(describe(error), MAX_MESSAGE))


def write_failure(failure: HookFailure, batch: Batch, at: int) -> None:
    """Append it, unless a rewind has taken away meanwhile what it was about."""
    unit = batch.unit
    if not is_of_user(unit.store, failure.entry, failure.user):
        return
    wait = unit.wait_at(failure.entry) if failure.hook == "check_event" else None
    unit.append(
        at,
        Kind.HOOK_FAILED,
        unit.user(failure.user).id,
        None if wait is None else wait.journey,
        unit.name_id(failure.name),
        cause=failure.entry,
        data=jsontext.dumps({"hook": failure.hook, "type": failure.type, "message": failure.message}),
    )
