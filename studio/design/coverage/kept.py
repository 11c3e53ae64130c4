"""The file that pytest leaves for the designer: which ways of the map tests have gone."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.design.coverage.map_walk import BETWEEN, MapGraph, Way
from studio.design.outline.drawing import Untested
from studio.design.outline.model import Outline, walk
from studio.errors import StudioError

FILE = ".journey-coverage.json"
FORMAT = 1
FOLDERS_UP = 8
"""How far above a workflow its file is looked for."""


@dataclass(frozen=True, slots=True)
class MapCoverage:
    """What tests have gone of the map of one workflow."""

    workflow: str
    digest: str
    """Of the sources that the map was read from."""
    ways: tuple[Way, ...]
    gone: frozenset[Way]

    @property
    def percent(self) -> int:
        """The share of the ways that were gone, in whole per cent; 100 only when all were."""
        return percent(len(self.gone), len(self.ways))


def untested(found: MapCoverage, outline: Outline) -> Untested:
    """Where tests have not been, on a map that is read from the very source."""
    graph = MapGraph(outline)
    come = {graph.start} if found.gone else set()
    come |= {way.target for way in found.gone} | {way.source for way in found.gone}
    nodes = {id for id in graph.nodes if id not in come}
    for node in graph.nodes.values():
        if node.id in nodes and node.kind in ("any", "all"):
            nodes |= {each.id for side in node.sides for each in walk(side.body)}
    ways = {
        (way.source, label)
        for way, labels in graph.labels.items()
        if way not in found.gone and way.source in come
        for label in labels.split(BETWEEN)
    }
    return Untested(frozenset(nodes), frozenset(ways))


def percent(n: int, of: int) -> int:
    """A share in whole per cent, rounded down: 100 is all. Of nothing all is there."""
    return 100 * n // of if of else 100


def source_digest(outline: Outline, source_of: Callable[[str], str]) -> str:
    """A hash of the sources that a map was read from: coverage of another one is stale.

    Args:
        source_of: the text of a file.
    """
    found = hashlib.blake2b(digest_size=8)
    for path in sorted({node.span.file for node in outline.walk()}):
        text = source_of(path).replace("\r\n", "\n")
        found.update(f"\0{os.path.basename(path)}\0{text}".encode())
    return found.hexdigest()


def write(folder: Path, covered: Iterable[MapCoverage]) -> Path:
    """Write the file into a folder; gives its path.

    Raises:
        StudioError: it cannot be written.
    """
    file = folder / FILE
    workflows = {
        each.workflow: {
            "digest": each.digest,
            "ways": [list(way) for way in each.ways],
            "gone": [number for number, way in enumerate(each.ways) if way in each.gone],
        }
        for each in covered
    }
    beside = file.with_name(f"{FILE}.{os.getpid()}")
    try:
        # Whoever reads it meanwhile sees the old one or the new one.
        beside.write_text(json.dumps({"format": FORMAT, "workflows": workflows}, indent=1) + "\n", "utf-8")
        beside.replace(file)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise StudioError(error.strerror or str(error), where=str(file)) from error
    return file


def read(path: str | Path, workflow: str) -> MapCoverage | None:
    """What is kept of a workflow, in the nearest file at or above its own; None when there is nothing.

    Args:
        path: of the workflow's file.
    """
    file = nearest(path)
    if file is None:
        return None
    try:
        kept = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        # It tells nothing then; the next run of the tests writes it anew.
        return None
    return _read(kept, workflow)


def nearest(path: str | Path) -> Path | None:
    """The file for the workflows of a file, at or above it; None when there is none."""
    folder = Path(path).absolute().parent
    places = (folder, *folder.parents)[:FOLDERS_UP]
    return next((file for place in places if (file := place / FILE).is_file()), None)


def _read(kept: Any, workflow: str) -> MapCoverage | None:
    try:
        if kept["format"] != FORMAT or workflow not in kept["workflows"]:
            return None
        found: Mapping[str, Any] = kept["workflows"][workflow]
        ways = tuple(Way(str(source), str(target), bool(caught)) for source, target, caught in found["ways"])
        return MapCoverage(workflow, found["digest"], ways, frozenset(ways[n] for n in found["gone"]))
    except (KeyError, TypeError, ValueError, IndexError):
        return None


def covered(workflow: str, outline: Outline, digest: str, gone: Iterable[Way]) -> MapCoverage:
    """What was gone of a map that was read just now."""
    ways = tuple(MapGraph(outline).labels)
    return MapCoverage(workflow, digest, ways, frozenset(gone) & frozenset(ways))
