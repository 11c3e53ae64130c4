"""Which trace an event comes from."""

from __future__ import annotations

import pytest

from studio import incoming
from studio.events.trace_context import mark, trace_of
from studio.text import json_text

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        7,
        "",
        "nonsense",
        PARENT.upper(),
        "ff" + PARENT[2:],
        "00-" + "0" * 32 + PARENT[35:],
        PARENT[:36] + "0" * 16 + "-01",
        PARENT + "\n",
    ],
)
def test_what_names_no_trace_is_left_out(wrong: object) -> None:
    assert trace_of({"traceparent": wrong, "tracestate": "a=b"}) == {}


def test_state_goes_along_where_it_is_sound() -> None:
    sound = {"traceparent": PARENT, "tracestate": "a=b"}
    assert trace_of({**sound, "host": "here"}) == sound
    for wrong in ("", "a" * 513, "a=\x00", 7):
        assert trace_of({"traceparent": PARENT, "tracestate": wrong}) == {"traceparent": PARENT}


def test_it_is_kept_beside_the_event_unless_the_sender_has_said_so() -> None:
    event = incoming("signup", "ada", extra={"kept": 1})
    mark(event, {})
    assert json_text.loads(event.extra or "") == {"kept": 1}
    mark(event, {"traceparent": PARENT})
    mark(event, {"traceparent": "another"})
    assert json_text.loads(event.extra or "") == {"kept": 1, "traceparent": PARENT}
