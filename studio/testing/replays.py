"""How engines in tests drive journeys; pytest's own option says it for all of them."""

from __future__ import annotations

_always = False


def set_replay_always(always: bool) -> None:
    """Have engines that tests begin from here on drive each journey from its top at every cause."""
    global _always
    _always = always


def replay_always() -> bool:
    """Whether they do."""
    return _always
