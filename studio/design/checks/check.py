"""Checks workflows: reads each, then looks at the names of events that they speak of together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Literal

from studio.design.checks.call_reader import CallReader, Read, Spoken
from studio.design.checks.event_fields import event_findings
from studio.design.checks.findings import CheckFinding
from studio.design.checks.sources import CheckedSources
from studio.errors import WorkflowError
from studio.language.definition import Workflow
from studio.source.event_door import spaces_of, types_in
from studio.text.fuzzy_match import describe_difference, likely_typo


def check(
    workflows: Mapping[str, Workflow], history: Collection[str] | None = None, samples: Collection[str] = ()
) -> list[CheckFinding]:
    """What will go wrong in workflows, in the order of files and lines.

    Args:
        history: names of all events that a store has seen; None when no store was given.
        samples: names of events in the workflows' own event files.
    """
    reader = CallReader(CheckedSources(), spaces_of(workflows.values()))
    for workflow in workflows.values():
        reader.workflow(workflow)
    read = reader.read
    fields = event_findings(read.said, types_in(workflows.values()))
    found = [*read.findings, *_names(read, history), *_goals(read, history, samples), *fields]
    return sorted(found, key=lambda each: (each.path, each.line, each.level, each.rule))


def of_problem(problem: WorkflowError) -> CheckFinding:
    """A file that does not load, as a finding."""
    return CheckFinding(
        problem.path, problem.line or 0, "error", "load", problem.what.rstrip("."), problem.fix
    )


def _names(read: Read, history: Collection[str] | None) -> list[CheckFinding]:
    begins = {each.name for each in read.begun}
    sent = {each.name for each in read.sent} | set(history or ())
    heard = Counter(each.name for each in (*read.heard, *read.goals))
    found = []
    for spoken in (*read.begun, *read.heard):
        if spoken.name in sent or spoken.fine:
            continue
        # A name that stands in several places is meant.
        often = {name for name, count in heard.items() if count > max(1, heard[spoken.name])}
        known = sent | (set() if spoken.name in begins else often | begins)
        meant = likely_typo(spoken.name, known)
        if meant is not None:
            by = (
                "is sent" if meant in sent else "begins a journey" if meant in begins else "is used elsewhere"
            )
            differs = describe_difference(spoken.name, meant)
            what = f'"{spoken.name}" looks like a typo: "{meant}" {by} ({differs})'
            found.append(_warning(spoken, "slip", what, f'Write "{meant}", or write # studio: ok behind it.'))
        elif history is not None:
            what = f'"{spoken.name}" is sent by no workflow, and the history of the store has none'
            found.append(_warning(spoken, "never-sent", what, "Send it, or look for another name."))
    return list(dict.fromkeys(found))


def _goals(read: Read, history: Collection[str] | None, samples: Collection[str]) -> list[CheckFinding]:
    """Goals that nobody has seen: events that come from outside are often in no other place of the code."""
    code = {each.name for each in (*read.begun, *read.heard, *read.sent)}
    known = code | set(history or ()) | set(samples)
    found = []
    for spoken in read.goals:
        if spoken.name in known or spoken.fine:
            continue
        meant = likely_typo(spoken.name, known)
        if meant is not None:
            where = "is used elsewhere" if meant in code else "is what came"
            differs = describe_difference(spoken.name, meant)
            what = f'the goal "{spoken.name}" looks like a typo: "{meant}" {where} ({differs})'
            found.append(_warning(spoken, "slip", what, f'Write "{meant}", or write # studio: ok behind it.'))
        elif history is not None or samples:
            what = f'the goal "{spoken.name}" is seen nowhere: in no workflow, event file or store'
            found.append(_warning(spoken, "goal-unseen", what, "Look for another name, or send it."))
    return list(dict.fromkeys(found))


def _warning(spoken: Spoken, rule: str, what: str, fix: str) -> CheckFinding:
    level: Literal["warning"] = "warning"
    return CheckFinding(spoken.path, spoken.line, level, rule, what, fix, spoken.workflow)
