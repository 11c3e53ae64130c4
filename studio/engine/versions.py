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
from collections.abc import Mapping
from dataclasses import dataclass

from studio import jsontext
from studio.definition import Workflow
from studio.engine.batch import Batch
from studio.store.schema import Kind
from studio.store.sqlite import Store

KEPT = "SELECT key, value FROM meta WHERE key > 'running/' AND key < 'running0'"
MISSING = "SELECT key FROM meta WHERE key > 'missing/' AND key < 'missing0'"
CODES = "SELECT id, workflow, hash FROM codes ORDER BY id"
IS_THERE = "SELECT 1 FROM history WHERE seq = ?"


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
    batch: Batch, codes: dict[str, int], now: int, told: Mapping[str, Mapping[str, object]], gone: str
) -> tuple[list[Change], bool]:
    """Keep the source of each workflow, and say when it is another version than before.

    Args:
        codes: is given the codes.id of each workflow.
        told: what was said beforehand of each, for its entry.
        gone: what is said of workflows that ran here and are not there now: "deleted", which the
            history tells, or "not loaded".

    Returns:
        The workflows whose waiting journeys are to be driven by their new code, and whether
        one is there again that was missing.
    """
    overlay, store = batch.overlay, batch.overlay.store
    known: dict[tuple[str, str], int] = {}
    newest: dict[str, str] = {}
    last = 0
    for id, name, hash in store.rows(CODES):
        known[(name, hash)] = last = id
        newest[name] = hash
    running = _running(store)
    missing = {int(key.removeprefix("missing/")) for (key,) in store.rows(MISSING)}
    changes = []
    for name, workflow in sorted(overlay.workflows.items()):
        hash, number = workflow.code, overlay.name_id(name)
        id = known.get((name, hash))
        fresh = id is None
        if id is None:
            last = id = last + 1
            overlay.changes.codes.append((id, name, hash, workflow.path, workflow.source, now))
            _keep_modules(batch, id, workflow)
        codes[name] = id
        ran = running.get(number) or (_Running(newest[name], None) if name in newest else None)
        changed = ran is not None and (ran.hash != hash or not _is_there(store, ran.seq))
        seq: int | None = None
        if fresh or changed or number in missing:
            facts: dict[str, object] = {"file": os.path.basename(workflow.path), **told.get(name, {})}
            if not fresh:
                # A version that ran before: an entry's code says where it came first.
                facts["code"] = hash
            seq = overlay.append(
                now,
                Kind.WORKFLOW_LOADED,
                None,
                None,
                number,
                data=jsontext.dumps(facts),
                code=id if fresh else None,
            )
        if seq is not None or number not in running:
            overlay.changes.meta.append(running_row(number, hash, seq))
        if number in missing:
            overlay.changes.ended_meta.append((f"missing/{number}",))
        if changed and seq is not None:
            changes.append(Change(name, number, hash, seq))
    for number in running:
        name = store.name_text(number)
        if name not in overlay.workflows and number not in missing:
            overlay.changes.meta.append((f"missing/{number}", gone))
            codes.pop(name, None)
            if gone == "deleted":
                facts = {"message": f"{name} was deleted; whoever waits in it stays until it is back"}
                overlay.append(now, Kind.WORKFLOW_FAILED, None, None, number, data=jsontext.dumps(facts))
    returned = any(overlay.name_id(name) in missing for name in overlay.workflows)
    return changes, returned


def running_row(workflow: int, hash: str, seq: int | None) -> tuple[str, str]:
    """The row of `meta` that says by which version those who wait were driven."""
    return (f"running/{workflow}", json.dumps({"hash": hash, "seq": seq}))


def _running(store: Store) -> dict[int, _Running]:
    return {
        int(key.removeprefix("running/")): _Running(**json.loads(value)) for key, value in store.rows(KEPT)
    }


def _is_there(store: Store, seq: int | None) -> bool:
    """What came after it was cut off, if it was: those who wait are back at older code."""
    return seq is None or bool(store.rows(IS_THERE, seq))


def _keep_modules(batch: Batch, id: int, workflow: Workflow) -> None:
    if not workflow.modules:
        return
    meta = batch.overlay.changes.meta
    names = []
    for module in workflow.modules:
        digest = hashlib.blake2b(module.text.encode(), digest_size=8).hexdigest()
        names.append([module.name, module.path, digest])
        meta.append((f"module/{digest}", module.text))
    meta.append((f"modules/{id}", json.dumps(names)))
