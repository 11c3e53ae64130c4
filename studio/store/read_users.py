"""What the engine asks about users: their numbers, their names, what was known of them when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from studio.store.sqlite import Store

USERS = "SELECT u.name, u.id FROM json_each(?) j CROSS JOIN users u ON u.name = j.value"
USER_NAMES = "SELECT u.id, u.name FROM json_each(?) j CROSS JOIN users u ON u.id = j.value"
PROFILE = "SELECT seq, profile FROM profiles WHERE user = ? AND seq <= ? ORDER BY seq DESC LIMIT 1"


class ProfileRow(NamedTuple):
    """A version of a profile."""

    seq: int
    """Of the event that made it."""
    profile: str
    """JSON."""


def user_ids(store: Store, names: Sequence[str]) -> dict[str, int]:
    """The numbers of those that are there, by their names."""
    return dict(store.many(USERS, names))


def user_names(store: Store, ids: Sequence[int]) -> dict[int, str]:
    """The names of users, by their numbers."""
    return dict(store.many(USER_NAMES, ids))


def profile(store: Store, user: int, bound: int) -> ProfileRow | None:
    """The newest version of a profile up to an entry."""
    rows = store.rows(PROFILE, user, bound)
    return ProfileRow(*rows[0]) if rows else None
