"""`/metrics` and `/healthz`, as Prometheus and those who watch over processes ask for them."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest
from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families as plain_metrics

from studio import incoming
from studio.engine.status import EngineStatus
from studio.web.ingest.server import IngestServer
from tests.docs.pages import ROOT
from tests.web.ingest.conftest import Client

pytestmark = pytest.mark.xdist_group("http")

NAME = re.compile(r"\bjourney_studio_\w+")
LABEL = re.compile(r"(\w+)=~?\"|by \(([\w, ]+)\)|\{\{(\w+)\}\}")


def scraped(client: Client) -> list[Metric]:
    """What Prometheus' own parser reads of the answer."""
    status, headers, text = client.send("/metrics", b"", {}, "GET")
    assert (status, headers["cache-control"]) == (200, "no-store")
    assert headers["content-type"].startswith("text/plain; version=")
    found: list[Metric] = list(plain_metrics(text))
    return found


def values(metrics: list[Metric]) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Each sample, by name and labels."""
    return {
        (sample.name.removeprefix("journey_studio_"), tuple(sorted(sample.labels.items()))): sample.value
        for metric in metrics
        for sample in metric.samples
    }


def test_prometheus_reads_how_journeys_and_the_engine_stand(client: Client) -> None:
    events = [incoming("signup", user) for user in ("ada", "bob")] + [incoming("activated", "ada")]
    client.engine.submit(events).result()
    found = values(scraped(client))
    of = ("workflow", "welcome")
    assert found["up", ()] == 1
    assert found["store_readable", ()] == 1
    assert found["users", ()] == 2
    assert found["events_total", ()] == 3
    assert found["journeys", (("status", "waiting"), of)] == 1
    assert found["journeys", (("status", "completed"), of)] == 1
    assert found["journeys", (("status", "failed"), of)] == 0
    assert found["journeys_started_total", (of,)] == 2
    assert found["waits", (of,)] == 1
    assert found["waits_overdue", (of,)] == 0
    assert found["queue_causes", ()] == found["steps_running", ()] == found["calls_stuck", ()] == 0
    assert found["batch_causes", ()] >= 1
    assert found["store_bytes", (("file", "store"),)] > 0


def test_open_metrics_is_given_to_those_who_ask_for_it(client: Client) -> None:
    accept = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"
    with urlopen(Request(f"http://127.0.0.1:{client.port}/metrics", headers={"Accept": accept})) as answer:
        assert answer.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
        text = answer.read().decode()
    found = values(list(open_metrics(text)))  # type: ignore[no-untyped-call]
    assert found["up", ()] == 1


def test_a_paused_engine_is_told_by_both(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert client.send("/healthz", b"", {}, "GET")[::2] == (
        200,
        {"state": "running", "problems": 0, "status": 200},
    )
    monkeypatch.setattr(client.engine, "status", lambda: EngineStatus("paused", "the disk is full", 7, 0, 0))
    status, headers, answer = client.send("/healthz", b"", {}, "GET")
    assert (status, answer["error"]) == (503, "The engine is paused: the disk is full")
    assert headers["retry-after"] == "1"
    found = values(scraped(client))
    assert (found["up", ()], found["queue_causes", ()]) == (0, 7)


def test_an_engine_that_is_gone_is_told_by_both(client: Client) -> None:
    client.engine.stop_now()
    status, _, answer = client.send("/healthz", b"", {}, "GET")
    assert status == 503
    assert answer["error"].startswith("The engine is stopped: ")
    found = values(scraped(client))
    assert found["up", ()] == 0


def test_where_no_engine_runs_metrics_say_so_and_health_is_503() -> None:
    server = IngestServer(lambda: None)
    taker = Client.__new__(Client)
    taker.port = urlsplit(server.start("127.0.0.1", 0)).port or 0
    try:
        assert values(scraped(taker)) == {("up", ()): 0}
        assert taker.send("/healthz", b"", {}, "GET")[0] == 503
    finally:
        server.stop()


def test_they_are_for_looking_and_not_for_pages_of_other_sites(client: Client) -> None:
    for path in ("/healthz", "/metrics"):
        assert client.send(path, b"", {}, "POST")[0] == 405
        assert client.send(path, b"", {"Origin": "https://evil.example"}, "GET")[0] == 403
        assert client.send(f"{path}/", b"", {}, "GET")[0] == 200


def test_without_the_client_of_prometheus_it_says_what_to_install(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studio.source.extras.find_spec", lambda name: None)
    monkeypatch.delitem(sys.modules, "studio.web.ingest.metrics", raising=False)
    status, _, answer = client.send("/metrics", b"", {}, "GET")
    assert status == 501
    assert "pip install 'journey-studio[metrics]'" in answer["error"]
    assert client.send("/healthz", b"", {}, "GET")[0] == 200


# -- the dashboard -------------------------------------------------------------------------------


def queries(board: Any) -> Iterator[str]:
    """Every query of a dashboard: of its panels, and of the lists above them."""
    for each in board["panels"]:
        for target in each["targets"]:
            yield target["expr"] + target["legendFormat"]
    for each in board["templating"]["list"]:
        yield each["query"]


def test_the_dashboard_asks_for_metrics_and_labels_that_exist(client: Client) -> None:
    client.engine.submit([incoming("signup", "ada")]).result()
    # A deadline stands in the store only where somebody waits for one.
    known = {"journey_studio_next_deadline_seconds"}
    labels = {"instance", "job"}
    for metric in scraped(client):
        known |= {sample.name for sample in metric.samples}
        labels |= {label for sample in metric.samples for label in sample.labels}
    board = json.loads((ROOT / "docs" / "grafana-dashboard.json").read_text(encoding="utf-8"))
    asked = [name for query in queries(board) for name in NAME.findall(query)]
    assert len(set(asked)) > 15
    assert set(asked) - known == set()
    used = {part for query in queries(board) for found in LABEL.findall(query) for part in found if part}
    assert {word for part in used for word in part.split(", ")} - labels == set()


def test_panels_of_the_dashboard_do_not_lie_over_each_other() -> None:
    board = json.loads((ROOT / "docs" / "grafana-dashboard.json").read_text(encoding="utf-8"))
    cells: set[tuple[int, int]] = set()
    for each in board["panels"]:
        place = each["gridPos"]
        across = range(place["x"], place["x"] + place["w"])
        own = {(x, y) for x in across for y in range(place["y"], place["y"] + place["h"])}
        assert not own & cells
        assert max(across) < 24
        cells |= own
    assert len({each["id"] for each in board["panels"]}) == len(board["panels"])
