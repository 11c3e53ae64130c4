"""Any events in any order: sequences made from a workflow's map, and what must hold of all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from studio.design.outline.flow_reader import read
from studio.errors import StudioError
from studio.language.definition import Workflow
from studio.language.names import names
from studio.store.records import Entry
from studio.testing.verbs import Journeys
from studio.testing.vocabulary import Vocabulary, vocabulary

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

MOST_HAPPENINGS = 12

Invariant = Callable[[Journeys], None]
"""Raises an AssertionError when it does not hold."""


@dataclass(frozen=True, slots=True)
class Send:
    """An event comes."""

    event: str
    user: str
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pause:
    """Time passes."""

    by: str


Happening = Send | Pause
"""What may come next in a test of any order: an event, or time that passes."""


def event_sequences(
    workflow: Workflow,
    *,
    users: Sequence[str] = ("user1",),
    data: Mapping[str, Mapping[str, Any]] | None = None,
    most: int = MOST_HAPPENINGS,
) -> SearchStrategy[list[Happening]]:
    """A hypothesis strategy: what may happen to users of a workflow, as far as its map tells.

    Each begins with a trigger. Then come, in any order, the events that the workflow waits for or
    is left by, with data that matches and data that does not, another event, and pauses up to
    and just past its timeouts.

    Args:
        data: of events whose fields the workflow reads without matching them, by their names.
        most: happenings after the first.

    Raises:
        StudioError: hypothesis is not installed.
        WorkflowError: the workflow's source is not there.
    """
    try:
        from hypothesis import strategies as st
    except ImportError:
        raise StudioError(
            "event_sequences needs hypothesis, which is not installed", fix="pip install hypothesis"
        ) from None
    words = vocabulary(workflow, read(workflow))

    def sends(names: Sequence[str]) -> SearchStrategy[Happening]:
        return st.sampled_from(names).flatmap(lambda name: st.sampled_from(users).flatmap(_send(name)))

    def _send(name: str) -> Callable[[str], SearchStrategy[Happening]]:
        given = (data or {}).get(name, {})
        return lambda user: st.fixed_dictionaries(_fields(words, name, user)).map(
            lambda made: Send(name, user, {**made, **given})
        )

    def _fields(words: Vocabulary, name: str, user: str) -> dict[str, SearchStrategy[Any]]:
        return {field: st.sampled_from(values) for field, values in words.fields(name, user).items()}

    pauses: SearchStrategy[Happening] = st.sampled_from(words.pauses).map(Pause)
    rest = st.lists(st.one_of(sends(words.events), pauses), max_size=most)
    return st.tuples(sends(words.triggers), rest).map(lambda parts: [parts[0], *parts[1]])


def check(
    workflow: Workflow,
    happenings: Iterable[Happening],
    *invariants: Invariant,
    stubs: Mapping[str, Any] | None = None,
) -> None:
    """Let things happen to a workflow, let time run out, and see that all invariants hold.

    Args:
        stubs: results of steps, by their names; None for all others. No step's function is called.

    Raises:
        AssertionError: one does not hold; the timeline is shown.
    """
    with Journeys(workflow) as journeys:
        journeys.stub("*")
        for step, result in (stubs or {}).items():
            journeys.stub(step, returns=result)
        for each in happenings:
            if isinstance(each, Pause):
                journeys.forward(each.by)
            else:
                known = {"id": each.user, "email": f"{each.user}@example.com"}
                journeys.send(each.event, known, each.data)
        journeys.finish()
        for invariant in invariants:
            invariant(journeys)


# -- what must hold ------------------------------------------------------------------------


def never_more_than(count: int, messages: str = "*") -> Invariant:
    """No journey does more than so many of these steps, and sends no more of these events, taken together.

    Args:
        messages: names of steps and events; `*` is any run of characters.
    """
    meant = names(messages)

    def hold(journeys: Journeys) -> None:
        found: dict[str, int] = {}
        for e in journeys.entries():
            if _is_message(e, "step.done") and meant.meets(e.name or ""):
                assert e.journey is not None
                found[e.journey] = found.get(e.journey, 0) + 1
                if found[e.journey] > count:
                    _fail(journeys, f"{e.journey} came to more than {count} of {messages!r}")

    return hold


def always_ends() -> Invariant:
    """When no deadline is left, every journey is completed, exited or cancelled."""

    def hold(journeys: Journeys) -> None:
        last: dict[str, str] = {}
        for e in journeys.entries():
            if e.journey is not None and e.kind != "event":
                last[e.journey] = e.kind
        for journey, kind in last.items():
            if kind not in ("journey.completed", "journey.exited", "journey.cancelled"):
                _fail(journeys, f"{journey} does not end: it is {journeys.journey(journey).status}")

    return hold


def no_message_after_exit(messages: str = "*") -> Invariant:
    """Once `exit_on` has ended a journey, it begins none of these steps and sends none of these events.

    With `key=`, an exit that names one key ends the journeys of that key: others of the user go on.
    """
    meant = names(messages)

    def hold(journeys: Journeys) -> None:
        left: set[str | None] = set()
        for e in journeys.entries():
            if e.kind == "journey.exited":
                left.add(e.journey)
            elif e.journey in left and _is_message(e, "step.started") and meant.meets(e.name or ""):
                _fail(journeys, f"{e.journey} came to {e.name!r} after its exit")

    return hold


def _is_message(e: Entry, step: str) -> bool:
    return e.kind == step or (e.kind == "event" and e.journey is not None)


def _fail(journeys: Journeys, what: str) -> None:
    raise AssertionError(f"{what}\n\n{journeys.timeline()}")
