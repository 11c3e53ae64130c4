"""What held up all others, in a sentence and as other processes read it."""

from __future__ import annotations

import pytest

from studio.store.slow import SlowCause, read_slow, slow_text


def test_a_slow_cause_reads_back_and_names_the_journey_that_ran_longest() -> None:
    slow = SlowCause(1_000, 2_500, "event paid of ada", "buy/ada", 2_000)
    assert read_slow(slow_text(slow)) == slow
    assert slow.sentence == (
        "event paid of ada held up all others for 2.5s, 2s of it in the function of buy/ada"
    )
    alone = SlowCause(1_000, 3_000, "the deadline of a sleep", "", 0)
    assert alone.sentence == "the deadline of a sleep held up all others for 3s"


@pytest.mark.parametrize("text", [None, "", "no json", "[]", "7", '{"at": 1}', '{"other": 1}'])
def test_what_is_damaged_is_as_good_as_not_there(text: str | None) -> None:
    assert read_slow(text) is None
