"""A stand-in tells what would run, and gives what it is told to give."""

from __future__ import annotations

import pytest

from studio.engine.effects.announced import announced


def refuse(*args: object, **kwargs: object) -> None:
    raise AssertionError("no step is called")


def test_a_call_is_told_with_its_arguments_and_has_the_result_of_its_step(
    capsys: pytest.CaptureFixture[str],
) -> None:
    called = announced({"charge": {"ok": True}}.get)("charge", refuse)
    assert called is not None
    assert called("ada", 5, plan="pro") == {"ok": True}
    assert capsys.readouterr().out == "would run charge('ada', 5, plan='pro')\n"


def test_a_long_argument_is_shortened_and_without_results_there_is_none(
    capsys: pytest.CaptureFixture[str],
) -> None:
    called = announced()("mail", refuse)
    assert called is not None
    assert called("x" * 10_000) is None
    assert len(capsys.readouterr().out) < 100
