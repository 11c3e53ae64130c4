"""Which trace an event comes from: `traceparent` and `tracestate`, kept beside the event.

Source: w3.org/TR/trace-context; CloudEvents carry the same two as an extension.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from studio.language.incoming import Incoming
from studio.text import json_text as jsontext

PARENT = "traceparent"
STATE = "tracestate"
MOST_STATE = 512
"""Characters: a receiver is to carry so many at the least, and need not carry more."""

_PARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?")


def trace_of(fields: Mapping[str, Any]) -> dict[str, str]:
    """The trace that headers, or what came beside an event, name; empty when they name none."""
    parent, state = fields.get(PARENT), fields.get(STATE)
    if not isinstance(parent, str) or not _PARENT.fullmatch(parent):
        return {}
    found = {PARENT: parent}
    if isinstance(state, str) and 0 < len(state) <= MOST_STATE and state.isprintable():
        found[STATE] = state
    return found


def mark(event: Incoming, trace: Mapping[str, str]) -> None:
    """Keep beside an event which trace it comes from, unless its sender has said so."""
    if not trace:
        return
    known = jsontext.loads(event.extra) if event.extra is not None else {}
    if PARENT not in known:
        event.extra = jsontext.dumps({**known, **trace})
