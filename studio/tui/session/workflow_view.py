"""A workflow as the designer shows it: the source as it is on disk, and the map that is read from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from studio.design.coverage import kept
from studio.design.editing import files
from studio.design.outline.drawing import Untested
from studio.design.outline.flow_reader import read, read_source
from studio.design.outline.model import Node, Outline
from studio.design.outline.tally import NodeCount, NodeTally, tallied
from studio.errors import EditError, WorkflowError
from studio.language.definition import Workflow

Stamp = tuple[int, int]
"""When a file was written, and its size: another one tells that it has changed."""


@dataclass(frozen=True, slots=True)
class TestedMap:
    """What the newest run of `pytest --journey-coverage` went of a map."""

    __test__ = False

    percent: int
    """Of its ways."""
    untested: Untested | None
    """Where it has not been; None where the source was another."""


@dataclass(frozen=True, slots=True)
class WorkflowView:
    """What is read of one workflow."""

    workflow: Workflow
    outline: Outline
    """Of the text; of the running code while the text cannot be read."""
    running: Outline
    """Of the code that the engine runs: the counts are of its lines."""
    source: str
    """The text that runs."""
    text: str
    """The text of the file; of what runs where it cannot be read."""
    stamp: Stamp | None
    problem: WorkflowError | None = None
    """Why the text has no map."""
    tested: TestedMap | None = None
    """What the tests went; None when that is not kept."""
    tested_stamp: Stamp | None = None
    """Of the file in which that is kept."""

    @property
    def same(self) -> bool:
        """Whether the file holds what the engine runs."""
        return self.outline is self.running and self.problem is None

    def counts(self, seen: Iterable[NodeCount]) -> Mapping[str, NodeTally]:
        """The counts of each node of the map.

        Where the file is newer than what runs, a node has those of its counterpart: the same kind
        and name, as often met before, which is also how an edited workflow finds its outcomes again.
        """
        found = tallied(self.running, seen)
        if self.same:
            return found
        before = {key: node.id for key, node in _keyed(self.running)}
        return {node.id: found[before[key]] for key, node in _keyed(self.outline) if before.get(key) in found}


def _keyed(outline: Outline) -> Iterator[tuple[tuple[str, str, int], Node]]:
    met: Counter[tuple[str, str]] = Counter()
    for node in outline.walk():
        name = (node.kind, "" if node.kind in ("sleep", "until") else node.name or node.text)
        yield (*name, met[name]), node
        met[name] += 1


def stamp_of(path: str) -> Stamp | None:
    """How a file is told from an earlier one; None when it is not there."""
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def tested_stamp_of(path: str) -> Stamp | None:
    """The stamp of the file in which is kept what tests went of a workflow's map; None when there is none."""
    file = kept.nearest(path)
    return None if file is None else stamp_of(str(file))


def read_workflow_view(workflow: Workflow, before: WorkflowView | None = None) -> WorkflowView:
    """Read a workflow's file and its map, and what the tests went of it.

    Args:
        before: what was read before. Of the same workflow it knows the code that runs, which the file
            may no longer hold.

    Raises:
        WorkflowError: the file cannot be read, and the source that runs is not known either.
    """
    stamp = tested_stamp_of(workflow.path)
    view = _read(workflow, before)
    found = kept.read(workflow.path, workflow.name)
    if found is None or view.problem is not None:
        return replace(view, tested_stamp=stamp)
    texts = {workflow.path: view.text}
    digest = kept.source_digest(view.outline, lambda path: texts.get(path) or workflow.source_of(path))
    same = digest == found.digest
    tested = TestedMap(found.percent, kept.untested(found, view.outline) if same else None)
    return replace(view, tested=tested, tested_stamp=stamp)


def _read(workflow: Workflow, before: WorkflowView | None) -> WorkflowView:
    """Read a workflow's file and its map.

    Args:
        before: what was read before. Of the same workflow it knows the code that runs, which the file
            may no longer hold.

    Raises:
        WorkflowError: the file cannot be read, and the source that runs is not known either.
    """
    known = before if before is not None and before.workflow is workflow else None
    source = known.source if known is not None else workflow.source_of(workflow.path)
    running = known.running if known is not None else read(workflow)
    stamp = stamp_of(workflow.path)
    try:
        text = files.read(workflow.path).source
        if text.replace("\r\n", "\n") == source.replace("\r\n", "\n"):
            return WorkflowView(workflow, running, running, source, text, stamp)
        outline = read_source(text, workflow.original.__name__, workflow.path)
    except EditError as error:
        return WorkflowView(workflow, running, running, source, source, stamp, error)
    except WorkflowError as error:
        return WorkflowView(workflow, running, running, source, text, stamp, error)
    return WorkflowView(workflow, outline, running, source, text, stamp)
