"""What was nearly so: an event beside a wait, by its name and its data, and users by their ids."""

from __future__ import annotations

from collections.abc import Iterable

from studio.engine.inspect.explanation import Finding, Proposal
from studio.engine.inspect.explanation_context import (
    fields,
    match_of,
)
from studio.kernel.matching import differences
from studio.kernel.sample_for_match import mend
from studio.language.names import Names
from studio.store.records import Entry
from studio.store.views import Views
from studio.text.fuzzy_match import closest, describe_difference, match_rank, single_edits

NEAR_USERS = 8
NEAR_EVENTS = 5


def compare(event: Entry, opening: Entry, names_: Names, what: str) -> Finding | None:
    """How far an event is from ending a wait; None when it is quite another."""
    user, name, data, match = event.user or "", event.name or "", fields(event), match_of(opening)
    wrong = tuple(differences(match, data))
    if names_.meets(name):
        if not wrong:
            hint = "it matches; another wait for the same event came first, or the workflow was not loaded"
            return Finding("near", what, opening.at, opening.line, opening.seq, hint=hint, far=5)
        proposal = Proposal(name, user, mend(match, data))
        return Finding(
            "near", what, opening.at, opening.line, opening.seq, wrong, "", proposal, far=10 * len(wrong)
        )
    # What a journey sends is written in its source, and means what it says.
    near = closest(name, names_.literals, 1) if event.journey is None else []
    if not near:
        return None
    proposal = Proposal(near[0], user, mend(match, data))
    hint = f"did you mean {near[0]}? {describe_difference(name, near[0])}"
    far = 5 * (match_rank(name, near[0]) or 0) + 10 * len(wrong)
    return Finding("near", what, opening.at, opening.line, opening.seq, wrong, hint, proposal, far)


def near_users(views: Views, user: str, mentioned: Iterable[str] = ()) -> list[str]:
    """Users who are called nearly so, the nearest first."""
    known = dict.fromkeys(views.known_users(list(single_edits(user))) + views.neighbours(user))
    near = closest(user, known, NEAR_USERS)
    return list(dict.fromkeys([*mentioned, *near]))[:NEAR_USERS]
