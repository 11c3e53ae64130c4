"""Time zones of people that are none: in the event files of workflows, and in a store.

Who has such a zone is waited for, and kept from messages by night, by the clock of the workflow.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from studio.design.checks.findings import CheckFinding
from studio.events.event_files import read
from studio.language.local_time import ZoneError, is_zone, zone
from studio.language.names import IDENTIFY
from studio.text import json_text as jsontext
from studio.wording.values import counted

FIELD = "timezone"
FIX = "Write a name of the IANA database, such as Europe/Berlin; until then the workflow's zone counts."


def in_event_file(path: str) -> list[CheckFinding]:
    """The zones in the profiles of an event file that are none, each at the first line that has it.

    Raises:
        EventError: a line is wrong.
        OSError: the file cannot be read.
    """
    text = Path(path).read_text(encoding="utf-8")
    found: dict[str, CheckFinding] = {}
    for event in read(text.splitlines(keepends=True), 0, path):
        profiles = [event.profile] if event.profile is not None else []
        if event.name == IDENTIFY:
            profiles.append(event.text)
        for profile in profiles:
            told = jsontext.loads(profile or "{}").get(FIELD)
            if told is None or is_zone(told) or str(told) in found:
                continue
            found[str(told)] = _finding(path, _line(text, told), _why(told))
    return list(found.values())


def in_store(path: str, zones: Mapping[str, int]) -> list[CheckFinding]:
    """The zones of a store's users that are none.

    Args:
        zones: what the profiles say, with how many users each has.
    """
    wrong = [name for name in zones if not is_zone(name)]
    return [
        _finding(path, 0, f"{_why(name)} ({counted(zones[name], 'user')} of the store)") for name in wrong
    ]


def _why(name: object) -> str:
    try:
        zone(name)
    except ZoneError as error:
        return f"the {FIELD} {error}"
    raise AssertionError(name)


def _line(text: str, told: object) -> int:
    """The first line that says it."""
    wanted = jsontext.dumps(told)
    return next((n for n, line in enumerate(text.splitlines(), 1) if FIELD in line and wanted in line), 0)


def _finding(path: str, line: int, what: str) -> CheckFinding:
    return CheckFinding(path, line, "warning", "zone", what, FIX)
