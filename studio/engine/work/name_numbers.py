"""Names and places by their numbers, as a batch knows them: those that are written, and its own."""

from __future__ import annotations

import os

from studio.language.commands import Place
from studio.store.changes import Changes
from studio.store.sqlite import Store


class NameNumbers:
    """Gives out numbers of names; they count once the batch is written."""

    def __init__(self, store: Store, changes: Changes) -> None:
        self._store = store
        self._added = changes.names
        self._first = self._next = store.next_name
        self._new_names: dict[str, int] = {}
        self._new_places: dict[Place, int] = {}
        # Both hold what is written, and may lose it to save memory: it is looked up again.
        self._known_names = store.known_names
        self._known_places = store.known_places

    def name_id(self, text: str) -> int:
        """The number of a name; a new one is written with the batch."""
        found = self._known_names.get(text)
        return found if found is not None else self._find_name(text)

    def _find_name(self, text: str) -> int:
        found = self._new_names.get(text)
        if found is None and (found := self._store.stored_name(text)) is None:
            found = self._new_names[text] = self._next
            self._next += 1
            self._added.append((found, text))
        return found

    def name_text(self, id: int) -> str:
        """The text of a name, also of one that this batch adds."""
        first = self._first
        return self._store.name_text(id) if id < first else str(self._added[id - first][1])

    def place_id(self, place: Place) -> int:
        """The number of a place; files are named relative to nothing but themselves."""
        found = self._known_places.get(place)
        if found is None and (found := self._new_places.get(place)) is None:
            found = self._new_places[place] = self.name_id(f"{os.path.basename(place[0])}:{place[1]}")
        return found

    def written(self) -> None:
        """The batch is durable: what it gave out is known from here on."""
        self._store.next_name = self._next
        self._store.keep(self._new_names, self._new_places)
