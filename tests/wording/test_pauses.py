"""Workflows that are paused, in words."""

from __future__ import annotations

from studio.wording.pauses import standing_still


def test_one_and_many_and_none() -> None:
    assert standing_still(1) == "1 journey of it stands still"
    assert standing_still(1_200) == "1,200 journeys of it stand still"
    assert standing_still(0) == "0 journeys of it stand still"
