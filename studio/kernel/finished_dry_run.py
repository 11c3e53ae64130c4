"""What would become of somebody who has finished, were they to go on; nothing is written."""

from __future__ import annotations

import os
from dataclasses import dataclass

from studio.kernel.drive import Again, Blocked, Failed
from studio.kernel.dry_run import dry_drive
from studio.kernel.reopening import why_not
from studio.kernel.state import JourneyState
from studio.kernel.transition import Transition
from studio.language.commands import key_text


@dataclass(frozen=True, slots=True)
class Reopening:
    """What would become of a finished journey that goes on from its end."""

    goes_on: bool
    """It would stand before something that it has not done."""
    line: str = ""
    """ "onboarding.py:24", where it would stand, or fail."""
    what: str = ""
    """What it would stand before: "step:offer#0"."""
    error: str = ""
    """Of one that would fail: the exception."""
    why_not: str = ""
    """Why it cannot go on, where it is not the code that says so."""


def would_reopen(transition: Transition, journey: JourneyState) -> Reopening:
    """What would become of a finished journey, whose pass must have been read."""
    work = transition.work
    if (reason := why_not(work, journey, work.seq)) is not None:
        return Reopening(False, why_not=reason)
    found, end = dry_drive(transition, journey)
    if isinstance(end, Failed):
        return Reopening(False, found.line, error=end.type)
    if isinstance(end, Blocked):
        path, line = end.command.place
        return Reopening(True, f"{os.path.basename(path)}:{line}", key_text(end.command.key))
    return Reopening(True, found.line, "new pass") if isinstance(end, Again) else Reopening(False)
