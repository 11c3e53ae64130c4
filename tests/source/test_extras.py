"""What is not installed is named, with what to install."""

from __future__ import annotations

import pytest

from studio.errors import StudioError
from studio.source import extras
from studio.source.extras import EXTRAS, need_extra


def test_what_is_installed_is_not_asked_for() -> None:
    for extra in EXTRAS:
        need_extra(extra)


def test_what_is_not_installed_is_named_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    for extra, (_, what) in EXTRAS.items():
        with pytest.raises(StudioError) as caught:
            need_extra(extra)
        said = f"{what} is not installed. Install it: pip install 'journey-studio[{extra}]'."
        assert str(caught.value) == said
