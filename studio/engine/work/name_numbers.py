"""Names and places by their numbers, as a batch knows them: those that are written, and its own."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeVar

from studio.language.commands import Place
from studio.store.changes import Changes
from studio.store.sqlite import Store

K = TypeVar("K")


class _Numbers(dict[K, int]):
    """Numbers by what they are of; what is not there is found, and kept."""

    __slots__ = ("_find",)

    def __init__(self, find: Callable[[K], int]) -> None:
        self._find = find

    def __missing__(self, key: K) -> int:
        number = self[key] = self._find(key)
        return number


class NameNumbers:
    """Gives out numbers of names; they count once the batch is written."""

    def __init__(self, store: Store, changes: Changes) -> None:
        self._store = store
        self._added = changes.names
        self._first = self._next = store.next_name
        self._new_names: dict[str, int] = {}
        self._new_places: dict[Place, int] = {}
        # What is asked for once is found in C from then on: a cause asks ten times.
        self.name_id: Callable[[str], int] = _Numbers(self._name_id).__getitem__
        """The number of a name; a new one is written with the batch."""
        self.place_id: Callable[[Place], int] = _Numbers(self._place_id).__getitem__
        """The number of a place; files are named relative to nothing but themselves."""

    def _name_id(self, text: str) -> int:
        # What is written, and may have been forgotten to save memory: it is looked up again.
        found = self._store.known_names.get(text)
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

    def _place_id(self, place: Place) -> int:
        found = self._store.known_places.get(place)
        if found is None and (found := self._new_places.get(place)) is None:
            found = self._new_places[place] = self.name_id(f"{os.path.basename(place[0])}:{place[1]}")
        return found

    def written(self) -> None:
        """The batch is durable: what it gave out is known from here on."""
        self._store.next_name = self._next
        self._store.keep(self._new_names, self._new_places)
