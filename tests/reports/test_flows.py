"""The ways between nodes: of each as many come as go."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from studio.reports.flows import flows
from studio.reports.reading import FunnelReader
from studio.store.views import Views
from tests.reports.journeys import play
from tests.reports.test_progress import parted, welcome


def test_of_each_node_as_many_come_as_go(tmp_path: Path) -> None:
    store = tmp_path / "s.db"
    sent = [("0s", user, "signup") for user in ("ada", "bob", "cy")]
    play(store, welcome, [*sent, ("1h", "ada", "opened"), ("2h", "bob", "unsubscribed")], until="4d")
    with Views(store) as views:
        reader = FunnelReader(views, "welcome")
        reader.read()
    keys = {node.number: node.key for node in reader.fold.nodes}
    found = flows(reader.fold.journeys.values())
    told = {
        (keys[f.source], keys[f.target] if isinstance(f.target, int) else f.target): f.journeys for f in found
    }
    assert told == {
        ("start", "step:greet#0"): 3,
        ("step:greet#0", "wait:opened#0"): 3,
        ("wait:opened#0", "completed"): 1,
        ("wait:opened#0", "exited"): 1,
        ("wait:opened#0", "step:remind#0"): 1,
        ("step:remind#0", "wait:opened#1"): 1,
        ("wait:opened#1", "inside"): 1,
    }
    came: Counter[int | str] = Counter()
    gone: Counter[int | str] = Counter()
    for flow in found:
        came[flow.target] += flow.journeys
        gone[flow.source] += flow.journeys
    assert all(came[number] == gone[number] for number in keys if number)


def test_members_of_a_group_are_no_stops_of_a_way(tmp_path: Path) -> None:
    store = tmp_path / "s.db"
    play(store, parted, [("0s", "ada", "begin"), ("1h", "ada", "tour")])
    with Views(store) as views:
        reader = FunnelReader(views, "parted")
        reader.read()
    fold = reader.fold
    members = {node.number for node in fold.nodes if fold.group_of(node) is not None}
    assert len(members) == 2
    stops = {each.source for each in flows(fold.journeys.values(), members)}
    assert stops == {0, next(node.number for node in fold.nodes if node.family == "any")}
