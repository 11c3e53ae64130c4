"""Colours: every text can be read in every theme that is offered, and none is needed."""

from __future__ import annotations

from typing import cast

import pytest
from rich._palettes import EIGHT_BIT_PALETTE
from rich.color import ColorSystem
from textual.app import App
from textual.color import Color
from textual.theme import Theme

from studio.tui.format.glyphs import Look, look
from studio.tui.format.themes import DARK, LIGHT, THEMES, THEMES_OF_16, THEMES_OF_256, contrast, themes_for
from studio.tui.keys.actions import use_theme
from studio.tui.screens.live import LiveScreen
from tests.tui.conftest import Studio, open_studio

LEAST = 4.5
INKS = ("text", "muted", "primary", "secondary", "success", "warning", "error", "soon", "accent")
GROUNDS = ("background", "surface", "panel", "primary-muted")
"""What lines stand on: panes, the clock, the bars, the selected row."""
PLAIN = ("foreground", "primary", "secondary", "success", "warning", "error", "soon", "accent")
"""The inks as a theme calls them."""
READS_FAILED = "KeyError: 'email'   user = account.result[0][\"email\"]"


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


# -- fewer colours -----------------------------------------------------------------------------------


def sent(colour: str, system: ColorSystem) -> int:
    """The number under which a terminal is asked for a colour."""
    number = Color.parse(colour).rich_color.downgrade(system).number
    assert number is not None
    return number


@pytest.mark.parametrize(
    ("name", "system"), [("standard", ColorSystem.STANDARD), ("256", ColorSystem.EIGHT_BIT)]
)
@pytest.mark.parametrize("at", [0, 1])
async def test_with_few_colours_what_must_differ_differs(name: str, system: ColorSystem, at: int) -> None:
    theme = themes_for(name)[at]
    variables = {**theme.to_color_system().generate(), **theme.variables}
    numbers = {each: sent(variables[each], system) for each in (*GROUNDS, *PLAIN)}
    marks = [numbers[each] for each in ("accent", "error", "primary-muted", "success", "foreground")]
    assert len(set(marks)) == len(marks), numbers
    for pair in (("soon", "error"), ("soon", "warning"), ("warning", "error"), ("success", "warning")):
        assert numbers[pair[0]] != numbers[pair[1]], pair
    for ground in ("surface", "panel", "primary-muted"):
        assert numbers[ground] != numbers["background"], "a bar, an input box, a selected row is there"
    assert not {numbers[each] for each in PLAIN} & {numbers[each] for each in ("background", "panel")}


@pytest.mark.parametrize("at", [0, 1])
def test_with_256_colours_every_text_stands_out(at: int) -> None:
    theme = themes_for("256")[at]
    variables = {**theme.to_color_system().generate(), **theme.variables}
    shown = {
        each: Color(*EIGHT_BIT_PALETTE[sent(variables[each], ColorSystem.EIGHT_BIT)])
        for each in (*GROUNDS, *PLAIN, "foreground-muted", "error-muted", "warning-muted")
    }
    for ground in GROUNDS:
        for ink in (*PLAIN, "foreground-muted"):
            assert contrast(shown[ink], shown[ground]) >= LEAST, (ink, ground)
    for alarm in ("error-muted", "warning-muted"):
        assert contrast(shown["foreground"], shown[alarm]) >= LEAST, alarm


@pytest.mark.parametrize(
    ("term", "colorterm", "themes"),
    [("xterm", None, THEMES_OF_16), ("xterm-256color", None, THEMES_OF_256), ("xterm", "truecolor", THEMES)],
)
async def test_the_terminal_decides_which_colours_there_are(
    monkeypatch: pytest.MonkeyPatch, term: str, colorterm: str | None, themes: tuple[Theme, ...]
) -> None:
    monkeypatch.setenv("TERM", term)
    monkeypatch.delenv("COLORTERM")
    if colorterm is not None:
        monkeypatch.setenv("COLORTERM", colorterm)
    async with open_studio() as studio:
        assert set(studio.app.available_themes) == {DARK, LIGHT}
        for theme in themes:
            studio.app.theme = theme.name
            await studio.settle()
            background = Color.parse(studio.app.theme_variables["background"])
            assert background == Color.parse(theme.background or "")
            assert studio.app.theme_variables["soon"] == theme.variables["soon"]


async def test_red_is_for_what_is_broken_and_soon_is_another_colour(studio: Studio) -> None:
    colours = look(cast("App[object]", studio.app))
    assert colours.left(5_000) == colours.left(5_000, sleeping=True) == colours.soon
    assert colours.left(60_000) == colours.warning
    assert colours.soon.color != colours.error.color
    reds = [
        text
        for strip in studio.app.screen._compositor.render_strips()
        for text, style, _ in strip
        if style is not None and style.color == colours.error.color and text.strip()
    ]
    assert {text.strip() for text in reds} == {"✗", "✗ 1 failed", "failed", READS_FAILED}


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
    use_theme(studio.app, LIGHT)
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
