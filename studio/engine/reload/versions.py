"""Which version of each workflow runs on a store, and which ran here before.

Sources are kept by content hash in `codes`; the user's own modules that a file imports in
`meta`, each text once: "modules/ID" names them, "module/HASH" holds them (`stored_code.py` makes
workflows of them again). "running/WORKFLOW" says by which version those who wait were driven
last, up to which entry.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from studio.engine.work.batch import Batch
from studio.language.definition import Workflow
from studio.language.kinds import Kind
from studio.store.codes import versions
from studio.store.read_entries import moment_of_entry
from studio.store.sqlite import Store
from studio.text import json_text as jsontext


@dataclass(frozen=True, slots=True)
class Change:
    """A workflow whose code is another than those who wait were driven by last."""

    name: str
    workflow: int
    """names.id."""
    hash: str
    loaded: int
    """seq of the entry that says so."""


@dataclass(frozen=True, slots=True)
class _Running:
    hash: str
    seq: int | None
    """The newest entry that the version made of those who waited; it may have been cut off."""


def register(
    batch: Batch,
    codes: dict[str, int],
    now: int,
    told: Mapping[str, Mapping[str, object]],
    gone: str,
    paused: Collection[str] = (),
) -> tuple[list[Change], bool]:
    """Keep the source of each workflow, and say when it is another version than before.

    Args:
        codes: is given the codes.id of each workflow.
        told: what was said beforehand of each, for its entry.
        gone: what is said of workflows that ran here and are not there now: "deleted", which the
            history tells, or "not loaded".
        paused: of these nothing is said until they go on, whatever becomes of their files.

    Returns:
        The workflows whose waiting journeys are to be driven by their new code, and whether
        one is there again that was missing.
    """
    unit, store = batch.unit, batch.unit.store
    known: dict[tuple[str, str], int] = {}
    newest: dict[str, str] = {}
    last = 0
    for version in versions(store):
        known[(version.workflow, version.hash)] = last = version.id
        newest[version.workflow] = version.hash
    running = _running(store)
    missing = {int(number) for number, _ in store.meta_under("missing/")}
    changes = []
    for name, workflow in sorted(unit.workflows.items()):
        hash, number = workflow.code, unit.name_id(name)
        id = known.get((name, hash))
        fresh = id is None
        if id is None:
            last = id = last + 1
            unit.changes.codes.append((id, name, hash, workflow.file, workflow.source, now))
            _keep_modules(batch, id, workflow)
        codes[name] = id
        ran = running.get(number) or (_Running(newest[name], None) if name in newest else None)
        changed = ran is not None and (ran.hash != hash or not _is_there(store, ran.seq))
        seq: int | None = None
        if fresh or changed or number in missing:
            facts: dict[str, object] = {"file": os.path.basename(workflow.file), **told.get(name, {})}
            if not fresh:
                # A version that ran before: an entry's code says where it came first.
                facts["code"] = hash
            seq = unit.append(
                now,
                Kind.WORKFLOW_LOADED,
                None,
                None,
                number,
                data=jsontext.dumps(facts),
                code=id if fresh else None,
            )
        if seq is not None or number not in running:
            unit.changes.meta.append(running_row(number, hash, seq))
        if number in missing:
            unit.changes.ended_meta.append((f"missing/{number}",))
        if changed and seq is not None:
            changes.append(Change(name, number, hash, seq))
    for number in running:
        name = store.name_text(number)
        if name not in unit.workflows and number not in missing and name not in paused:
            unit.changes.meta.append((f"missing/{number}", gone))
            codes.pop(name, None)
            if gone == "deleted":
                facts = {"message": f"{name} was deleted; its waiting journeys are kept until it is back"}
                unit.append(now, Kind.WORKFLOW_FAILED, None, None, number, data=jsontext.dumps(facts))
    returned = any(unit.name_id(name) in missing for name in unit.workflows)
    return changes, returned


def running_row(workflow: int, hash: str, seq: int | None) -> tuple[str, str]:
    """The row of `meta` that says by which version those who wait were driven."""
    return (f"running/{workflow}", json.dumps({"hash": hash, "seq": seq}))


def _running(store: Store) -> dict[int, _Running]:
    return {int(number): _Running(**json.loads(value)) for number, value in store.meta_under("running/")}


def _is_there(store: Store, seq: int | None) -> bool:
    """What came after it was cut off, if it was: those who wait are back at older code."""
    return seq is None or moment_of_entry(store, seq) is not None


def _keep_modules(batch: Batch, id: int, workflow: Workflow) -> None:
    if not workflow.modules:
        return
    meta = batch.unit.changes.meta
    names = []
    for module in workflow.modules:
        digest = hashlib.blake2b(module.text.encode(), digest_size=8).hexdigest()
        names.append([module.name, module.path, digest])
        meta.append((f"module/{digest}", module.text))
    meta.append((f"modules/{id}", json.dumps(names)))
