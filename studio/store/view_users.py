"""Finding users among very many: at once by the beginning of an id, else step by step.

No index has the middle of a name, so a search walks the table in stretches that each take
a few milliseconds; the caller asks for one after the other and shows what came so far.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from studio.language.kinds import STATUS_TEXT, Status
from studio.store import view_sql as sql
from studio.store.records import UserRow

Rows = Callable[..., list[tuple[Any, ...]]]

STRETCH = 50_000
"""Users that one step of a search walks over at most."""
COUNT_PAGE = 10_000
"""Users that one step of a count looks at at most; where their states count, `COUNT_ROWS`."""
COUNT_ROWS = 500
DUE_PAGE = 2_000
MOST_DUE_PAGES = 10
STATES = (
    "failed", "step", "waiting", "sleeping", "idle", "completed", "exited", "cancelled", "none",
)  # fmt: skip
"""What `UserRow.state` can be, the most telling first."""
_STATUS_OF = {text: status for status, text in STATUS_TEXT.items()} | {
    "step": Status.WAITING,
    "sleeping": Status.WAITING,
}
LAST_MOMENT = 1 << 62
LAST_CHAR = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class UserSearch:
    """Which users are looked for. Texts are folded."""

    words: tuple[str, ...] = ()
    """Parts of the id; all must occur."""
    without: tuple[str, ...] = ()
    workflows: tuple[str, ...] = ()
    """Parts of names: for each, a journey of such a workflow must be there."""
    not_workflows: tuple[str, ...] = ()
    """Not the workflow that the row speaks of."""
    states: tuple[str, ...] = ()
    """Beginnings of `STATES`; one must agree."""
    not_states: tuple[str, ...] = ()

    def named(self, name: str) -> bool:
        """Whether an id has what it must."""
        folded = name.casefold()
        return all(word in folded for word in self.words) and not any(word in folded for word in self.without)

    def fits(self, row: UserRow) -> bool:
        """Whether a user's state is one that is looked for; the workflows were asked of the store."""
        state, workflow = row.state, (row.workflow or "").casefold()
        return (
            (not self.states or any(state.startswith(each) for each in self.states))
            and not any(state.startswith(each) for each in self.not_states)
            and not any(part in workflow for part in self.not_workflows)
        )


@dataclass(frozen=True, slots=True)
class UserPage:
    """What one step of a search found."""

    rows: list[UserRow]
    before: int
    """Where the next step begins; 0: all has been looked at."""
    done: float
    """The part of all users that has been looked at, 0 to 1."""


@dataclass(frozen=True, slots=True)
class UserCount:
    """What one step of a count came to."""

    count: int
    before: int
    """Where the next step begins; 0: all were counted."""
    done: float


def step(
    rows: Rows, search: UserSearch, before: int | None, limit: int, top: int
) -> tuple[list[tuple[int, str]], int, float]:
    """One stretch of a search, the newest users first: found ids and names, where to go on, how far."""
    newest = int(rows(sql.USERS_LAST)[0][0] or 0)
    before = newest + 1 if before is None else before
    floor = max(1, before - STRETCH)
    word = max(search.words, key=len, default=None)
    statuses = {
        status
        for state, status in _STATUS_OF.items()
        if any(state.startswith(each) for each in search.states)
    }
    workflows = _workflows(rows, search.workflows)
    values = {
        "before": before,
        "floor": floor,
        "limit": limit,
        "top": top,
        **named(word),
        "workflows": json.dumps(workflows) if search.workflows else None,
        # A user without any journey has no status to look for.
        "statuses": json.dumps(sorted(statuses)) if statuses and "none" not in _meant(search) else None,
    }
    found = rows(sql.USERS_MATCHING, values)
    # A full page may have more behind it in the same stretch.
    next_before = found[-1][0] if len(found) == limit else floor
    if next_before <= 1:
        next_before = 0
    done = 1.0 if not next_before or not newest else 1 - (next_before - 1) / newest
    return [(id, name) for id, name in found if search.named(name)], next_before, done


def needs_rows(search: UserSearch) -> bool:
    """Whether an id alone does not tell if a user is one that is looked for."""
    return bool(search.states or search.not_states or search.not_workflows)


def starting(rows: Rows, prefix: str, limit: int) -> list[tuple[int, str]]:
    """Users whose id begins with a text, as it was typed."""
    values = {"from": prefix, "to": prefix + LAST_CHAR, "limit": limit}
    return [(id, name) for id, name in rows(sql.USERS_STARTING, values)]


def by_deadline(rows: Rows, limit: int) -> list[int]:
    """The users with the nearest deadlines."""
    found: dict[int, None] = {}
    due, id = 0, 0
    for _ in range(MOST_DUE_PAGES):
        page = rows(sql.USERS_DUE, {"due": due, "id": id, "limit": DUE_PAGE})
        for user, due, id in page:  # noqa: B007 - the last of a page is where the next begins
            found.setdefault(user)
        if len(found) >= limit or len(page) < DUE_PAGE:
            break
    return list(found)[:limit]


def latest_deadlines(rows: Rows, limit: int) -> list[int]:
    """The users whose deadlines come last, the very last first: whoever has a nearer one stands there too."""
    found: dict[int, None] = {}
    due, id = LAST_MOMENT, LAST_MOMENT
    for _ in range(MOST_DUE_PAGES):
        page = rows(sql.USERS_DUE_LAST, {"due": due, "id": id, "limit": DUE_PAGE})
        for user, due, id in page:  # noqa: B007 - the last of a page is where the next begins
            found.setdefault(user)
        if len(found) >= limit or len(page) < DUE_PAGE:
            break
    return list(found)[:limit]


def telling(rows: Rows, limit: int) -> list[int]:
    """The users whose journeys failed, then those whose steps run, then by deadline."""
    found = [row[0] for row in rows(sql.USERS_FAILED, {"limit": limit})]
    found += [row[0] for row in rows(sql.USERS_STEPPING, {"limit": limit})]
    found += by_deadline(rows, limit)
    return list(dict.fromkeys(found))[:limit]


def rank(row: UserRow) -> int:
    """The place of a user's state among all."""
    return STATES.index(row.state) if row.state in STATES else len(STATES)


def _meant(search: UserSearch) -> set[str]:
    return {state for state in STATES if any(state.startswith(each) for each in search.states)}


def _workflows(rows: Rows, parts: tuple[str, ...]) -> list[int]:
    if not parts:
        return []
    names = [row[0] for row in rows(sql.WORKFLOW_NAMES)]
    meant = [name for name in names if all(part in name.casefold() for part in parts)]
    return [int(row[0]) for name in meant for row in rows(sql.NAME_ID, name)]


def named(part: str | None) -> dict[str, str | None]:
    """What finds the texts with a part in them, in capitals or not: values of `like` and `contains`."""
    if not part:
        return {"like": None, "contains": None}
    return (
        {"like": _like(part), "contains": None}
        if part.isascii()
        else {"like": None, "contains": part.casefold()}
    )


def _like(word: str) -> str:
    for char in "\\%_":
        word = word.replace(char, f"\\{char}")
    return f"%{word}%"
