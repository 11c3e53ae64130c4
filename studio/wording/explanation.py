"""The words of an explanation: what came of an entry, what nearly did, and what would."""

from __future__ import annotations

import json
from typing import Any

from studio.engine.inspect.explanation import Proposal, Why
from studio.kernel.matching import MISSING, FieldMismatch

TRIGGERED_NOTHING = "triggered nothing"
NOTHING_SIMILAR = "no similar event so far"
WOULD_MATCH = "would be matched by"


def difference_words(difference: FieldMismatch) -> tuple[str, str, str]:
    """The field in which an event differed, what was expected there, and what came."""
    got = "nothing" if difference.got is MISSING else value_words(difference.got)
    return difference.field, value_words(difference.expected), got


def proposal_words(proposal: Proposal) -> tuple[str, str, str]:
    """The event that would have done it: its name, its user, its data."""
    return proposal.event, proposal.user, value_words(dict(proposal.data))


def best_proposal(why: Why) -> Proposal | None:
    """The first event that would have done what this one did not."""
    return next((each.proposal for each in why.findings if each.proposal is not None), None)


def value_words(value: Any) -> str:
    """A value on one line; also null and {}."""
    return json.dumps(value, ensure_ascii=False, default=str)
