"""The words that a workflow's map knows: its events with what they match, and its durations."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from studio.clocks import durations
from studio.design.outline.model import Outline
from studio.errors import DurationError
from studio.language.definition import Workflow
from studio.language.names import names
from studio.text import syntax

OTHER = "something/else"
"""An event that no workflow waits for by name."""
_PLAIN = ("a", "b")
"""Values of a field of which only the name is known: two, so that they agree as often as not."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What sequences are made of."""

    triggers: tuple[str, ...]
    events: tuple[str, ...]
    """All that mean something to the workflow, and one that does not."""
    pauses: tuple[str, ...]
    """Durations as text."""
    key: str | None
    matched: Mapping[str, Mapping[str, tuple[Any, ...]]]
    """Values that an event's fields are matched against in plain text, by event and field; none
    where the value is computed."""

    def fields(self, event: str, user: str) -> dict[str, list[Any]]:
        """The values that each field of an event's data may have."""
        found: dict[str, list[Any]] = {}
        if self.key is not None and "." not in self.key:
            found[self.key] = list(_PLAIN)
        for name, values in self.matched.get(event, {}).items():
            own = {"email": f"{user}@example.com"}.get(name, user)
            found[name] = [*values, own, *_PLAIN]
        return found


def vocabulary(workflow: Workflow, outline: Outline) -> Vocabulary:
    """The words of a workflow, read from its definition and its map."""
    matched: dict[str, dict[str, tuple[Any, ...]]] = {}
    lengths: set[int] = {durations.parse("1s")}
    for node in outline.walk():
        if node.kind in ("wait", "events") and node.name is not None:
            for event in node.name.split(", "):
                fields = matched.setdefault(event, {})
                for field, values in _match(node.detail("match")).items():
                    fields[field] = tuple(dict.fromkeys((*fields.get(field, ()), *values)))
        length = node.text if node.kind == "sleep" else node.detail("timeout")
        try:
            lengths.add(durations.parse(length or "1s"))
        except DurationError:
            # Computed: the others, and those a second longer, come near it.
            continue
    waited = [event for event in matched if "*" not in event]
    triggers = _plain(workflow.trigger.parts, waited)
    exits = _plain(workflow.exit_on.parts, waited) if workflow.exit_on is not None else []
    longer = {ms + 1_000 for ms in lengths}
    return Vocabulary(
        triggers=tuple(triggers),
        events=tuple(dict.fromkeys((*triggers, *_plain(matched, waited), *exits, OTHER))),
        pauses=tuple(durations.show(ms) for ms in sorted(lengths | longer)),
        key=workflow.key,
        matched=matched,
    )


def _plain(patterns: Any, known: list[str]) -> list[str]:
    """Names that patterns mean: those known from elsewhere, and of a wildcard one of its own."""
    found: dict[str, None] = {}
    for pattern in patterns:
        if "*" not in pattern:
            found[pattern] = None
            continue
        found.update(dict.fromkeys(event for event in known if names(pattern).meets(event)))
        found[OTHER if pattern == "*" else pattern.replace("*", "other")] = None
    return list(found)


def _match(text: str | None) -> dict[str, tuple[Any, ...]]:
    """`id="post1", email=journey.user.email` as its fields, with the values that stand there in plain."""
    if not text:
        return {}
    try:
        tree = syntax.parse(f"match({text})", mode="eval")
    except SyntaxError:
        # Fields with dots, or a mapping that is made elsewhere: nothing is known of it.
        return {}
    found: dict[str, tuple[Any, ...]] = {}
    call = tree.body if isinstance(tree, ast.Expression) else None
    for keyword in call.keywords if isinstance(call, ast.Call) else ():
        if keyword.arg is not None:
            value = keyword.value
            found[keyword.arg] = (value.value,) if isinstance(value, ast.Constant) else ()
    return found
