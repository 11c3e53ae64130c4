"""What journeys do, as spans of OpenTelemetry.

A pass that waits for days is no span: nobody would see it before it has ended. So there is one each time that
a pass moves, for the cause that moved it, with a link to where that cause comes from: the request that sent
the event, the pass that sent it or began to wait, the step that ended. A step is a span below the pass that
started it, and what its function traces is below that.

Passes are read from the history once they are durable, in a thread of their own: an engine that is traced
waits for nobody. Only OpenTelemetry's API is used; where spans go is up to the application.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from opentelemetry import context, trace
from opentelemetry.context import Context
from opentelemetry.trace import Link, NonRecordingSpan, SpanContext, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from studio.engine.effects.inherited_context import start_outside
from studio.errors import StoreError
from studio.events.trace_context import mark, trace_of
from studio.language.commands import key_text
from studio.store.views import Views

if TYPE_CHECKING:
    from opentelemetry.trace import Span, TracerProvider
    from opentelemetry.util.types import AttributeValue

    from studio.engine.work.attempt_result import AttemptResult
    from studio.kernel.records import Launch
    from studio.language.incoming import Incoming
    from studio.store.records import Entry

NAME = "journey-studio"
PREFIX = "journey_studio."
PAGE_ROWS = 1_000
MOST_KNOWN = 20_000
"""Waits, events and steps whose span is remembered for a link; of more the oldest are forgotten."""
MOST_OPEN = 2_000
"""Passes that stand open while a flood is read."""
NEAR_MS = 60_000
"""A moment of the history this near to now is of the wall's clock, and a span may begin then."""
END_SECONDS = 5.0

OPENED = frozenset({"wait.opened", "sleep.opened", "group.opened", "message.deferred"})
STEP_ENDED = frozenset({"step.done", "step.failed"})
OUTCOMES = {
    "journey.completed": "completed",
    "journey.failed": "failed",
    "journey.exited": "exited",
    "journey.cancelled": "cancelled",
}

_log = logging.getLogger("studio")
_w3c = TraceContextTextMapPropagator()
K = TypeVar("K")
V = TypeVar("V")


