"""How a hook wants to be called, looked at when the engine is made and not when the first event needs it.

A function with `user`, `data` and `event` is called by keywords, every other with what it is given in order.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from studio.engine.effects.awaiting import awaited
from studio.errors import StudioError
from studio.language.event import Event
from studio.store.hooks import Known

KEYWORDS = ("user", "data", "event")

Check = Callable[..., list[Mapping[str, Any]]]
"""Takes user, events, match, and `known`: which ids our own history has."""
Tell = Callable[[Event], None]
TellAll = Callable[[Sequence[Event]], None]


def _none(ids: Iterable[str]) -> set[str]:
    return set()


def check_by(check_event: Callable[..., Any]) -> Check:
    """What asks a `check_event`, however it wants to be called, and gives what it knows.

    Raises:
        StudioError: it cannot be called.
    """
    if not _takes_known(check_event) and _wants_keywords(
        "check_event", check_event, 3, "user, events and match"
    ):

        def ask(
            user: str, events: tuple[str, ...], match: Mapping[str, Any] | None, known: Known = _none
        ) -> list[Mapping[str, Any]]:
            found: list[Mapping[str, Any]] = []
            for name in events:
                answer = _settle(check_event(user=user, data=dict(match or {}), event=name))
                found += (_named(each, name) for each in _listed(answer))
            return found

        return ask
    if _takes_known(check_event):
        return lambda user, events, match, known=_none: _listed(
            _settle(check_event(user, events, match, known=known))
        )
    return lambda user, events, match, known=_none: _listed(_settle(check_event(user, events, match)))


def tell_by(set_event: Callable[..., Any]) -> Tell:
    """What tells a `set_event` one event, however it wants to be called.

    Raises:
        StudioError: it cannot be called.
    """
    if _wants_keywords("set_event", set_event, 1, "the event"):
        return lambda event: _settle(set_event(user=event.user, data=event.data, event=event.name))
    return lambda event: _settle(set_event(event))


def tell_all_by(set_events: Callable[..., Any]) -> TellAll:
    """What tells a `set_events` several at once.

    Raises:
        StudioError: it cannot be called.
    """
    if not callable(set_events):
        raise StudioError(
            f"set_events is a {type(set_events).__name__}, not a function", fix="Give a function."
        )
    return lambda events: _settle(set_events(events))


def _takes_known(function: Callable[..., Any]) -> bool:
    try:
        return "known" in inspect.signature(function).parameters
    except (TypeError, ValueError):
        return False


def _wants_keywords(hook: str, function: Callable[..., Any], count: int, given: str) -> bool:
    """Whether a hook is called by keywords, and not with so many arguments in their order."""
    if not callable(function):
        raise StudioError(f"{hook} is a {type(function).__name__}, not a function", fix="Give a function.")
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        # Of a function that is not written in Python: nothing is said of it.
        return False
    by_name = all(name in signature.parameters for name in KEYWORDS)
    if by_name and _takes(signature, **dict.fromkeys(KEYWORDS)):
        return True
    if _takes(signature, *[None] * count):
        return False
    if _takes(signature, **dict.fromkeys(KEYWORDS)):
        return True
    raise StudioError(
        f"{hook} takes {signature}, and is called with {given}",
        where=getattr(function, "__qualname__", ""),
        fix=f"Let it take {given}; or user, data and event by keywords.",
    )


def _takes(signature: inspect.Signature, *args: Any, **kwargs: Any) -> bool:
    try:
        signature.bind(*args, **kwargs)
    except TypeError:
        return False
    return True


def _listed(answer: Any) -> list[Mapping[str, Any]]:
    """An answer as a list: of nothing, of one event, or of several."""
    if answer is None or answer is False:
        return []
    found: Iterable[Mapping[str, Any]] = [answer] if isinstance(answer, Mapping) else answer
    return list(found)


def _named(found: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """An event as `check_event` gives it; one that is but its data has the name that was asked for."""
    if not any(field in found for field in ("name", "event", "data")):
        return {"name": name, "data": found}
    return {**found, "name": found.get("name", found.get("event", name))}


def _settle(value: Any) -> Any:
    """The value, awaited where the hook is async."""
    return awaited(value) if inspect.isawaitable(value) else value
