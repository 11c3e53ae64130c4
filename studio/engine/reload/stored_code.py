"""Workflows as they were: made of the source that a store keeps of each version that ran on it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from studio.errors import StoreError, WorkflowError
from studio.language.definition import Workflow
from studio.language.modules import Module
from studio.source.loader import workflows_of
from studio.store.codes import newest_hash, source_of
from studio.store.sqlite import Store


def newest_version(store: Store, workflow: str) -> str | None:
    """The hash of the version of a workflow that ran last."""
    number = store.find_name(workflow)
    if number is not None and (running := store.meta(f"running/{number}")) is not None:
        return str(json.loads(running)["hash"])
    return newest_hash(store, workflow)


def load_version(store: Store, hash: str, workflow: str) -> tuple[Workflow, str]:
    """A workflow as it was in a version that ran, and the source of its file then.

    The author's own modules that its file imports are those of then; what is imported within
    functions, and what is installed, is as it is now.

    Args:
        hash: as `Entry.code` gives it.

    Raises:
        StoreError: the store does not know this version.
        WorkflowError: the source does not load any more.
    """
    found = source_of(store, workflow, hash)
    if found is None:
        raise StoreError(f"there is no version {hash} of {workflow}", where=str(store.path))
    file, source, id = found
    return _made(workflow, file, source, tuple(_modules(store, id))), source


def _modules(store: Store, id: int) -> Iterator[Module]:
    for name, path, digest in json.loads(store.meta(f"modules/{id}") or "[]"):
        yield Module(name, path, store.meta(f"module/{digest}") or "")


@lru_cache(maxsize=32)
def _made(name: str, file: str, source: str, modules: tuple[Module, ...]) -> Workflow:
    for found in workflows_of(Path(file), source, modules):
        if found.name == name:
            return found
    raise WorkflowError(f'there is no workflow "{name}" in the version that is kept', path=file)