class _Newest(OrderedDict[K, V]):
    """Remembers the newest, and no more than so many."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def __setitem__(self, key: K, value: V) -> None:
        super().__setitem__(key, value)
        if len(self) > self._most:
            self.popitem(last=False)


@dataclass(slots=True)
class _PassSpan:
    """A pass, as it moves for one cause."""

    span: Span
    entries: list[Entry] = field(default_factory=list)

    @property
    def context(self) -> SpanContext:
        return self.span.get_span_context()


class Spans:
    """Makes the spans of one engine.

    Args:
        provider: where spans go; the one that the application has set when not given.
    """

    def __init__(self, provider: TracerProvider | None = None) -> None:
        self._tracer = trace.get_tracer(NAME, tracer_provider=provider)
        self._lock = threading.Lock()
        self._open: OrderedDict[tuple[str, int], _PassSpan] = OrderedDict()
        """By journey and cause."""
        self._ended: _Newest[tuple[str, int], SpanContext] = _Newest(MOST_KNOWN)
        """Passes whose entries were read, before a step that they started has begun."""
        self._sources: _Newest[int, SpanContext] = _Newest(MOST_KNOWN)
        """Who sent an event, by its seq."""
        self._waits: _Newest[tuple[str, str], SpanContext] = _Newest(MOST_KNOWN)
        """Who began to wait, by journey and key."""
        self._steps: _Newest[tuple[str, str], SpanContext] = _Newest(MOST_KNOWN)
        """Steps, by journey and key."""
        self._changed = threading.Event()
        self._ending = False
        self._thread: threading.Thread | None = None
        self._after = 0

    # -- the engine ------------------------------------------------------------------------

    def prepare(self, path: Path) -> None:
        """See how far the history has come before the engine goes on with it."""
        self._after = 0
        if path.exists():
            with Views(path) as views:
                self._after = views.last_seq()

    def start(self, path: Path) -> None:
        """Read what becomes durable from here on."""
        self._ending = False
        self._thread = threading.Thread(target=self._follow, args=(path,), name="journey-spans", daemon=True)
        start_outside(self._thread)

    def tell(self) -> None:
        """Something was committed. May be called by any thread."""
        self._changed.set()

    def stop(self) -> None:
        """Read what is left, and end all spans of passes."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self._ending = True
        self._changed.set()
        thread.join(END_SECONDS)

    def mark(self, events: Sequence[Incoming]) -> None:
        """Keep beside events which span of the caller's they come from."""
        if not trace.get_current_span().get_span_context().is_valid:
            return
        carrier: dict[str, str] = {}
        _w3c.inject(carrier)
        for event in events:
            mark(event, trace_of(carrier))

    # -- steps -----------------------------------------------------------------------------

    def step_began(self, launch: Launch) -> Span:
        """A step's function is about to be called in this context, which is its own."""
        info, key = launch.info, key_text(launch.command.key)
        with self._lock:
            started_by = self._started_by(launch)
        span = self._tracer.start_span(
            f"step {info.name}",
            context=started_by,
            attributes={
                f"{PREFIX}journey": info.journey,
                f"{PREFIX}step": info.name,
                f"{PREFIX}attempt": info.attempt,
            },
        )
        with self._lock:
            self._steps[info.journey, key] = span.get_span_context()
        # Never detached: the context ends with the thread's job, or with the task.
        context.attach(trace.set_span_in_context(span))
        return span

    def step_ended(self, span: Span, result: AttemptResult) -> None:
        """It has ended, with this."""
        if result.result is None:
            said = {"exception.type": result.type, "exception.message": result.message}
            span.add_event("exception", {**said, "exception.stacktrace": result.traceback})
            span.set_status(Status(StatusCode.ERROR, f"{result.type}: {result.message}"))
        span.end()

    def _started_by(self, launch: Launch) -> Context:
        """The pass that started a step; empty where that was in another process."""
        which = (launch.info.journey, launch.cause)
        if (ended := self._ended.get(which)) is not None:
            return trace.set_span_in_context(NonRecordingSpan(ended), Context())
        if which not in self._open and launch.start <= self._after:
            return Context()
        return trace.set_span_in_context(self._pass_span(*which, launch.at).span, Context())

    # -- passes ----------------------------------------------------------------------------

    def _follow(self, path: Path) -> None:
        """Read the history as it grows, until the engine ends."""
        try:
            with Views(path) as views:
                ending = False
                while not ending:
                    self._changed.wait()
                    self._changed.clear()
                    # Asked first: what was written before the end is still read after it.
                    ending = self._ending
                    self._read(views)
        except StoreError as error:
            # The store is gone or cannot be read: the engine says so, too.
            _log.warning("passes are not traced any more: %s", error)
        finally:
            self._end_passes(0)
            for of in self._open.values():
                # Of a batch that could not be read.
                of.span.end()
            self._open.clear()

    def _read(self, views: Views) -> None:
        """Make spans of what is new."""
        while page := views.entries(after=self._after, limit=PAGE_ROWS):
            outside = [e.seq for e in page if e.kind == "event" and e.journey is None]
            beside = views.given_with(outside) if outside else {}
            with self._lock:
                for seq, given in beside.items():
                    self._note_sender(seq, trace_of(given.get("extra") or {}))
                for entry in page:
                    self._take(entry)
                self._after = page[-1].seq
            # A batch may go on in the next page; behind the last one all have ended.
            self._end_passes(MOST_OPEN if len(page) == PAGE_ROWS else 0)
        newest = views.last_seq()
        # Less than before after a rewind.
        self._after = min(self._after, newest)

    def _note_sender(self, seq: int, carrier: dict[str, str]) -> None:
        if carrier:
            sender = trace.get_current_span(_w3c.extract(carrier, Context())).get_span_context()
            if sender.is_valid:
                self._sources[seq] = sender

    def _take(self, entry: Entry) -> None:
        if entry.journey is None or entry.workflow is None:
            return
        if entry.kind == "step.retry":
            return
        cause = entry.seq if entry.cause is None else entry.cause
        of = self._pass_span(entry.journey, cause, entry.at)
        if not of.entries and (link := self._link_of(entry, cause)) is not None:
            of.span.add_link(link.context, link.attributes)
        of.entries.append(entry)
        if entry.kind in OPENED and entry.key is not None:
            self._waits[entry.journey, entry.key] = of.context
        elif entry.kind == "event":
            self._sources[entry.seq] = of.context

    def _link_of(self, entry: Entry, cause: int) -> Link | None:
        """Where the cause of a pass's first entry comes from; None when that is not known."""
        kind = "event"
        found: SpanContext | None
        if cause != entry.seq:
            found = self._sources.get(cause)
        else:
            kind, where = entry.kind, (entry.journey or "", entry.key or "")
            found = self._steps.pop(where, None) if kind in STEP_ENDED else self._waits.pop(where, None)
        return None if found is None else Link(found, {f"{PREFIX}cause": kind})

    def _pass_span(self, journey: str, cause: int, at: int) -> _PassSpan:
        """The span of a pass, begun now where it is not; whoever comes first begins it."""
        if (known := self._open.get((journey, cause))) is None:
            workflow = journey.partition("/")[0]
            span = self._tracer.start_span(
                f"pass {workflow}",
                context=Context(),
                attributes={f"{PREFIX}workflow": workflow, f"{PREFIX}journey": journey},
                start_time=_start_ns(at),
            )
            known = self._open[journey, cause] = _PassSpan(span)
        return known

    def _end_passes(self, keep: int) -> None:
        """End those whose entries are read, but for the newest so many."""
        with self._lock:
            ready = [which for which, of in self._open.items() if of.entries]
            gone = {which: self._open.pop(which) for which in ready[: max(0, len(ready) - keep)]}
            for which, of in gone.items():
                self._ended[which] = of.context
        for of in gone.values():
            _finish(of)


