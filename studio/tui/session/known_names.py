"""The names of events that workflows speak of, and which of them are meant by what is typed. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from studio.language.definition import Workflow
from studio.source.event_door import types_in
from studio.source.source_names import names_in
from studio.tui.format.text import visible

MOST_SHOWN = 8


def workflow_names(workflows: Mapping[str, Workflow]) -> list[str]:
    """The plain names in triggers and exits, and those that their sources wait for or send."""
    found: dict[str, None] = {}
    for workflow in workflows.values():
        found.update(dict.fromkeys(workflow.trigger.literals))
        if workflow.exit_on is not None:
            found.update(dict.fromkeys(workflow.exit_on.literals))
    for workflow in workflows.values():
        found.update(dict.fromkeys(names_in(workflow.source)))
    found.update(dict.fromkeys(types_in(workflows.values())))
    return list(found)


def meant(typed: str, known: Iterable[str]) -> list[str]:
    """The known names that may be meant: those that begin so, then those with a part that does, then others.

    Nothing for nothing typed, nor when the one that is meant stands there already.
    """
    wanted = typed.strip().casefold()
    if not wanted:
        return []
    ranked: list[tuple[int, int, str]] = []
    for place, name in enumerate(dict.fromkeys(known)):
        plain = name.casefold()
        at = plain.find(wanted)
        # What cannot be shown as it is cannot be told from others either.
        if at < 0 or visible(name) != name:
            continue
        rank = 0 if name == typed else 1 if at == 0 else 3
        while rank == 3 and at >= 0:
            if not plain[at - 1].isalnum():
                rank = 2
            at = plain.find(wanted, at + 1)
        ranked.append((rank, place, name))
    found = [name for _, _, name in sorted(ranked)][:MOST_SHOWN]
    return [] if found == [typed] else found
