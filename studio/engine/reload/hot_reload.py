"""Hot reload, as an application asks for it of its engine: watch files, tell what a change means, do it."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from studio.engine.reload.migration import Swap
from studio.engine.reload.report import LIMIT_JOURNEYS, ReloadReport, report
from studio.errors import StudioError, WorkflowError
from studio.language.definition import Workflow
from studio.source.loader import Library, Loaded

if TYPE_CHECKING:
    from studio.source.watching import Watching

_log = logging.getLogger("studio")

Mode = Literal["auto", "ask"]
MODES = ("auto", "ask")
LOOK_SECONDS = 0.1
"""How long a reload that nobody is asked for looks beforehand at what it means."""
APPLY_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Reloaded:
    """What listeners are told: files were read again."""

    report: ReloadReport | None
    """What the change means; None when no workflow has changed."""
    done: bool
    """The new code runs; False: it waits for `reload`."""
    problems: tuple[WorkflowError, ...]
    """Files that do not load now."""


class Reloading(Protocol):
    """Whose loop goes over to other code."""

    @property
    def is_reloading(self) -> bool:
        """A reload is asked for, or under way."""

    @property
    def problem(self) -> str | None:
        """Why it is paused; None while it runs."""

    def stop_reload(self) -> bool:
        """Let those who have not gone over yet do so when something comes for them."""

    def go_on_reloading(self) -> bool:
        """Let them go over after all."""

    def swap(self, swap: Swap) -> Future[None]:
        """Go over to other workflows; done when they run."""


class HotReload:
    """The part of an `Engine` that goes over to edited files."""

    workflows: Mapping[str, Workflow]
    problems: list[WorkflowError]
    path: Path

    def _begin_reloads(self, library: Library, mode: Mode) -> None:
        if mode not in MODES:
            raise StudioError(f'reload is {mode!r}; use "auto" or "ask"')
        self._library = library
        self._mode = mode
        self._watching: Watching | None = None
        self._reloading = threading.RLock()
        self._reload_listeners: list[Callable[[Reloaded], None]] = []
        self._pending: tuple[ReloadReport, Loaded] | None = None
        self._told_problems: set[str] = set()
        self.prefer: Callable[[], Sequence[str]] = tuple
        """Gives the users whose journeys go over first: those that somebody looks at."""

    @property
    def _running(self) -> Reloading:
        raise NotImplementedError

    def _tell(self) -> None:
        raise NotImplementedError

    # -- watching --------------------------------------------------------------------------

    def watch(self, *, polling: bool | None = None) -> None:
        """Follow the workflow files from here on, until the engine stops.

        Each change is told first (`on_reload`), and then done; with `reload="ask"` the old code
        goes on until `reload` is called.

        Args:
            polling: look at the folders again and again; None: only where the system tells nothing.

        Raises:
            StudioError: the engine was given no files.
        """
        if not self._library.paths:
            raise StudioError(
                "there are no workflow files to watch", fix='Give the engine a folder: Engine("workflows").'
            )
        if self._watching is None:
            # Imported here: an engine that follows no files starts without it.
            from studio.source.watching import Watching

            self._watching = Watching(self._library, self._changed_on_disk, polling=polling)
            self._watching.start()
            # What was saved since the files were loaded.
            self._changed_on_disk()

    @property
    def watching(self) -> bool:
        """Whether the workflow files are followed."""
        return self._watching is not None

    @property
    def reloading(self) -> bool:
        """Whether some of those who wait are still to go over to new code."""
        return self._running.is_reloading

    def _stop_watching(self) -> None:
        watching, self._watching = self._watching, None
        if watching is not None:
            watching.stop()

    def on_reload(self, call: Callable[[Reloaded], None]) -> Callable[[], None]:
        """Have a function called in another thread when files were read again; gives back what ends that."""
        self._reload_listeners.append(call)

        def end() -> None:
            if call in self._reload_listeners:
                self._reload_listeners.remove(call)

        return end

    # -- reloading -------------------------------------------------------------------------

    @property
    def pending_reload(self) -> ReloadReport | None:
        """What the change means that waits for `reload`; None when none waits."""
        pending = self._pending
        return None if pending is None else pending[0]

    async def reload(self) -> ReloadReport | None:
        """Read the workflow files again and go over to them, also with `reload="ask"`.

        When this returns the new code runs; those who wait go over in the background.

        Returns:
            What it means for those who wait; None when no workflow has changed.

        Raises:
            StudioError: the engine was given no files, or is not running.
        """
        return await asyncio.to_thread(self.reload_now)

    async def stop_reload(self) -> bool:
        """Let those who have not gone over to other code yet do so when something comes for them.

        `reload`, a jump of the clock or the next start of an engine has all others go over.

        Returns:
            False when everyone has gone over, or time is virtual: before it is moved, all go over.
        """
        return self._running.stop_reload()

    def reload_now(self) -> ReloadReport | None:
        """`reload` for callers without an event loop."""
        if not self._library.paths:
            raise StudioError("there are no workflow files to reload")
        self._running.go_on_reloading()
        with self._reloading:
            pending, self._pending = self._pending, None
            loaded = self._library.load()
            known = pending[0] if pending is not None and pending[1].workflows == loaded.workflows else None
            return self._take(loaded, apply=True, known=known)

    def _reload_soon(self) -> None:
        """Another process asks: it is answered when the reload begins."""
        if not self._library.paths:
            raise StudioError("there are no workflow files to reload")
        threading.Thread(target=self._reload_quietly, name="reload", daemon=True).start()

    def _reload_quietly(self) -> None:
        try:
            self.reload_now()
        except StudioError:
            # The engine is stopping, or its disk is full, and it says so itself.
            _log.warning("the workflow files could not be reloaded", exc_info=True)

    def _changed_on_disk(self) -> None:
        with self._reloading:
            try:
                self._take(self._library.load(), apply=self._mode == "auto", known=None)
            except StudioError:
                if self._watching is not None:
                    raise

    def _take(self, loaded: Loaded, *, apply: bool, known: ReloadReport | None) -> ReloadReport | None:
        running = dict(self.workflows)
        before = list(self.problems)
        self.problems[:] = loaded.problems
        fresh = self._fresh_problems(loaded.problems)
        seconds = LOOK_SECONDS if self._mode == "auto" else None
        changes = {name: each.code for name, each in running.items()} != {
            name: each.code for name, each in loaded.workflows.items()
        }
        found: ReloadReport | None = None
        if changes:
            found = known or report(
                self.path, running, loaded.workflows, limit=LIMIT_JOURNEYS, seconds=seconds
            )
        if apply or not changes:
            # What is the same may still stand in another file now.
            self._pending = None
            self._apply(loaded, found, fresh)
        else:
            assert found is not None
            self._pending = (found, loaded)
            self._apply(Loaded(running, loaded.problems), None, fresh)
        if found is None and not fresh and loaded.problems == before and loaded.workflows == running:
            return None
        told = Reloaded(found, apply and changes, tuple(loaded.problems))
        for call in list(self._reload_listeners):
            try:
                call(told)
            except Exception:
                _log.exception("a function given to on_reload failed")
        self._tell()
        return found

    def _fresh_problems(self, problems: Iterable[WorkflowError]) -> list[WorkflowError]:
        """Files whose fault was not told yet; one that was mended is told again when it comes back."""
        # A folder without a file is no file that does not load: the faces say what to do there.
        files = [problem for problem in problems if (problem.path or "").endswith(".py")]
        fresh = [problem for problem in files if str(problem) not in self._told_problems]
        self._told_problems = {str(problem) for problem in files}
        return fresh

    def _apply(self, loaded: Loaded, found: ReloadReport | None, fresh: list[WorkflowError]) -> None:
        if found is None and not fresh and loaded.workflows == dict(self.workflows):
            return
        told = {name: found.facts(name) for name in found.changed} if found is not None else {}
        swap = Swap(dict(loaded.workflows), told, fresh, tuple(self.prefer()))
        try:
            self._running.swap(swap).result(APPLY_SECONDS)
        except FutureTimeout:
            why = self._running.problem or "it is busy"
            raise StudioError(
                f"the engine has not gone over to the new code within {APPLY_SECONDS:g} s ({why})",
                fix="It does so as soon as it can.",
            ) from None
        self.workflows = dict(loaded.workflows)