def _finish(of: _PassSpan) -> None:
    """Say of a span what its entries say, and end it."""
    span, last = of.span, of.entries[-1]
    said: dict[str, AttributeValue] = {f"{PREFIX}entry": of.entries[0].seq}
    if last.workflow is not None:
        span.update_name(f"pass {last.workflow}")
        said[f"{PREFIX}workflow"] = last.workflow
    if last.user is not None:
        said[f"{PREFIX}user"] = last.user
    if last.pass_number is not None:
        said[f"{PREFIX}pass"] = last.pass_number
    waits = [entry.name or entry.kind.partition(".")[0] for entry in of.entries if entry.kind in OPENED]
    if waits:
        said[f"{PREFIX}waits_for"] = waits
    for entry in of.entries:
        if (outcome := OUTCOMES.get(entry.kind)) is None:
            continue
        said[f"{PREFIX}outcome"] = outcome
        if outcome == "failed":
            facts = entry.data if isinstance(entry.data, dict) else {}
            span.add_event(
                "exception",
                {
                    "exception.type": str(facts.get("type", "")),
                    "exception.message": str(facts.get("message", "")),
                    "exception.stacktrace": str(facts.get("traceback", "")),
                },
            )
            span.set_status(Status(StatusCode.ERROR, entry.message))
    span.set_attributes(said)
    span.end()


def _start_ns(at: int) -> int | None:
    """When a span begins whose cause has this moment; None for now: in moved time that moment is not here."""
    ago = time.time_ns() // 1_000_000 - at
    return at * 1_000_000 if 0 <= ago < NEAR_MS else None
