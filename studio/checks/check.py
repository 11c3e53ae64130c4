"""Checks workflows: reads each, then looks at the names of events that they speak of together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Literal

from studio.checks.findings import Finding
from studio.checks.reading import Read, Reader, Spoken
from studio.checks.sources import Sources
from studio.definition import Workflow
from studio.engine.near import how, likely_slip
from studio.errors import WorkflowError


def check(workflows: Mapping[str, Workflow], history: Collection[str] | None = None) -> list[Finding]:
    """What will go wrong in workflows, in the order of files and lines.

    Args:
        history: names of all events that a store has seen; None when no store was given.
    """
    reader = Reader(Sources())
    for workflow in workflows.values():
        reader.workflow(workflow)
    read = reader.read
    found = [*read.findings, *_names(read, history)]
    return sorted(found, key=lambda each: (each.path, each.line, each.level, each.rule))


def of_problem(problem: WorkflowError) -> Finding:
    """A file that does not load, as a finding."""
    return Finding(problem.path, problem.line or 0, "error", "load", problem.what.rstrip("."), problem.fix)


def _names(read: Read, history: Collection[str] | None) -> list[Finding]:
    begins = {each.name for each in read.begun}
    sent = {each.name for each in read.sent} | set(history or ())
    heard = Counter(each.name for each in read.heard)
    found = []
    for spoken in (*read.begun, *read.heard):
        if spoken.name in sent or spoken.fine:
            continue
        # A name that stands in several places is meant.
        often = {name for name, count in heard.items() if count > max(1, heard[spoken.name])}
        known = sent | (set() if spoken.name in begins else often | begins)
        meant = likely_slip(spoken.name, known)
        if meant is not None:
            by = "is sent" if meant in sent else "begins a journey" if meant in begins else "stands elsewhere"
            what = f'"{spoken.name}" looks like a slip: "{meant}" {by} ({how(spoken.name, meant)})'
            found.append(_warning(spoken, "slip", what, f'Write "{meant}", or say # studio: ok behind it.'))
        elif history is not None:
            what = f'"{spoken.name}" is sent by no workflow, and the history of the store has none'
            found.append(_warning(spoken, "never-sent", what, "Send it, or look for another name."))
    return list(dict.fromkeys(found))


def _warning(spoken: Spoken, rule: str, what: str, fix: str) -> Finding:
    level: Literal["warning"] = "warning"
    return Finding(spoken.path, spoken.line, level, rule, what, fix, spoken.workflow)
