"""What was taken from the commands, the last first: kept in the settings, for the next start too."""

from __future__ import annotations

from collections.abc import Iterable

from studio.tui.session.remembered import Memory

NAME = "commands_used"
MOST_KEPT = 30
MOST_FIRST = 8
"""So many stand first before anything is typed: behind them comes what is done most here."""
FIRST_SCORE = 1_000.0
"""Above all that matching gives."""


class UsedCommands:
    """The titles of what was taken.

    Args:
        memory: where they are kept.
    """

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    @property
    def titles(self) -> list[str]:
        """The last one first."""
        return [each for each in self._memory.text(NAME).split("\n") if each]

    def take(self, title: str) -> None:
        """It was taken just now."""
        kept = [title, *(each for each in self.titles if each != title)]
        self._memory.remember(NAME, "\n".join(kept[:MOST_KEPT]))

    def place(self, title: str) -> float | None:
        """The score that brings it before others while nothing is typed; None: it has its own place."""
        first = self.titles[:MOST_FIRST]
        return FIRST_SCORE - first.index(title) if title in first else None

    def score(self, title: str, typed: str, score: float) -> float:
        """What it scores for what is typed: what was used comes first, the last of all before the others.

        Letters that only happen to stand in a title in this order do not bring it before a better one.
        """
        titles, words = self.titles, typed.casefold().split()
        if title not in titles or not all(word in title.casefold() for word in words):
            return score
        return FIRST_SCORE - titles.index(title)


def of_kind(titles: Iterable[str], kind: str) -> list[str]:
    """The names of those titles that begin with a kind: "ann" of "User: ann"."""
    head = f"{kind}: "
    return [each.removeprefix(head) for each in titles if each.startswith(head)]
