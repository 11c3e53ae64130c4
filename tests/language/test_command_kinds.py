"""Each kind of entry that a command of a journey leaves is known wherever kinds are told apart."""

from __future__ import annotations

import pytest

from studio.design.explorer.path_steps import OUTCOMES
from studio.kernel.pass_fold import FAMILY
from studio.language.kinds import KIND_TEXT, Kind
from studio.store.entries import key_of

BY_COMMANDS = sorted(kind for kind in KIND_TEXT if kind < Kind.LOG_DEBUG or kind in FAMILY)
GROUPS = range(Kind.GROUP_OPENED, Kind.GROUP_CLOSED + 1)


@pytest.mark.parametrize("kind", BY_COMMANDS, ids=lambda kind: KIND_TEXT[kind])
def test_the_key_of_its_command_is_one_for_the_rules_and_for_people(kind: int) -> None:
    key = key_of(kind, "wait_any" if kind in GROUPS else "name", 0, {})
    assert key is not None
    family = key.partition("#")[0].partition(":")[0]
    if kind in GROUPS:
        assert family == "any"
    else:
        assert family == FAMILY[kind]


UNDECIDED = frozenset(
    (
        *(Kind.WAIT_OPENED, Kind.GROUP_OPENED, Kind.SLEEP_OPENED, Kind.STEP_STARTED, Kind.STEP_RETRY),
        *(Kind.MESSAGE_ASKED, Kind.MESSAGE_DEFERRED),
    )
)
"""A command stands open after it."""
CLOSED = frozenset((Kind.WAIT_CLOSED, Kind.GROUP_CLOSED, Kind.SLEEP_CLOSED))
"""Nobody waits for it any more: the explorer leaves it open."""


def test_the_explorer_has_a_word_for_all_that_a_command_can_come_to() -> None:
    assert set(OUTCOMES) == set(BY_COMMANDS) - UNDECIDED - CLOSED
