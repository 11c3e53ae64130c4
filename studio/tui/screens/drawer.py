"""What is asked at the bottom of the screen, over the form and the keys."""

from __future__ import annotations

from collections.abc import Sequence

from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen, ScreenResultType
from textual.widget import Widget

from studio.tui.format.text import literal

APART = "   "


class DrawerScreen(ModalScreen[ScreenResultType]):
    """Subclasses put a `Drawer` on it."""


class Drawer(Vertical):
    """As high as what it asks, and never so low that a half of the form shows above it."""

    def __init__(self, *children: Widget) -> None:
        super().__init__(*children, id="question")

    def on_mount(self) -> None:
        """See how high the form stands."""
        self.cover()

    def on_resize(self) -> None:
        """The form may stand elsewhere now."""
        self.cover()

    def cover(self) -> None:
        """Begin no lower than the form does."""
        form = next((found for each in self.app.screen_stack for found in each.query("#inject")), None)
        if form is not None:
            place, below = form.region, form.screen.size.height
            self.styles.min_height = max(0, below - place.y) if place.height else 0


def keys_line(keys: Sequence[tuple[str, str]]) -> Content:
    """Keys and what each does; the texts are literal."""
    parts: list[Content | str] = []
    for at, (key, words) in enumerate(keys):
        parts += [APART * bool(at), Content.styled(key, "bold $accent"), Content(f" {literal(words)}")]
    return Content.assemble(*parts)
