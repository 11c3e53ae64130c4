"""Colours: every text can be read in every theme that is offered, and none is needed."""

from __future__ import annotations

from typing import cast

import pytest
from textual.app import App
from textual.color import Color

from studio.tui.screens.live import LiveScreen
from studio.tui.themes import DARK, LIGHT, THEMES, contrast
from studio.tui.widgets.signs import Look, look
from tests.tui.conftest import Studio, open_studio

LEAST = 4.5
INKS = ("text", "muted", "primary", "secondary", "success", "warning", "error", "accent")
GROUNDS = ("background", "surface", "panel", "primary-muted")
"""What lines stand on: panes, the clock, the bars, the selected row."""


def test_contrast_is_what_the_guidelines_call_it() -> None:
    assert contrast(Color.parse("#000"), Color.parse("#fff")) == pytest.approx(21)
    assert contrast(Color.parse("#777"), Color.parse("#777")) == pytest.approx(1)
    assert contrast(Color.parse("#767676"), Color.parse("#fff")) == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("theme", [theme.name for theme in THEMES])
async def test_every_text_stands_out(theme: str) -> None:
    async with open_studio() as studio:
        assert set(studio.app.available_themes) == {DARK, LIGHT}
        studio.app.theme = theme
        await studio.settle()
        colours = look(cast("App[object]", studio.app))
        variables = studio.app.theme_variables
        for ground in GROUNDS:
            for ink in INKS:
                assert contrast(ink_of(colours, ink), Color.parse(variables[ground])) >= LEAST, (ink, ground)
        for alarm in ("error-muted", "warning-muted"):
            assert contrast(ink_of(colours, "text"), Color.parse(variables[alarm])) >= LEAST, alarm
        chip = colours.chip
        assert chip.color is not None
        assert chip.bgcolor is not None
        on = Color.from_rich_color(chip.bgcolor)
        assert contrast(Color.from_rich_color(chip.color), on) >= LEAST


def ink_of(colours: Look, name: str) -> Color:
    """The colour of a style."""
    found = colours.tone(name).color
    assert found is not None
    return Color.from_rich_color(found)


async def test_what_is_drawn_is_as_readable_as_the_theme_says(studio: Studio) -> None:
    for theme in (LIGHT, DARK):
        studio.app.theme = theme
        await studio.settle()
        faint = look(cast("App[object]", studio.app)).faint.color
        for strip in studio.app.screen._compositor.render_strips():
            for text, style, _ in strip:
                if style is None or style.color is None or style.bgcolor is None or style.color == faint:
                    continue
                if any(char.isalnum() for char in text) and not style.dim:
                    ink, ground = Color.from_rich_color(style.color), Color.from_rich_color(style.bgcolor)
                    placeholder = text.strip() in ("app/login", "user1", '{"field": "value"}')
                    assert placeholder or contrast(ink, ground) >= LEAST, (theme, text, style)


async def test_another_theme_keeps_what_is_looked_at_and_typed(studio: Studio) -> None:
    await studio.press("1", *["j"] * 20, "i", *"app/x")
    users = studio.live.panes[0]
    before = (users.cursor, users.scroll_offset, studio.field("event").value, studio.focus)
    studio.app.use_theme(LIGHT)
    await studio.settle()
    assert (users.cursor, users.scroll_offset, studio.field("event").value, studio.focus) == before
    assert isinstance(studio.app.screen, LiveScreen)


async def test_without_colour_states_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with open_studio(size=(200, 60)) as studio:
        strips = studio.app.screen._compositor.render_strips()
        for strip in strips:
            for text, style, _ in strip:
                if style is not None and style.color is not None and text.strip():
                    red, green, blue = style.color.get_truecolor()
                    assert abs(red - green) < 3, (text, style)
                    assert abs(green - blue) < 3, (text, style)
        states = [line[2:48] for line in studio.lines if "│" in line[:3] or "┃" in line[:3]]
        signs = {
            state: line
            for line in states
            for state in ("✗ failed", "✓ done", "⊘ cancelled", "· idle", "▸ step")
            if state in line
        }
        assert len(signs) == 5, states
        selected = next(line for line in studio.lines if "▸user1" in line)
        assert "◷ " in selected
