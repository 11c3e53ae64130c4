"""What the studio remembers from one start to the next, and what a person has set."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from studio.tui.session.preferences import Preferences, PreferencesError, Remembered, read, write


class Memory:
    """The settings file as the app uses it. Without a path nothing is read or kept.

    Args:
        path: the file; it need not be there.
        tell: says in one line what is wrong with it.
    """

    def __init__(self, path: Path | None, tell: Callable[[str], object]) -> None:
        self._path = path
        self._tell = tell
        self._remembered: dict[str, Remembered] = {}
        self._noted: dict[str, Remembered] = {}
        self.preferences = Preferences()

    def load(self) -> None:
        """Read the file; one that makes no sense is told, and the defaults hold."""
        if self._path is None:
            return
        try:
            self.preferences = read(self._path)
        except PreferencesError as error:
            self._tell(f"{error} The defaults are used.")
        self._remembered = dict(self.preferences.remembered)

    def text(self, name: str, default: str = "") -> str:
        """How something was left, as a text."""
        value = self._remembered.get(name)
        return value if isinstance(value, str) else default

    def flag(self, name: str, default: bool = False) -> bool:
        """How something was left, as yes or no."""
        value = self._remembered.get(name)
        return value if isinstance(value, bool) else default

    def remember(self, name: str, value: Remembered) -> None:
        """Keep how something is left."""
        if self._remembered.get(name) != value:
            self._remembered[name] = value
            self._write({}, {name: value})

    def note(self, name: str, value: Remembered, default: Remembered) -> None:
        """Keep how something is left when the studio is: for what changes with every other key."""
        self._noted[name] = value
        self._remembered.setdefault(name, default)

    def write_notes(self) -> None:
        """The studio is left."""
        changed = {name: value for name, value in self._noted.items() if self._remembered.get(name) != value}
        if changed:
            self._remembered |= changed
            self._write({}, changed)

    def keep_theme(self, name: str) -> None:
        """Keep the theme that was chosen."""
        self._write({"theme": name}, {})

    def _write(self, values: dict[str, str], remembered: dict[str, Remembered]) -> None:
        if self._path is None:
            return
        try:
            write(self._path, values, remembered)
        except PreferencesError as error:
            self._tell(str(error))
