"""What commands share that let users go through versions of a workflow."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

from studio.cli.output import complain
from studio.cli.settings import Settings
from studio.errors import StudioError

if TYPE_CHECKING:
    from studio.language.definition import Workflow


def loaded_with(settings: Settings, name: str) -> dict[str, Workflow]:
    """The workflows of the folder, one of this name among them.

    Raises:
        StudioError: it is not there.
    """
    from studio.source import loader
    from studio.text.fuzzy_match import most_similar

    loaded = loader.load(settings.workflows)
    for problem in loaded.problems:
        complain(str(problem))
    found = dict(loaded.workflows)
    if name not in found:
        near = most_similar(name, found)
        fix = f"Did you mean {near}?" if near else f"There is: {', '.join(found) or 'none'}."
        raise StudioError(f"there is no workflow {name!r}", where=settings.workflows, fix=fix)
    return found


def stub_results(stubs: Sequence[str]) -> dict[str, Any]:
    """Results of steps by name, of `STEP=JSON`.

    Raises:
        EventError: a text says no such thing.
    """
    from studio.cli.no_steps import parse_stub

    return dict(map(parse_stub, stubs))


@contextmanager
def interruptible() -> Iterator[Callable[[], bool]]:
    """Gives whether ctrl+c was pressed; pressed again, it ends the process as it does by itself."""
    pressed = False

    def note(number: int, frame: FrameType | None) -> None:
        nonlocal pressed
        if pressed:
            raise KeyboardInterrupt
        pressed = True

    before = signal.signal(signal.SIGINT, note)
    try:
        yield lambda: pressed
    finally:
        signal.signal(signal.SIGINT, before)
