"""How long a batch drives."""

from __future__ import annotations

import pytest

from studio.engine.work import budget


def test_a_batch_is_over_after_its_time_and_never_for_having_gone_through_a_long_pass(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = own = 0.0
    monkeypatch.setattr(budget, "monotonic", lambda: now)
    monkeypatch.setattr(budget, "thread_time", lambda: own)
    found = budget.Budget()
    now = own = 0.09
    assert not found.is_over(3)
    now = own = 0.11
    assert found.is_over(3)
    assert not found.is_over(5_000)
    # Others had the processor.
    own = 0.05
    assert not found.is_over(3)
    now = 0.26
    assert found.is_over(3)
    assert not found.is_over(5_000)
    assert found.newest == 0.0
    # It took long to come to where a function stands: then it goes on for as long.
    assert not found.is_over(3, invested=0.1)
    now, own = 0.35, 0.25
    assert not found.is_over(3, invested=0.1)
    now = own = 0.31
    assert found.is_over(3, invested=0.1)
    assert found.is_over(5_000)
    own = 0.2
    assert not found.is_over(5_000)
    now = 0.76
    assert found.is_over(5_000)
    now = own = 60.0
    assert found.is_over(3, invested=50.0)
    assert found.newest == pytest.approx(59.24)
