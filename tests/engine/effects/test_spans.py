"""Passes and steps as spans, as an exporter of OpenTelemetry's SDK gets them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanContext, StatusCode

from studio import Engine, Journey, StudioError, VirtualClock, incoming, workflow
from studio.engine.effects import spans as spans_module

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Traced:
    """A provider, and what came of it."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        self.provider = TracerProvider()
        self.provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.tracer = self.provider.get_tracer("the application")

    def spans(self, name: str) -> list[ReadableSpan]:
        """Those of a name that have ended, in their order."""
        return [span for span in self._exporter.get_finished_spans() if span.name == name]

    def one(self, name: str) -> ReadableSpan:
        (span,) = self.spans(name)
        return span


@pytest.fixture
def traced() -> Iterator[Traced]:
    made = Traced()
    yield made
    made.provider.shutdown()


def context(span: ReadableSpan) -> SpanContext:
    found: SpanContext | None = span.context
    assert found is not None
    return found


def causes(span: ReadableSpan) -> list[tuple[int, object]]:
    """The spans that one is linked to, each with what it says of the cause."""
    return [(link.context.span_id, (link.attributes or {})["journey_studio.cause"]) for link in span.links]


def said(span: ReadableSpan, name: str) -> object:
    return (span.attributes or {}).get(f"journey_studio.{name}")


async def test_a_pass_has_a_span_each_time_it_moves_with_a_link_to_its_cause(traced: Traced) -> None:
    def mail() -> str:
        with traced.tracer.start_as_current_span("smtp"):
            return "sent"

    @workflow(trigger="signup")
    async def welcome(journey: Journey) -> dict[str, bool]:
        await journey.step("mail", mail)
        active = await journey.wait_for("activated", timeout="3d")
        await journey.ingest("hello", {"a": 1})
        return {"active": bool(active)}

    @workflow(trigger="hello")
    async def second(journey: Journey) -> dict[str, bool]:
        return {"ok": True}

    async with Engine([welcome, second], clock=VirtualClock(), otel=traced.provider) as engine:
        with traced.tracer.start_as_current_span("POST /signup") as request:
            await engine.ingest("signup", "ada", {"plan": "pro"})
        await engine.run_until_idle()
        await engine.forward("3d")
    begun, waiting, timed_out = traced.spans("pass welcome")
    step, within, hello = traced.one("step mail"), traced.one("smtp"), traced.one("pass second")
    assert causes(begun) == [(request.get_span_context().span_id, "event")]
    assert (said(begun, "journey"), said(begun, "user"), said(begun, "pass")) == ("welcome/ada", "ada", 1)
    assert step.parent is not None
    assert step.parent.span_id == context(begun).span_id
    assert within.parent is not None
    assert within.parent.span_id == context(step).span_id
    assert (said(step, "attempt"), step.status.status_code) == (1, StatusCode.UNSET)
    # What ended the step drove it on to a wait, and the deadline of that drove it to its end.
    assert causes(waiting) == [(context(step).span_id, "step.done")]
    assert said(waiting, "waits_for") == ("activated",)
    assert causes(timed_out) == [(context(waiting).span_id, "wait.timeout")]
    assert said(timed_out, "outcome") == "completed"
    assert causes(hello) == [(context(timed_out).span_id, "event")]
    traces = {context(span).trace_id for span in (begun, waiting, timed_out, hello)}
    assert len(traces) == 4
    assert request.get_span_context().trace_id not in traces


async def test_what_fails_is_an_error_with_its_exception(traced: Traced) -> None:
    async def refuse() -> None:
        raise OSError("no mail server")

    @workflow(trigger="signup")
    async def welcome(journey: Journey) -> None:
        await journey.step("mail", refuse, retries=1, pause="1s")

    async with Engine(welcome, clock=VirtualClock(), otel=traced.provider) as engine:
        await engine.ingest("signup", "ada")
        await engine.forward("1m")
    attempts = traced.spans("step mail")
    assert [said(span, "attempt") for span in attempts] == [1, 2]
    for span in attempts:
        assert span.status.status_code is StatusCode.ERROR
        assert span.status.description == "OSError: no mail server"
        (event,) = span.events
        assert (event.attributes or {})["exception.type"] == "OSError"
    last = traced.spans("pass welcome")[-1]
    assert (said(last, "outcome"), last.status.status_code) == ("failed", StatusCode.ERROR)
    assert (last.events[0].attributes or {})["exception.type"] == "StepFailed"


async def test_a_trace_that_came_with_an_event_is_linked_to(traced: Traced) -> None:
    @workflow(trigger="signup")
    async def welcome(journey: Journey) -> dict[str, bool]:
        return {"ok": True}

    event = incoming("signup", "ada", extra={"traceparent": PARENT, "kept": 1})
    other = incoming("signup", "bob", extra={"traceparent": "nonsense"})
    async with Engine(welcome, otel=traced.provider) as engine:
        with traced.tracer.start_as_current_span("relay"):
            await engine.ingest_many([event, other])
    one, two = traced.spans("pass welcome")
    (link,) = one.links
    assert f"{link.context.trace_id:032x}-{link.context.span_id:016x}" == PARENT[3:-3]
    assert link.context.is_remote
    assert two.links == ()
    assert one.start_time is not None
    assert one.end_time is not None
    assert 0 <= one.end_time - one.start_time < 60_000_000_000


def test_an_engine_goes_on_behind_what_was_traced(traced: Traced, tmp_path: Path) -> None:
    @workflow(trigger="signup")
    async def welcome(journey: Journey) -> dict[str, bool]:
        return {"active": bool(await journey.wait_for("activated"))}

    store = tmp_path / "s.db"
    for name in ("signup", "activated"):
        with Engine(welcome, store=store, otel=traced.provider) as engine:
            engine.submit([incoming(name, "ada")]).result()
    first, then = traced.spans("pass welcome")
    assert said(first, "outcome") is None
    # Who waited was in another process's memory.
    assert (said(then, "outcome"), then.links) == ("completed", ())
    with Engine(welcome, store=store, otel=True) as engine:
        engine.submit([incoming("signup", "bob")]).result()
    assert len(traced.spans("pass welcome")) == 2, "no provider is set in this process"


def test_a_flood_is_traced_whole_and_little_is_kept(traced: Traced, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spans_module, "PAGE_ROWS", 7)
    monkeypatch.setattr(spans_module, "MOST_OPEN", 3)
    monkeypatch.setattr(spans_module, "MOST_KNOWN", 60)

    @workflow(trigger="signup")
    async def welcome(journey: Journey) -> dict[str, bool]:
        await journey.step("mail", str, "sent")
        return {"ok": True}

    with Engine(welcome, otel=traced.provider, durability="normal") as engine:
        engine.submit([incoming("signup", f"user{n}") for n in range(50)]).result()
    ended = [span for span in traced.spans("pass welcome") if said(span, "outcome") == "completed"]
    assert len({said(span, "journey") for span in ended}) == len(ended) == 50
    assert len(traced.spans("step mail")) == 50
    assert all(span.parent is not None for span in traced.spans("step mail"))


def test_without_it_nothing_of_opentelemetry_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    code = (
        "import sys\nfrom studio import Engine\nimport studio.cli.run\n"
        "with Engine(()): pass\n"
        "print(sorted(name for name in sys.modules if name.startswith('opentelemetry')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    monkeypatch.setattr("studio.source.extras.find_spec", lambda name: None)
    with pytest.raises(StudioError, match=r"pip install 'journey-studio\[otel\]'"):
        Engine((), otel=True)
    assert not trace.get_current_span().get_span_context().is_valid
