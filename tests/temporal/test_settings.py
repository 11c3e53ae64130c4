"""Where Temporal is: what is given, what the project says, and what a command has to be told."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.temporal.settings import TemporalSettings, options_for
from studio.temporal.temporal_engine import TemporalEngine


def test_a_command_is_told_what_it_does_not_take_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert options_for(TemporalSettings()) == ("--temporal=localhost:7233",)
    assert options_for(TemporalSettings("a:1", "shop", "mails")) == (
        "--temporal=a:1",
        "--namespace=shop",
        "--queue=mails",
    )
    table = '[tool.journey-studio.temporal]\nnamespace = "shop"\nqueue = "mails"\n'
    (tmp_path / "pyproject.toml").write_text(table, encoding="utf-8")
    assert options_for(TemporalSettings("a:1", "shop", "mails")) == ("--temporal=a:1",)
    assert options_for(TemporalSettings("a:1")) == (
        "--temporal=a:1",
        "--namespace=default",
        "--queue=journeys",
    )
    (tmp_path / "pyproject.toml").write_text("[tool.journey-studio.temporal]\nqueue = 3\n", encoding="utf-8")
    assert options_for(TemporalSettings("a:1", "shop")) == ("--temporal=a:1", "--namespace=shop")
    assert TemporalEngine(settings=TemporalSettings("a:1")).command_options[0] == "--temporal=a:1"
