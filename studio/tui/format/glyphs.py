"""The visual language in one place: signs, colours, countdown bars.

Shape first, colour second: every state reads without colour. No sign here has an
emoji form, because terminals disagree on the width of those.
"""

from __future__ import annotations

import locale
import os
from dataclasses import dataclass
from functools import lru_cache

from rich.style import Style
from textual.app import App
from textual.color import Color, ColorParseError

from studio.design.outline.map_glyphs import MapGlyphs
from studio.tui.format.countdown import URGENT_MS


@dataclass(frozen=True, slots=True)
class Glyphs(MapGlyphs):
    """One character for each thing that happens; those of the map among them."""

    running: str = "▸"
    stopped: str = "⊘"
    moved: str = "»"
    loaded: str = "⟳"
    idle: str = "·"
    similar: str = "≠"
    now: str = "┊"
    cursor: str = "▸"
    marked: str = "*"
    marked_here: str = "✱"
    """The cursor is on a marked row."""
    bar_left: str = "━"
    bar_half: str = "╾"
    bar_gone: str = "─"
    running_clock: str = "►"
    paused_clock: str = "‖"
    spark: str = "▁▂▃▄▅▆▇█"
    staying: str = "╍"
    """Of a bar: those who are inside."""
    step: str = "─│╯╭"
    """Of a curve: across, down, where it begins to rise, where it has risen."""
    axis: str = "│╌┴"
    shades: str = "·░▒▓█"


UNICODE = Glyphs()
ASCII = Glyphs(
    event="*",
    sent="+",
    matched="@",
    timeout="|",
    wait="o",
    no_limit="=",
    sleep="z",
    done="#",
    running=">",
    failed="x",
    completed="v",
    stopped="-",
    again="^",
    log=">",
    branch="%",
    looked=".",
    leave="_",
    back="<",
    folded="&",
    moved="~",
    loaded="~",
    idle=".",
    similar="/",
    now=":",
    cursor=">",
    marked_here="#",
    bar_left="=",
    bar_half="-",
    bar_gone=".",
    running_clock=">",
    paused_clock="|",
    spark="_.-=+*#@",
    staying=":",
    step="-|'.",
    axis="|.+",
    shades=".-+*#",
)


_wanted = ""


def use_symbols(name: str) -> None:
    """What the settings say: "unicode", "ascii", or "" for whatever the terminal can show."""
    global _wanted
    _wanted = name
    glyphs.cache_clear()


@lru_cache(maxsize=1)
def glyphs() -> Glyphs:
    """The signs for this terminal; `JOURNEY_STUDIO_SYMBOLS=ascii`, or the settings, ask for plain ones."""
    wanted = os.environ.get("JOURNEY_STUDIO_SYMBOLS", "") or _wanted
    plain = wanted == "ascii" or (not wanted and "utf" not in locale.getpreferredencoding(False).lower())
    return ASCII if plain else UNICODE


@dataclass(frozen=True, slots=True)
class Look:
    """The colours of a theme as styles for drawing lines."""

    text: Style
    strong: Style
    muted: Style
    faint: Style
    """Only for what nobody must read."""
    primary: Style
    secondary: Style
    success: Style
    warning: Style
    error: Style
    """Red means broken, and nothing else."""
    soon: Style
    """What is due in a moment."""
    accent: Style
    selected: Style
    """Background of the row under the cursor."""
    chip: Style

    def tone(self, name: str) -> Style:
        """The style of this name."""
        style: Style = getattr(self, name)
        return style

    def left(self, left_ms: int | None, sleeping: bool = False) -> Style:
        """The colour of a countdown."""
        if left_ms is None:
            return self.muted
        if left_ms <= URGENT_MS:
            return self.soon
        return self.secondary if sleeping else self.warning


def look(app: App[object]) -> Look:
    """The styles of the app's present theme."""
    # Asked for each line that is drawn.
    variables = app.theme_variables
    found = _looks.get(app.theme)
    # Right after another theme was chosen the variables are still those of the one before.
    if found is None or found[0] is not variables:
        found = _looks[app.theme] = (variables, _look(variables))
    return found[1]


_looks: dict[str, tuple[dict[str, str], Look]] = {}


def _look(variables: dict[str, str]) -> Look:
    ground = Color.parse(variables["background"])

    def colour(name: str) -> Color | None:
        try:
            found = Color.parse(variables[name])
        except (KeyError, ColorParseError):
            return None
        return found if found.ansi is not None or found.a == 1 else ground.blend(found, found.a, 1)

    def ink(name: str, bold: bool = False) -> Style:
        found = colour(name)
        return Style(color=found.rich_color if found else None, bold=bold or None)

    marked = colour("primary-muted")
    primary = colour("primary")
    return Look(
        text=ink("foreground"),
        strong=ink("foreground", bold=True),
        muted=ink("foreground-muted"),
        faint=ink("foreground-disabled"),
        primary=ink("primary"),
        secondary=ink("secondary"),
        success=ink("success"),
        warning=ink("warning"),
        error=ink("error"),
        soon=ink("soon", bold=True),
        accent=ink("accent"),
        selected=Style(bgcolor=marked.rich_color if marked else None),
        chip=Style(color=ground.rich_color, bgcolor=primary.rich_color if primary else None, bold=True),
    )


def bar(left_ms: int, total_ms: int, width: int) -> tuple[str, str]:
    """A countdown bar as what is left and what is gone.

    Never all gone before it is due, never full after it has begun: the eye reads
    those two as "over" and "untouched".
    """
    mark = glyphs()
    steps = width * 2
    if total_ms <= 0 or left_ms <= 0:
        filled = 0
    elif left_ms >= total_ms:
        filled = steps
    else:
        filled = min(max(left_ms * steps // total_ms, 1), steps - 1)
    solid = mark.bar_left * (filled // 2) + mark.bar_half * (filled % 2)
    return solid, mark.bar_gone * (width - len(solid))


def sparkline(values: list[int]) -> str:
    """The values as a row of little columns, the tallest being the greatest."""
    columns = glyphs().spark
    top = max(values, default=0)
    if top <= 0:
        return columns[0] * len(values)
    return "".join(columns[-(-value * (len(columns) - 1) // top)] for value in values)
