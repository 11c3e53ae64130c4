"""Tests of journeys: a pytest plugin, found by itself once Journey Studio is installed.

    def test_who_comes_back_is_done(journeys):
        journeys.send("signup", user="ada")
        journeys.forward("2d")
        journeys.send("activated", user="ada")
        assert journeys.journey("ada").status == "completed"

`journeys` is an engine in memory with a virtual clock. Without pytest: `with Journeys(…)`.
`event_sequences` and `check` try what may come in any order; they need hypothesis.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from studio.testing.plugin import (
    journeys,
    pytest_addoption,
    pytest_collect_file,
    pytest_configure,
    pytest_runtest_call,
    pytest_runtest_makereport,
    pytest_sessionfinish,
    pytest_terminal_summary,
    pytest_testnodedown,
)

if TYPE_CHECKING:
    from studio.testing.properties import (
        Happening,
        Invariant,
        Pause,
        Send,
        always_ends,
        check,
        event_sequences,
        never_more_than,
        no_message_after_exit,
    )
    from studio.testing.sent import Sent
    from studio.testing.snapshots import Snapshot
    from studio.testing.stubs import Call, Stub, StubFailed
    from studio.testing.verbs import Journeys, JourneyState

__all__ = [
    "Call",
    "Happening",
    "Invariant",
    "JourneyState",
    "Journeys",
    "Pause",
    "Send",
    "Sent",
    "Snapshot",
    "Stub",
    "StubFailed",
    "always_ends",
    "check",
    "event_sequences",
    "journeys",
    "never_more_than",
    "no_message_after_exit",
    "pytest_addoption",
    "pytest_collect_file",
    "pytest_configure",
    "pytest_runtest_call",
    "pytest_runtest_makereport",
    "pytest_sessionfinish",
    "pytest_terminal_summary",
    "pytest_testnodedown",
]

_PARTS = ("properties", "sent", "snapshots", "stubs", "verbs")


def __getattr__(name: str) -> Any:
    # Imported when it is asked for: pytest loads the plugin of every project, also of one without journeys.
    if name in __all__:
        for part in _PARTS:
            module = import_module(f"studio.testing.{part}")
            if hasattr(module, name):
                return getattr(module, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
