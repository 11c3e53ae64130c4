"""The help: a legend of the signs, and a filter over keys and signs."""

from __future__ import annotations

import pytest
from textual.widgets import Input

from studio.tui.format.glyphs import ASCII, UNICODE, use_symbols
from studio.tui.screens.help import HelpPage
from studio.tui.widgets.legend import legend
from tests.tui.conftest import Studio, open_studio


def lines(studio: Studio) -> list[str]:
    page = studio.app.screen.query_one(HelpPage)
    return ["".join(text for text, _ in pieces).strip() for _, pieces in page.rows]


async def test_every_sign_has_a_line() -> None:
    async with open_studio(size=(80, 24)) as studio:
        await studio.press("question_mark")
        text = "\n".join(lines(studio))
        for sign in "●◆◉┃◷∞☾■▸✗✓⊘↻›!≠»⟳┊◇‖":
            assert f"{sign}  " in text, sign
        assert "nearly matched" in text


@pytest.mark.parametrize("symbols", ["unicode", "ascii"])
def test_the_legend_explains_all_signs_but_those_of_bars(
    symbols: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("JOURNEY_STUDIO_SYMBOLS", raising=False)
    use_symbols(symbols)
    try:
        said = "".join(sign for _, rows in legend() for sign, _, _ in rows)
    finally:
        use_symbols("")
    known = UNICODE if symbols == "unicode" else ASCII
    told = set(type(known).__dataclass_fields__) - {"cursor", "bar_half", "running_clock", "spark"}
    told -= {"step", "axis", "shades"}
    assert [name for name in told if getattr(known, name) not in said] == []


async def test_a_filter_narrows_keys_and_signs_and_esc_takes_two_steps(studio: Studio) -> None:
    await studio.press("3", "question_mark")
    whole = lines(studio)
    await studio.press("slash", *"time out")
    narrow = [line for line in lines(studio) if line]
    assert any("x  let it time out" in line for line in narrow)
    assert len(narrow) < 6 < len(whole)
    assert not any("quit" in line for line in narrow)
    await studio.press("enter")
    assert studio.app.screen.query_one(HelpPage).filter_text == "time out"
    await studio.press("escape")
    assert studio.screen == "HelpScreen"
    assert lines(studio) == whole
    await studio.press("escape")
    assert studio.screen == "LiveScreen"
    assert studio.focus == "waiting"


async def test_a_title_brings_its_whole_group_and_no_hit_is_said(studio: Studio) -> None:
    await studio.press("question_mark", "slash", *"signs: map")
    assert sum(1 for line in lines(studio) if line) > 6
    studio.app.screen.query_one(Input).value = "[b]nothing"
    await studio.settle()
    assert lines(studio) == ["No key or sign has [b]nothing."]
