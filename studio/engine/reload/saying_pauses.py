"""What the history says of workflows that are paused, and what the store keeps of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from studio.engine.work.unit_of_work import StoreUnit
from studio.errors import JourneyError
from studio.language.kinds import Kind
from studio.store.read_entries import moment_of_entry
from studio.store.sqlite import Store
from studio.store.workflow_pauses import PREFIX, WorkflowPause, pauses_of
from studio.text import json_text as jsontext
from studio.text.fuzzy_match import closest


def say_pause(unit: StoreUnit, act: str, facts: dict[str, Any], now: int, loaded: Collection[str]) -> str:
    """Say that a workflow is paused, or is to go on; gives its name.

    Args:
        act: "pause" or "unpause".
        facts: "workflow", "by", and of "unpause" "skip_late", in ms, or None.
        loaded: names that are known though no journey has begun by them.

    Raises:
        JourneyError: there is no such workflow, or it stands so already.
    """
    match facts:
        case {"workflow": str(name)}:
            pass
        case _:
            raise JourneyError(f"{act!r} names no workflow")
    by, skip_late = facts.get("by"), facts.get("skip_late")
    if not isinstance(by, str | None) or not isinstance(skip_late, int | None):
        raise JourneyError(f"{act!r} lacks what it needs")
    before = pauses_of(unit.store.meta_under(PREFIX)).get(name)
    if act == "pause":
        _require_known(unit.store, name, loaded)
        if before is not None and before.state == "paused":
            raise JourneyError("it is paused already", where=name)
        seq = append_pause(unit, now, Kind.WORKFLOW_PAUSED, name, {"by": by})
        spans = (*(before.spans if before is not None else ()), (seq, None))
        after = WorkflowPause(name, "paused", now, by, spans)
    else:
        if before is None or before.state == "over":
            _require_known(unit.store, name, loaded)
            raise JourneyError("it is not paused", where=name)
        if before.state == "leaving":
            raise JourneyError("it goes on already, as soon as an engine runs", where=name)
        told = {"by": by, "skip_late": skip_late}
        seq = append_pause(unit, now, Kind.WORKFLOW_UNPAUSED, name, told)
        spans = (*before.spans[:-1], (before.spans[-1][0], seq))
        after = replace(before, state="leaving", spans=spans, ended_at=now, skip_late=skip_late)
    unit.changes.meta.append(after.row())
    return name


def append_pause(unit: StoreUnit, at: int, kind: int, name: str, facts: dict[str, Any]) -> int:
    """The entry that says so; gives its seq."""
    data = jsontext.dumps({key: value for key, value in facts.items() if value is not None})
    return unit.append(at, kind, None, None, unit.name_id(name), data=data)


def restate(unit: StoreUnit, pause: WorkflowPause, now: int) -> None:
    """Tell again what a cut has taken out of the history, so that it says how the workflow stands."""
    store = unit.store
    spans = [
        (first, last if last is not None and _is_there(store, last) else None)
        for first, last in pause.spans
        if _is_there(store, first)
    ]
    again = {"by": pause.by, "again": True}
    is_open = bool(spans) and spans[-1][1] is None
    cut = tuple(spans) != pause.spans
    if pause.state == "paused" and not is_open:
        spans.append((append_pause(unit, now, Kind.WORKFLOW_PAUSED, pause.name, again), None))
    elif pause.state == "leaving" and cut and not is_open:
        spans.append((append_pause(unit, now, Kind.WORKFLOW_PAUSED, pause.name, again), None))
        is_open = True
    if pause.state != "paused" and is_open:
        told = {"again": True, "skip_late": pause.skip_late}
        spans[-1] = (spans[-1][0], append_pause(unit, now, Kind.WORKFLOW_UNPAUSED, pause.name, told))
    if not spans:
        unit.changes.ended_meta.append((PREFIX + pause.name,))
    elif tuple(spans) != pause.spans:
        unit.changes.meta.append(replace(pause, spans=tuple(spans)).row())


def _is_there(store: Store, seq: int) -> bool:
    return moment_of_entry(store, seq) is not None


def _require_known(store: Store, name: str, loaded: Collection[str]) -> None:
    """Refuse a name that no workflow has, and none had here."""
    number = store.find_name(name)
    if name in loaded or (number is not None and store.meta(f"running/{number}") is not None):
        return
    ran = [store.name_text(int(number)) for number, _ in store.meta_under("running/")]
    near = closest(name, sorted({*loaded, *ran}))
    fix = f"There is {', '.join(near)}." if near else ""
    raise JourneyError(f"there is no workflow {name!r}", fix=fix)
