"""Every path through a journey, before anybody goes it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from studio.cli import complete
from studio.cli.options import StartParameter, json_option, shared_in_memory
from studio.cli.output import complain, terminal_width, write
from studio.cli.settings import Settings
from studio.errors import StudioError
from studio.source.project import MEMORY
from studio.text.printable import cells, clean, cut, json_line, pad
from studio.wording.values import counted

if TYPE_CHECKING:
    from studio.design.explorer.report import Summary
    from studio.design.explorer.samples import Samples
    from studio.design.explorer.search import Exploration
    from studio.language.definition import Workflow

TEXT_CELLS = 64
"""Where the times begin, if no row is longer."""
MOST_LISTED = 12
"""Of a kind of finding, so many are written out."""


@click.command()
@click.argument("name", shell_complete=complete.workflows)
@click.option(
    "--depth",
    type=click.IntRange(1, 100),
    metavar="N",
    default=10,
    show_default=True,
    help="Follow a path for at most this many decisions.",
)
@click.option(
    "--paths",
    type=click.IntRange(1, 100_000),
    metavar="N",
    default=1_000,
    show_default=True,
    help="Explore at most this many.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(0.1),
    metavar="N",
    default=5.0,
    show_default=True,
    help="Stop after so many seconds.",
)
@click.option(
    "--most",
    type=click.IntRange(0),
    metavar="N",
    help="Report paths that send one event, or run one step, more often than this; how many to --write.",
)
@click.option(
    "--sample",
    "samples",
    multiple=True,
    metavar="EVENT=JSON",
    help="Sample data of an event, or with step:NAME=JSON the result of a step.",
)
@click.option(
    "--events", metavar="FILE", help="An event file to take samples from.  [default: data/NAME.jsonl]"
)
@click.option(
    "--start",
    type=StartParameter(),
    metavar="TIME",
    help="Begin at this moment, such as '2026-03-02T09:00 Europe/Berlin'.  [default: the event file's]",
)
@click.option("--user", metavar="ID|JSON", help="The user: an id, or an object with id and profile.")
@click.option(
    "--failures", is_flag=True, help="Try the failure of every step, not only of those in a try block."
)
@click.option(
    "--write", "folder", metavar="FOLDER", help="Write paths as tests: event files with expectations."
)
@json_option
@shared_in_memory
def explore(
    settings: Settings,
    name: str,
    depth: int,
    paths: int,
    seconds: float,
    most: int | None,
    samples: tuple[str, ...],
    events: str | None,
    start: int | None,
    user: str | None,
    failures: bool,
    folder: str | None,
    as_json: bool,
) -> None:
    """Walk every path that a user can take through the journey NAME.

    Its function is driven down both outcomes of each wait, in virtual time; no step is run.
    What events carry is taken from --sample, from the history of a --store, from an event
    file, and from match=.
    """
    from studio.design.explorer import report
    from studio.design.explorer.search import START, Bounds, explore

    workflow = _workflow(settings, name)
    known = _samples(settings, workflow, samples, events, user)
    if start is None:
        start = START if known.start is None else known.start
    bounds = Bounds(depth=depth, paths=paths, seconds=seconds)
    found = explore(workflow, known, bounds=bounds, failures=failures, start=start)
    if folder is not None:
        _write_files(Path(folder), found, start, most, as_json)
        return
    if as_json:
        write([json_line(report.as_json(found, most))])
        return
    write(_tree(found))
    write(("", *_summary_lines(found, report.summarise(found, most), most)))


def _workflow(settings: Settings, name: str) -> Workflow:
    from studio.source import loader
    from studio.text.fuzzy_match import closest

    loaded = loader.load(settings.workflows)
    workflow = loaded.workflows.get(name)
    if workflow is not None:
        for problem in loaded.problems:
            complain(str(problem))
        return workflow
    if loaded.problems:
        # Most likely it stands in the file that does not load.
        *others, last = loaded.problems
        for problem in others:
            complain(str(problem))
        raise last
    near = closest(name, loaded.workflows) or sorted(loaded.workflows)
    raise StudioError(
        f"there is no workflow {name!r}", where=settings.workflows, fix=f"There is {', '.join(near)}."
    )


def _samples(
    settings: Settings, workflow: Workflow, given: tuple[str, ...], events: str | None, user: str | None
) -> Samples:
    """What is known of events, the best last."""
    from studio.cli.input_lines import lines, opened
    from studio.design.explorer.samples import Samples, event_file
    from studio.source.project import short
    from studio.store.views import Views
    from studio.text import json_text as jsontext

    samples = Samples()
    file = events or event_file(workflow)
    if file is not None:
        with opened(file) as (descriptor, title):
            samples.add_file(lines(descriptor, title), title)
        samples.sources.append(short(file))
    if settings.store != MEMORY:
        with Views(settings.store) as views:
            samples.add_history(views, workflow.name)
        samples.sources.append(short(settings.store))
    for text in given:
        samples.add_text(text)
    if user is not None:
        try:
            profile = jsontext.loads(user) if user.lstrip().startswith("{") else {"id": user}
        except jsontext.NotJson as error:
            raise StudioError(f"it is not valid JSON: {error}", where="--user") from None
        samples.user = {**samples.user, **profile}
    return samples


# -- as tests ------------------------------------------------------------------------------


def _write_files(folder: Path, found: Exploration, start: int, most: int | None, as_json: bool) -> None:
    """Write what is new in a folder, the shortest paths first, and say what is there."""
    from studio.design.explorer import path_files

    paths = sorted(found.paths, key=path_files.shortest_first)
    made: list[path_files.PathFile] = []
    unplayable = left_out = 0
    for number, path in enumerate(paths):
        if len(made) == (path_files.MOST_FILES if most is None else most):
            left_out = len(paths) - number
            break
        file = asyncio.run(path_files.path_file(found, path, start))
        if file is None:
            unplayable += 1
        else:
            made.append(file)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        written = path_files.compare(path_files.read_folder(folder), found.workflow.name, made)
        for file in (*written.new, *written.changed):
            (folder / file.name).write_text(file.text, encoding="utf-8")
    except OSError as error:
        raise StudioError(error.strerror or str(error), where=str(folder)) from error
    if left_out or found.truncated:
        # What was not looked at may still exist.
        written.gone = []
    facts = {
        "new": [file.name for file in written.new],
        "changed": [file.name for file in written.changed],
        "same": written.same,
        "edited": written.edited,
        "gone": written.gone,
        "unplayable": unplayable,
        "left_out": left_out,
    }
    write([json_line(facts)] if as_json else _written_lines(folder, facts))


def _written_lines(folder: Path, facts: dict[str, Any]) -> Iterator[str]:
    yield f"{counted(len(facts['new']), 'path')} written to {folder}; {facts['same']:,} are there already"
    for key, told in (
        ("changed", "goes otherwise now, and was written anew"),
        ("edited", "was edited by hand, and is left as it is"),
        ("gone", "its path no longer exists"),
    ):
        for name in facts[key]:
            yield f"  {clean(name)}: {told}"
    if facts["unplayable"]:
        yield (
            f"{counted(facts['unplayable'], 'path')} not written: a step fails there, or somebody is drawn "
            "into an arm, which events alone do not bring about"
        )
    if facts["left_out"]:
        yield f"{counted(facts['left_out'], 'path')} left out; --most N writes more"


# -- for people ----------------------------------------------------------------------------


def _tree(found: Exploration) -> Iterator[str]:
    from studio.design.explorer.tree import rows

    shown = rows(found.paths)
    texts = [clean(f"{row.guide}{row.sign} {row.text}") for row in shown]
    width = terminal_width()
    times = max((cells(row.time) for row in shown), default=0)
    lines = max((cells(row.line) for row in shown), default=0)
    column = max(TEXT_CELLS, *map(cells, texts)) if width is None else max(20, width - times - lines - 4)
    for row, text in zip(shown, texts, strict=True):
        time = " " * (times - cells(row.time)) + row.time
        yield f"{pad(cut(text, column), column)}  {time}  {clean(row.line)}".rstrip()


def _summary_lines(found: Exploration, summary: Summary, most: int | None) -> Iterator[str]:
    """The summary, a line a finding."""
    from studio.clocks import durations

    ends = ", ".join(f"{count} {kind}" for kind, count in summary.ends.items())
    yield f"{counted(len(found.paths), 'path')}: {ends}"
    if summary.longest is not None:
        yield f"longest: path {summary.longest}, {durations.show(found.paths[summary.longest - 1].time)}"
    if summary.never_end:
        yield f"never end: {_paths(summary.never_end)}"
    if (sent := summary.most_sent) is not None:
        times = counted(sent.count, "time")
        yield f"sent most often: {sent.kind} {clean(sent.name)}, {times} on path {sent.path}"
    if most is not None:
        over = f": {_paths(tuple(each.path for each in summary.over_most))}" if summary.over_most else ""
        yield f"more than {counted(most, 'time')} the same: {counted(len(summary.over_most), 'path')}{over}"
    for hint in dict.fromkeys(path.end.hint for path in found.paths if path.end.hint):
        yield f"missing: {clean(hint)}"
    for each in summary.never_match[:MOST_LISTED]:
        yield f"can never match: {clean(each.name)} at {each.line}, {clean(each.why)}"
    for line in found.unreached[:MOST_LISTED]:
        yield f"no path reaches: {Path(line.path).name}:{line.line}  {clean(line.text)}"
    if len(found.unreached) > MOST_LISTED:
        yield f"no path reaches {len(found.unreached) - MOST_LISTED:,} more lines"
    for bound in found.truncated:
        yield f"cut: {_CUT[bound].format(getattr(found.bounds, bound, ''))}"
    if found.samples.sources:
        yield f"samples: {clean(', '.join(found.samples.sources))}"


_CUT = {
    "depth": "some paths go on after {} decisions; --depth goes further",
    "paths": "there are more than {} paths; --paths takes more",
    "seconds": "not every path was walked in {} s; --seconds gives more time",
    "lines": "a path blocks, so that it is not known which lines no path reaches",
    "moves": "the paths have too many moves to keep",
}


def _paths(numbers: tuple[int, ...]) -> str:
    shown: list[Any] = list(numbers[:MOST_LISTED])
    if len(numbers) > MOST_LISTED:
        shown.append(f"and {len(numbers) - MOST_LISTED:,} more")
    return ", ".join(map(str, shown))
