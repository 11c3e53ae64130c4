"""What in the workflows will go wrong, before they run."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from studio.cli.options import json_option, shared_in_memory
from studio.cli.output import Exit, coloured, complain, write
from studio.cli.settings import Settings
from studio.errors import EventError, NoWorkflows, StudioError
from studio.source.project import MEMORY
from studio.text.printable import clean, json_line, styled
from studio.wording.values import counted

if TYPE_CHECKING:
    from studio.design.checks.findings import CheckFinding
    from studio.language.definition import Workflow

MOST_NAMES = 100_000
"""Names of events of a store that are compared."""


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATHS]")
@click.option("--strict", is_flag=True, help="Fail on warnings, too.")
@json_option
@shared_in_memory
def check(settings: Settings, paths: tuple[str, ...], strict: bool, as_json: bool) -> Exit:
    """Load and read the workflows of PATHS, and say what will go wrong.

    PATHS are files and folders, those of --workflows when none is given. With a --store also names of events
    that neither a workflow nor the history ever sends are told, and time zones of its users that are none, as
    are those of the workflows' event files. `# studio: ok` behind a line says that it is
    meant so.
    """
    from studio.design.checks.check import check, of_problem
    from studio.design.checks.zones import in_event_file, in_store
    from studio.source import loader
    from studio.store.views import Views

    places = paths or (settings.workflows,)
    for place in places:
        if not Path(place).exists():
            raise StudioError("there is no such file or folder", where=place)
    loaded = loader.collect(places)
    history: list[str] | None = None
    zones: dict[str, int] = {}
    if settings.store != MEMORY:
        with Views(settings.store) as views:
            history = views.event_names(limit=MOST_NAMES)
            zones = views.zones()
    findings = [of_problem(problem) for problem in loaded.problems]
    findings += check(loaded.workflows, history, _sample_names(loaded.workflows.values()))
    findings += in_store(settings.store, zones)
    for file in _event_files(loaded.workflows.values()):
        with suppress(EventError, OSError, UnicodeError):
            # What is wrong with a file that cannot be read, `play` and `explore` tell.
            findings += in_event_file(file)
    findings += _of_event_files(loaded.workflows.values())
    if as_json:
        write(json_line(each.as_json()) for each in findings)
    else:
        styles = {"error": "red", "warning": "yellow"}
        write(styled(clean(str(each)), styles[each.level], coloured()) for each in findings)
    errors = sum(each.level == "error" for each in findings)
    warnings = len(findings) - errors
    if passed_over := loader.told_passed_over(loaded.passed_over):
        complain(passed_over, plain=True)
    told = f"{counted(errors, 'error')}, {counted(warnings, 'warning')}" if findings else "nothing found"
    complain(f"{counted(len(loaded.workflows), 'workflow')}: {told}.", plain=True)
    if any(isinstance(problem, NoWorkflows) for problem in loaded.problems):
        return Exit.WRONG
    return Exit.FAILED if errors or (strict and warnings) else Exit.DONE


def _event_files(workflows: Iterable[Workflow]) -> list[str]:
    """The workflows' own event files, each once."""
    from studio.design.explorer.samples import event_file

    found = (event_file(workflow) for workflow in workflows)
    return list(dict.fromkeys(file for file in found if file is not None))


def _of_event_files(workflows: Iterable[Workflow]) -> list[CheckFinding]:
    """Events of the workflows' own event files that do not fit the types of these."""
    from studio.design.checks.event_fields import file_findings
    from studio.design.explorer.samples import event_file
    from studio.errors import EventError
    from studio.events.event_files import read
    from studio.source.event_door import types_in

    workflows = list(workflows)
    if not (types := types_in(workflows)):
        return []
    found: list[CheckFinding] = []
    for file in dict.fromkeys(filter(None, map(event_file, workflows))):
        try:
            lines = Path(file).read_text(encoding="utf-8").splitlines()
            # Line by line: what is wrong is told with its number.
            events = [(event, file, n) for n, line in enumerate(lines, 1) for event in read([line], 0, file)]
        except (OSError, UnicodeError, EventError):
            # `play` and `explore` tell what is wrong with it.
            continue
        found += file_findings(events, types)
    return found


def _sample_names(workflows: Iterable[Workflow]) -> set[str]:
    """Names of events in the workflows' own event files, as far as these can be read."""
    from studio.design.explorer.samples import Samples

    found: set[str] = set()
    for workflow in workflows:
        samples = Samples()
        try:
            samples.add_event_file(workflow)
        except EventError:
            # `play` and `explore` tell what is wrong with it.
            continue
        found |= set(samples.events)
    return found
