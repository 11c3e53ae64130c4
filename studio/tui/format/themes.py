"""The colours: one dark theme and one light one, in which every text can be read.

Each text and sign stands out by 4.5 : 1 or more from whatever it may stand on, the selected
row among it (WCAG 2.2, 1.4.3). Those of the themes that come with Textual do not, so they
are not offered.
"""

from __future__ import annotations

from dataclasses import replace

from textual.app import App
from textual.color import Color
from textual.theme import Theme

DARK, LIGHT = "night", "day"
SOON = "soon"
"""The variable for what is due in a moment: not the colour of an error, red means broken."""

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
            SOON: "#FFD75F",
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
            SOON: "#9C3A00",
        },
    ),
)


# A terminal with fewer colours shows the nearest that it has, and then a bar has the colour of what it
# stands on, and an error that of the cursor. So there each is one that the terminal has.

THEMES_OF_256 = (
    replace(
        THEMES[0],
        foreground="#D7D7FF",
        background="#1C1C1C",
        surface="#303030",
        panel="#303030",
        error="#FF87AF",
        accent="#FFAF5F",
        variables={
            "foreground-muted": "#BCBCBC",
            "foreground-disabled": "#767676",
            "primary-muted": "#000087",
            SOON: "#FFFF5F",
        },
    ),
    replace(
        THEMES[1],
        primary="#5F00AF",
        secondary="#005FAF",
        warning="#5F5F00",
        error="#AF0000",
        success="#005F00",
        accent="#870087",
        foreground="#303030",
        background="#FFFFFF",
        surface="#EEEEEE",
        panel="#E4E4E4",
        variables={
            "foreground-muted": "#4E4E4E",
            "foreground-disabled": "#949494",
            "primary-muted": "#D7D7FF",
            SOON: "#870087",
        },
    ),
)

BLACK, RED, GREEN, YELLOW, BLUE, MAGENTA, CYAN, WHITE, GREY = (
    "#000000", "#AA0000", "#00AA00", "#AA5500", "#0000AA", "#AA00AA", "#00AAAA", "#AAAAAA", "#555555",
)  # fmt: skip
BRIGHT_RED, BRIGHT_GREEN, BRIGHT_YELLOW, BRIGHT_BLUE, BRIGHT_MAGENTA, BRIGHT_CYAN, BRIGHT_WHITE = (
    "#FF5555", "#55FF55", "#FFFF55", "#5555FF", "#FF55FF", "#55FFFF", "#FFFFFF",
)  # fmt: skip
"""The sixteen as rich knows them (rich/_palettes.py): sent as numbers, and the terminal chooses."""

THEMES_OF_16 = (
    replace(
        THEMES[0],
        primary=BRIGHT_MAGENTA,
        secondary=BRIGHT_BLUE,
        warning=YELLOW,
        error=BRIGHT_RED,
        success=BRIGHT_GREEN,
        accent=BRIGHT_CYAN,
        foreground=BRIGHT_WHITE,
        background=BLACK,
        surface=BLUE,
        panel=BLUE,
        variables={
            "foreground-muted": WHITE,
            "foreground-disabled": GREY,
            "primary-muted": GREY,
            "error-muted": RED,
            "warning-muted": MAGENTA,
            "text-disabled": CYAN,
            SOON: BRIGHT_YELLOW,
        },
    ),
    replace(
        THEMES[1],
        primary=BLUE,
        secondary=BLUE,
        warning=BLUE,
        error=RED,
        success=GREEN,
        accent=MAGENTA,
        foreground=BLACK,
        background=BRIGHT_WHITE,
        surface=WHITE,
        panel=WHITE,
        variables={
            "foreground-muted": GREY,
            "foreground-disabled": GREY,
            "primary-muted": BRIGHT_CYAN,
            "error-muted": BRIGHT_RED,
            "warning-muted": BRIGHT_YELLOW,
            "text-disabled": GREY,
            SOON: MAGENTA,
        },
    ),
)


def themes_for(colours: str | None) -> tuple[Theme, ...]:
    """The themes for a terminal with so many colours, as rich calls it: "standard", "256", "truecolor"."""
    return {"standard": THEMES_OF_16, "windows": THEMES_OF_16, "256": THEMES_OF_256}.get(
        colours or "", THEMES
    )


def install(app: App[None]) -> None:
    """Offer the themes in the colours that the terminal has, and no others."""
    for theme in themes_for(app.console.color_system):
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
