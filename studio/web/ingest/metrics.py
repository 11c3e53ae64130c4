"""How an engine and its store get on, in Prometheus' form: what `GET /metrics` answers.

All numbers come from the counts that the engine keeps, so a look costs the same for a big store as for an
empty one. The names are public: a dashboard asks for them (docs/grafana-dashboard.json).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from studio.engine.local import LocalEngine
from studio.errors import StoreError
from studio.store.status import StoreStatus, status
from studio.wording.times import OVERDUE_MS

if TYPE_CHECKING:
    from studio.engine.client import EngineClient
    from studio.store.view_charts import WorkflowCounts

PREFIX = "journey_studio_"
SECOND = 1000


def exposition(client: EngineClient | None, accept: str) -> tuple[bytes, str]:
    """All metrics, as the scraper asks for them.

    Args:
        client: the engine; None when none runs here.
        accept: the request's header of that name, which tells OpenMetrics from the plain form.

    Returns:
        The body, and its content type. Where the store cannot be read it tells what is known without it.
    """
    encode, content_type = choose_encoder(accept)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Found(list(metrics_of(client))))
    body: bytes = encode(registry)
    return body, content_type


def metrics_of(client: EngineClient | None) -> Iterator[Metric]:
    """The metrics of an engine and its store."""
    yield _gauge(
        "up", "1 while the engine takes events, 0 while it is paused or gone.", is_up := _is_up(client)
    )
    if client is None:
        return
    yield _gauge(
        "workflow_problems", "Workflow files that do not load, and other problems.", len(client.problems)
    )
    try:
        found = status(client.path)
        with client.look() as views:
            counts = views.workflow_counts(found.now - OVERDUE_MS)
    except StoreError:
        yield _gauge("store_readable", "1 when the store could be read for this answer.", 0)
        return
    yield _gauge("store_readable", "1 when the store could be read for this answer.", 1)
    yield from _of_store(found)
    yield from _of_workflows(counts)
    yield from _of_engine(client, found, bool(is_up))


def _is_up(client: EngineClient | None) -> int:
    return int(client is not None and client.trouble() is None)


def _of_store(found: StoreStatus) -> Iterator[Metric]:
    yield _gauge("users", "Users that the store knows.", found.totals.users)
    yield _counter("events", "Events in the history; a rewind or prune takes some.", found.totals.events)
    yield _counter("entries", "Number of the newest entry of the history.", found.entry)
    yield _gauge("inbox_events", "Events in the inbox that no engine has taken in yet.", found.left.events)
    yield _gauge("refused_events", "Events that were refused and are kept aside.", found.refused.kept)
    yield _gauge("refused_turns", "Turns of another driver that could not be taken.", found.turns_refused)
    yield _gauge("steps_on_hold", "Steps that wait for a yes after a rewind.", found.held)
    size = GaugeMetricFamily(f"{PREFIX}store_bytes", "Size of the store on disk.", labels=["file"])
    size.add_metric(["store"], found.size)
    size.add_metric(["wal"], found.wal)
    yield size
    yield _gauge("clock_seconds", "The store's time, in seconds since 1970.", found.now / SECOND)
    if found.next_due is not None:
        due = found.next_due / SECOND
        yield _gauge("next_deadline_seconds", "The nearest deadline, in seconds since 1970.", due)


def _of_workflows(counts: Sequence[WorkflowCounts]) -> Iterator[Metric]:
    journeys = GaugeMetricFamily(
        f"{PREFIX}journeys",
        "Journeys by status: waiting, idle, failed, completed, or left (exited or cancelled).",
        labels=["workflow", "status"],
    )
    started = CounterMetricFamily(f"{PREFIX}journeys_started", "Journeys that began.", labels=["workflow"])
    waits = GaugeMetricFamily(f"{PREFIX}waits", "Open waits, sleeps and steps.", labels=["workflow"])
    overdue = GaugeMetricFamily(
        f"{PREFIX}waits_overdue",
        "Waits that were due more than ten seconds ago.",
        labels=["workflow"],
    )
    for each in counts:
        for name in ("waiting", "idle", "failed", "completed", "left"):
            journeys.add_metric([each.name, name], getattr(each, name))
        started.add_metric([each.name], each.entered)
        waits.add_metric([each.name], each.waits)
        overdue.add_metric([each.name], each.overdue)
    yield from (journeys, started, waits, overdue)


def _of_engine(client: EngineClient, found: StoreStatus, is_up: bool) -> Iterator[Metric]:
    if isinstance(client, LocalEngine):
        # Only the engine of this process knows how it stands at this moment; `metrics` is of its last batch.
        now = client.engine.status()
        yield _gauge("queue_causes", "Events, results and acts that wait to be handled.", now.queue)
        yield _gauge("steps_running", "Steps that run now.", now.steps)
        stuck = len(now.stuck)
    else:
        stuck = len(found.stuck)
    yield _gauge("calls_stuck", "Steps and hooks that have not come back for ten seconds.", stuck)
    if found.metrics is None or not is_up:
        return
    last = found.metrics
    yield _gauge("batch_seconds", "When the newest batch was told of, seconds since 1970.", last.at / SECOND)
    yield _gauge("batch_causes", "Events, timers, results and acts in that batch.", last.batch)
    yield _gauge("causes_per_second", "The rate at which causes were handled then.", last.rate)
    late = last.late_ms / SECOND
    yield _gauge("timer_late_seconds", "By how much the latest timer was served late then.", late)


def _gauge(name: str, says: str, value: float) -> Metric:
    return GaugeMetricFamily(PREFIX + name, says, value=value)


def _counter(name: str, says: str, value: float) -> Metric:
    return CounterMetricFamily(PREFIX + name, says, value=value)


class _Found(Collector):
    """What was found, as a registry asks for it."""

    def __init__(self, metrics: list[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> list[Metric]:
        return self._metrics
