"""Terminals of three sizes; `make test` looks at the one where room is shortest."""

from __future__ import annotations

import pytest

SMALL, MIDDLE, LARGE = (80, 24), (120, 36), (200, 60)
SIZES = pytest.mark.parametrize(
    "size",
    [SMALL, pytest.param(MIDDLE, marks=pytest.mark.long), pytest.param(LARGE, marks=pytest.mark.long)],
    ids=lambda size: f"{size[0]}x{size[1]}",
)
