"""Who acts."""

from __future__ import annotations

import getpass

import pytest

from studio.engine.operator import MOST_CHARS, operator


def test_the_user_of_the_machine_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(getpass, "getuser", lambda: "ada")
    assert operator() == "ada"
    monkeypatch.setattr(getpass, "getuser", lambda: "a" * 1_000)
    assert len(operator() or "") == MOST_CHARS


@pytest.mark.parametrize("error", [OSError, KeyError, ImportError])
def test_where_nobody_can_tell_nobody_is_named(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def fails() -> str:
        raise error("no such user")

    monkeypatch.setattr(getpass, "getuser", fails)
    assert operator() is None
