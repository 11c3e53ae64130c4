"""A funnel as one JSON object, and its nodes as rows."""

from __future__ import annotations

from typing import Any

from studio.reports.funnel import DAY_MS, SHARES_DAYS, Funnel, NodeCounts
from studio.reports.survival import Curve, Share

MOST_STEPS = 400
"""Of a curve; a longer one is thinned out, its last step kept."""


def as_json(funnel: Funnel) -> dict[str, Any]:
    """The funnel of one cohort. Moments and durations are milliseconds, shares from 0 to 1."""
    curve = funnel.curve
    return {
        "workflow": funnel.workflow,
        "group": funnel.group,
        "entered": funnel.entered,
        "ended": dict(funnel.ended),
        "failures": dict(funnel.failures),
        "waiting": funnel.waiting,
        "idle": funnel.idle,
        "nodes": [node_as_json(node) for node in funnel.nodes],
        "outcome": {
            "name": funnel.outcome,
            "reached": funnel.reached,
            "by_day": {str(day): _share(curve.reached_by(day * DAY_MS)) for day in SHARES_DAYS},
            "p50_ms": curve.quantile_ms(0.5),
            "p90_ms": curve.quantile_ms(0.9),
            "windows_over": funnel.finished,
            "reached_in_windows_over": funnel.finished_reached,
            "curve": _steps(curve),
        },
        "refused": {
            reason: {"times": times, "users": users} for reason, (times, users) in funnel.refused.items()
        },
        "holdouts": list(funnel.holdouts),
        "messages": {
            "journeys_with": list(funnel.messages_each),
            "most": funnel.most_messages,
            "held": dict(funnel.held),
            "sent_by_weekday_and_hour": [[day, hour, n] for (day, hour), n in sorted(funnel.sent_at.items())],
        },
    }


def node_as_json(node: NodeCounts) -> dict[str, Any]:
    """The counts of one node; `entered` is `moved_on`, all of `left`, and `inside`."""
    return {
        "key": node.key,
        "kind": node.family,
        "name": node.name,
        "line": node.line,
        "group": node.group,
        "entered": node.entered,
        "moved_on": node.moved_on,
        "matched": node.matched,
        "timed_out": node.missed,
        "closed": node.closed,
        "left": dict(node.left),
        "inside": node.inside,
        "visits": node.visits,
    }


def _share(share: Share | None) -> dict[str, float | None] | None:
    return None if share is None else {"share": share.value, "low": share.low, "high": share.high}


def _steps(curve: Curve) -> list[list[float]]:
    """Milliseconds after entry, and the share that has got there by then."""
    steps = curve.steps
    kept = steps[:: max(1, len(steps) // MOST_STEPS)]
    if steps and kept[-1] is not steps[-1]:
        kept = (*kept, steps[-1])
    return [[step.at_ms, step.reached] for step in kept]
