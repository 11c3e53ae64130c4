"""The colours: one dark theme and one light one, in which every text can be read.

Each text and sign stands out by 4.5 : 1 or more from whatever it may stand on, the selected
row among it (WCAG 2.2, 1.4.3). Those of the themes that come with Textual do not, so they
are not offered.
"""

from __future__ import annotations

from textual.app import App
from textual.color import Color
from textual.theme import Theme

DARK, LIGHT = "night", "day"

THEMES = (
    Theme(
        name=DARK,
        primary="#BB9AF7",
        secondary="#7AA2F7",
        warning="#E0AF68",
        error="#FF8AA0",
        success="#9ECE6A",
        accent="#FF9E64",
        foreground="#C0CAF5",
        background="#1A1B26",
        surface="#20222F",
        panel="#282B3C",
        variables={
            "foreground-muted": "#9DA5CC",
            "foreground-disabled": "#565F89",
            "primary-muted": "#3A3459",
        },
    ),
    Theme(
        name=LIGHT,
        primary="#5A35B5",
        secondary="#1F56B0",
        warning="#7A4A00",
        error="#B0183A",
        success="#2B6414",
        accent="#9C3A00",
        foreground="#24273A",
        background="#F9F9FC",
        surface="#F0F1F6",
        panel="#E6E8F0",
        dark=False,
        variables={
            "foreground-muted": "#53586F",
            "foreground-disabled": "#9DA2B8",
            "primary-muted": "#DED6F3",
        },
    ),
)


def install(app: App[None]) -> None:
    """Offer these themes, and no others."""
    for theme in THEMES:
        app.register_theme(theme)
    # Watched from here on: the theme in use goes last.
    app.theme = DARK
    for name in list(app.available_themes):
        if name not in (DARK, LIGHT):
            app.unregister_theme(name)


def contrast(ink: Color, ground: Color) -> float:
    """How far a colour stands out from another: 1 (not at all) to 21, as WCAG 2.2 defines it."""
    light, dark = sorted((_luminance(ink), _luminance(ground)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: Color) -> float:
    def part(value: int) -> float:
        share = value / 255
        return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)

    return 0.2126 * part(colour.r) + 0.7152 * part(colour.g) + 0.0722 * part(colour.b)
