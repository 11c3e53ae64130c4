"""The keys, made from the bindings themselves: what stands here is what works."""

from __future__ import annotations

from textual.binding import Binding
from textual.keys import key_to_character

from studio.tui.screens.overlay import Overlay, Piece
from studio.tui.widgets.keys_bar import NAMES
from studio.tui.widgets.signs import signs
from studio.tui.widgets.text import fit, literal

KEY_WIDTH = 22

Group = tuple[str, list[Binding]]


class HelpScreen(Overlay):
    """The keys of the focused pane, then those of the screen, then those that work everywhere."""

    def __init__(self, groups: list[Group]) -> None:
        super().__init__()
        self._groups = groups

    def on_mount(self) -> None:
        """Write the page."""
        page = self.page
        page.set_titles("Keys", "esc closes")
        page.show_lines(self._lines())

    def _lines(self) -> list[tuple[Piece, ...]]:
        lines: list[tuple[Piece, ...]] = []
        for title, bindings in self._groups:
            keys: dict[str, list[str]] = {}
            for binding in bindings:
                if binding.description:
                    names = keys.setdefault(binding.description, [])
                    name = key_names(binding)
                    if name not in names:
                        names.append(name)
            if keys:
                lines += [((f" {literal(title)}", "strong"),)]
                for words, names in keys.items():
                    lines.append(
                        ((f"   {fit(' '.join(names), KEY_WIDTH)}", "accent"), (literal(words), "text"))
                    )
                lines.append(())
        mark = signs()
        lines += [
            ((" Signs", "strong"),),
            (
                (
                    f"   {mark.event} event  {mark.sent} sent by a journey  {mark.matched} matched"
                    f"  {mark.timeout} timed out  {mark.wait} waits  {mark.no_limit} no limit"
                    f"  {mark.sleep} sleeps",
                    "muted",
                ),
            ),
            (
                (
                    f"   {mark.done} step done  {mark.running} step runs  {mark.failed} failed"
                    f"  {mark.completed} completed  {mark.stopped} ended  {mark.again} pass"
                    f"  {mark.log} log  {mark.warning} warning",
                    "muted",
                ),
            ),
            (),
            ((" Times are local. The same as plain lines, for scripts and screen readers:", "muted"),),
            (("   journey-studio users | waits | timeline USER | logs --follow", "muted"),),
        ]
        return lines


MOVES = {"up": "↑", "down": "↓", "pageup": "pgup", "pagedown": "pgdn"}


def key_names(binding: Binding) -> str:
    """The keys of a binding as they are written in words about them."""
    return " ".join(_written(part) for part in binding.key.split(","))


def _written(key: str) -> str:
    if key in NAMES or key in MOVES:
        return NAMES.get(key) or MOVES[key]
    # A character under the name that Unicode gives it: full_stop.
    character = key_to_character(key) if "_" in key or key == "colon" else None
    return character if character is not None else key.replace("ctrl+", "^")
