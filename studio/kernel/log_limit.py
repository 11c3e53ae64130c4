"""How much is said in one go: a loop that prints for ever may fill neither the memory nor the store."""

from __future__ import annotations

MOST_LINES = 10_000
MOST_CHARACTERS = 1 << 20
LEFT_OUT = (
    f"it said more than {MOST_LINES:,} lines, or {MOST_CHARACTERS // 1024:,} KiB of text, without waiting in"
    " between; the rest is left out of the log"
)


class Bound:
    """Counts what one drive of a journey, or one call of a step, has said."""

    __slots__ = ("_characters", "lines")

    def __init__(self) -> None:
        self.lines = 0
        self._characters = 0

    def take(self, level: str, message: str) -> tuple[str, str] | None:
        """What is to be written, level and message: this, the word that the rest is left out, or nothing."""
        self.lines += 1
        was_within = self.lines <= MOST_LINES + 1 and self._characters <= MOST_CHARACTERS
        self._characters += len(message)
        if self.lines <= MOST_LINES and self._characters <= MOST_CHARACTERS:
            return level, message
        return ("warning", LEFT_OUT) if was_within else None
