"""The garbage collector during a batch: kept out of it where the process is the engine's own.

A batch makes some hundred thousand objects that live until it is written and then go by their counts;
the collector walked all of them time and again (a fifth of all time) and found nothing. But it is one for
the whole process: an application that has an engine among other things keeps it as it has set it.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_owners: list[str] = []


def own_process(who: str) -> None:
    """This process is there for its engine: from here on no batch is interrupted by the collector.

    Args:
        who: says so, for whoever looks at it: "journey-studio".
    """
    _owners.append(who)


def is_own_process() -> bool:
    """Whether this process is there for its engine."""
    return bool(_owners)


@contextmanager
def without_collection() -> Iterator[None]:
    """Keep the collector out meanwhile, where the process is the engine's own."""
    if not _owners or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
