"""Whom a journey is about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol, cast


class Profiles(Protocol):
    """Knows the user's profile as of each position."""

    def profile(self, bound: int) -> Mapping[str, Any]:
        """The profile as of a position."""


class Positioned(Protocol):
    """Stands at a position of the user's history: a `Journey`."""

    @property
    def _reader(self) -> Profiles: ...

    @property
    def _bound(self) -> int: ...


class User(Mapping[str, Any]):
    """Whom the journey is about: `id` and the profile as of the journey's position.

    `email` comes from the first event that carries one; an `identify` event merges its data.
    """

    __slots__ = ("_journey", "id")

    def __init__(self, id: str, journey: Positioned) -> None:
        self.id = id
        self._journey = journey

    @property
    def email(self) -> str | None:
        """The e-mail address, None while none is known."""
        return cast("str | None", self.get("email"))

    def _profile(self) -> Mapping[str, Any]:
        return self._journey._reader.profile(self._journey._bound)

    def __getitem__(self, key: str) -> Any:
        return self.id if key == "id" else self._profile()[key]

    def __iter__(self) -> Iterator[str]:
        yield "id"
        yield from (key for key in self._profile() if key != "id")

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return f"User({dict(self)!r})"
