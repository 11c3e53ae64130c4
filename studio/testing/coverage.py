"""`pytest --journey-coverage`: which ways of the maps and which paths of the explorer the tests went."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from studio.design.coverage import kept
from studio.design.coverage.kept import MapCoverage, percent
from studio.design.coverage.map_walk import MapGraph, Way
from studio.design.coverage.turns import asked_of, is_gone, turns_of, without_asking
from studio.design.explorer import path_files
from studio.design.explorer.explored_path import ExploredPath
from studio.design.explorer.samples import Samples
from studio.design.explorer.search import START, explore
from studio.design.outline.flow_reader import read
from studio.design.outline.labels import title
from studio.design.outline.model import Node
from studio.errors import StudioError
from studio.language.definition import Workflow
from studio.source.loader import load
from studio.testing.collected import Collected, Key, WorkflowGone
from studio.text.printable import cells, clean, cut, pad
from studio.wording.values import counted

MOST_LISTED = 12
"""Of the ways and of the paths of a workflow that were not gone, so many are named."""
TEXT_CELLS = 90
_DECISIONS = ("wait", "any", "all", "split", "message")


@dataclass(slots=True)
class WorkflowCoverage:
    """What tests have gone of one workflow."""

    name: str
    of_map: MapCoverage
    graph: MapGraph
    paths: int
    missing: list[ExploredPath]
    """Paths of the explorer that no test went, the shortest first."""
    cut: bool
    """There are more paths than the explorer has looked at."""
    most: int | None = None
    """How many paths have to be written for those that are missing to be among them; None for as many as are
    written anyway."""


@dataclass(slots=True)
class CoverageReport:
    """What tests have gone of all workflows."""

    workflows: list[WorkflowCoverage] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    file: Path | None = None
    """What the designer reads."""

    def below(self, least: float) -> list[WorkflowCoverage]:
        """The workflows of whose ways a smaller share was gone than this, in per cent."""
        return [
            each for each in self.workflows if 100 * len(each.of_map.gone) < least * len(each.of_map.ways)
        ]


def report(
    collected: Collected, project: Sequence[Workflow], folder: Path, own: Collection[Path] = ()
) -> CoverageReport:
    """Hold what tests have gone against the maps and the paths of their workflows.

    Args:
        project: the project's own workflows, of which some may never have run.
        folder: where what the designer reads is kept.
        own: files of tests, which may have workflows of their own: these are left out.
    """
    left_out = {str(path.resolve()) for path in own}
    found = CoverageReport(problems=list(collected.problems))
    known: dict[Key, Workflow] = {(str(Path(each.path).resolve()), each.name): each for each in project}
    for key, gone in collected.by_key.items():
        if key in known or key[0] in left_out:
            continue
        if (workflow := gone.workflow or _loaded(key, found)) is not None:
            known[key] = workflow
    for key, workflow in sorted(known.items(), key=lambda pair: pair[0][1]):
        try:
            found.workflows.append(_covered(workflow, collected.by_key.get(key, WorkflowGone(workflow))))
        except StudioError as error:
            found.problems.append(str(error))
    try:
        found.file = kept.write(folder, [each.of_map for each in found.workflows])
    except StudioError as error:
        found.problems.append(str(error))
    return found


def _loaded(key: Key, found: CoverageReport) -> Workflow | None:
    """A workflow that ran in another process."""
    file, name = key
    loaded = load(file)
    if name not in loaded.workflows:
        why = "; ".join(map(str, loaded.problems)) or "it is made in another way than by loading its file"
        found.problems.append(f'{file}: what tests went of "{name}" is not known: {why}')
    return loaded.workflows.get(name)


def _covered(workflow: Workflow, gone: WorkflowGone) -> WorkflowCoverage:
    outline = read(workflow)
    digest = kept.source_digest(outline, workflow.source_of)
    samples = Samples()
    samples.add_event_file(workflow)
    explored = explore(workflow, samples, start=START if samples.start is None else samples.start)
    ordered = sorted(explored.paths, key=path_files.shortest_first)
    turns = [turns_of(each) for each in ordered]
    asked = asked_of(turns)
    went = {without_asking(each, asked) for each in gone.went}
    missing = [each for each, own in zip(ordered, turns, strict=True) if not is_gone(each, own, went)]
    writable = [each for each in ordered if path_files.is_playable(each)]
    last = max((number for number, each in enumerate(writable, 1) if each in missing), default=0)
    return WorkflowCoverage(
        workflow.name,
        kept.covered(workflow.name, outline, digest, gone.ways),
        MapGraph(outline),
        len(ordered),
        missing,
        bool(explored.truncated),
        last if last > path_files.MOST_FILES else None,
    )


# -- in words ------------------------------------------------------------------------------------------


def lines_of(found: CoverageReport, events_folder: str, least: float | None = None) -> Iterator[str]:
    """A report as lines of text.

    Args:
        events_folder: where event files are tests.
        least: the share of ways in per cent below which the run fails.
    """
    names = max((cells(clean(each.name)) for each in found.workflows), default=0)
    for each in found.workflows:
        ways, gone = len(each.of_map.ways), len(each.of_map.gone)
        paths = each.paths - len(each.missing)
        more = ", and there are more" if each.cut else ""
        yield (
            f"{pad(clean(each.name), names)}  {each.of_map.percent:>3} % of the map ({gone:,} of {ways:,}"
            f" ways), {percent(paths, each.paths):>3} % of the paths ({paths:,} of {each.paths:,}{more})"
        )
        yield from _missing(each, events_folder)
    for problem in found.problems:
        yield f"! {clean(problem)}"
    if not found.workflows:
        yield "there is no workflow: nothing was gone"
    if least is not None:
        for each in found.below(least):
            went = f"tests went {each.of_map.percent} % of {clean(each.name)}"
            yield f"FAILED: {went}, and {least:g} % is asked for"
        if found.problems:
            yield f"FAILED: {least:g} % is asked for, and it is not known of everything what tests went"
    if found.file is not None:
        yield f"kept in {found.file.name}"


def _missing(each: WorkflowCoverage, events_folder: str) -> Iterator[str]:
    ways = [way for way in each.of_map.ways if way not in each.of_map.gone]
    if len(ways) == len(each.of_map.ways):
        yield "  no test comes to it"
        ways = []
    for way in ways[:MOST_LISTED]:
        yield f"  no test goes {way_text(each.graph, way)}"
    if len(ways) > MOST_LISTED:
        yield f"  nor {counted(len(ways) - MOST_LISTED, 'way')} more"
    playable = [path for path in each.missing if path_files.is_playable(path)]
    for path in playable[:MOST_LISTED]:
        yield f"  no test has {path_files.file_name(each.name, path)}: {path_text(path)}"
    if len(playable) > MOST_LISTED:
        yield f"  nor {counted(len(playable) - MOST_LISTED, 'path')} more"
    if playable:
        most = "" if each.most is None else f" --most {each.most}"
        yield f"  journey-studio explore {each.name} --write {events_folder}{most} writes what is missing"
    if rest := len(each.missing) - len(playable):
        more = " more" if playable else ""
        yield (
            f"  {counted(rest, 'path')}{more}: a step fails there, or somebody is drawn"
            " into an arm; an event file does not lead along, a test with stubs does"
        )


def way_text(graph: MapGraph, way: Way) -> str:
    """A way in words: "activated :26 → reminder :28, timed out"."""
    label = graph.labels[way]
    condition = f", {label}" if label else ""
    return cut(
        clean(f"{_node(graph.nodes[way.source])} → {_node(graph.nodes[way.target])}{condition}"), TEXT_CELLS
    )


def _node(node: Node) -> str:
    what = "start" if node.kind == "start" else title(node)
    return f"{cut(what, 40)} :{node.line}"


def path_text(path: ExploredPath) -> str:
    """What happens on a path, as far as there are several ways, and how it ends."""
    said = [f"{step.name} {step.outcome}" for step in path.steps if step.kind in _DECISIONS]
    return cut(clean(", ".join([*said, path.end.kind])), TEXT_CELLS)
