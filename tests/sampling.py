"""Which of many like cases `make test` takes; `make test-long` takes the others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from _pytest.mark import ParameterSet


def sampled(cases: Iterable[Any], every: int) -> list[ParameterSet]:
    """Parameters for `pytest.mark.parametrize`: the first of each `every` cases, and the rest marked `long`.

    A case is a value or a tuple of values.
    """
    found = []
    for number, case in enumerate(cases):
        values = case if isinstance(case, tuple) else (case,)
        found.append(pytest.param(*values, marks=pytest.mark.long if number % every else ()))
    return found
