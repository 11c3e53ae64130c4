"""What a store tells of steps and hooks that do not come back."""

from __future__ import annotations

from datetime import datetime

import pytest

from studio.store.stuck import MOST, StuckCall, read_stuck, stuck_text

STEP = StuckCall("step", "mail", "welcome/ada", 1_000, "mail.py:20")


def test_what_is_kept_reads_back_and_is_bounded() -> None:
    assert read_stuck(stuck_text([STEP])) == (STEP,)
    assert len(read_stuck(stuck_text([STEP] * 100))) == MOST


@pytest.mark.parametrize("text", [None, "", "[]", "{", "[1]", '[{"kind": "step"}]', "7"])
def test_what_is_not_there_or_damaged_names_nothing(text: str | None) -> None:
    assert read_stuck(text) == ()


def test_a_call_is_told_in_a_sentence() -> None:
    said = 'step "mail" of welcome/ada has not come back for 1m15s, at mail.py:20'
    assert STEP.sentence(76_900) == said
    at = datetime.fromtimestamp(1)  # noqa: DTZ006 - as a clock on the wall shows it
    assert (
        STEP.sentence() == f'step "mail" of welcome/ada has not come back since {at:%H:%M:%S}, at mail.py:20'
    )
    hook = StuckCall("check_event", "ada", "", 1_000, "")
    assert hook.sentence(13_000) == "check_event for ada has not come back for 12s"
