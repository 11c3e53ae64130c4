"""From the entries of a history to the lines that a case is written in, whatever way they came."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from studio.clocks import durations
from studio.clocks.clock import to_ms
from studio.language import local_time

Json = dict[str, Any]

LEFT_OUT = ("workflow.loaded", "clock.moved")
MANY = 50
_PLACE = re.compile(r"[\w/.-]+\.py:\d+: ")


def lines(entries: Sequence[Json], start: int | None) -> list[str]:
    """The lines of a history.

    Args:
        entries: as `--json` prints them.
        start: the moment of +0s; None for real time, in which every moment is +0s.
    """
    kept = [e for e in entries if e["kind"] not in LEFT_OUT]
    journeys = {e["journey"] for e in kept if e["journey"]}
    users = {e["user"] for e in kept if e["user"]}
    events = {e["seq"]: e for e in kept if e["kind"] == "event"}
    found = []
    for e in kept:
        at = 0 if start is None else to_ms(datetime.fromisoformat(e["time"])) - start
        words = ["+" + durations.show(at)]
        if len(journeys) > 1 and e["kind"] != "event":
            words.append(e["journey"])
        words += _words(e, events, len(users) > 1)
        found.append(" ".join(word for word in words if word))
    return _collapsed(found)


def fits(wanted: str, got: str) -> bool:
    """Whether a line is the one that was written, "…" standing for any text."""
    if "…" not in wanted:
        return wanted == got
    return re.fullmatch(".*".join(map(re.escape, wanted.split("…"))), got, re.DOTALL) is not None


def _collapsed(found: list[str]) -> list[str]:
    result: list[str] = []
    for line, same in groupby(found):
        count = len(list(same))
        result += [f"{line} (many)"] if count > MANY else [line] * count
    return result


def _words(e: Json, events: dict[int, Json], users: bool) -> list[str]:
    kind, data = e["kind"], e["data"]
    facts = data if isinstance(data, dict) else {}
    group, _, what = kind.partition(".")
    if kind == "event":
        return [
            "event",
            e["name"],
            f"@{e['user']}" if users else "",
            "" if data is None else _json(data),
            f"id={e['id']}" if e.get("id") else "",
            f"from {e['journey']}" if e["journey"] else "",
        ]
    if kind == "log":
        level = e["level"]
        head = {"info": "log", "note": "note"}.get(level, f"log.{level}")
        return [head, f"({e['name']})" if e["name"] else "", e["message"]]
    if kind == "goal.met":
        return [kind, e["name"], durations.show(facts["took"]), *_credit(facts)]
    if kind == "journey.refused":
        return [kind, e["workflow"], facts["reason"], f"x{facts['count']}" if facts["count"] > 1 else ""]
    if group == "workflow":
        return [kind, e["workflow"], *_length(facts, "skip_late")]
    if group == "split" and not e.get("key"):
        return [kind, e["name"], facts["arm"]]
    if group == "journey":
        return [kind, *_journey(e, what, facts, events)]
    if group == "split":
        drawn = f"was {facts['was']}" if "was" in facts else "again" if "drawn" in facts else ""
        return [kind, e["key"].removeprefix("split:").removeprefix("split"), facts["arm"], drawn]
    if group == "message":
        return [kind, (e.get("key") or e["name"]).removeprefix("message:"), *_message(what, facts)]
    key = re.sub("^(wait:|wait(?==)|sleep|step:|step(?==)|message:)", "", e["key"] or "")
    if kind == "wait.moved" and "collect" in facts:
        (waits,) = facts["waits"].values()
        return [kind, key, "" if waits["timeout"] is None else durations.show(waits["timeout"])]
    if kind == "wait.moved":
        (waits,) = facts["waits"].values()
        return [kind, key, f"{facts['from']} to {waits['zone']}", durations.show(waits["duration"])]
    if facts.get("local"):
        return [kind, key, *_until(facts)]
    if group == "step":
        return [kind, key, *_step(what, facts)]
    return [kind, key, *_wait(what, facts, e["name"] in ("wait_any", "wait_all"))]


def _wait(what: str, facts: Json, group: bool) -> list[str]:
    if what == "opened":
        length = facts.get("timeout", facts.get("duration"))
        return [
            f"[{', '.join(facts['members'])}]" if group else "",
            _json(facts["match"]) if "match" in facts else "",
            "" if length is None else durations.show(length),
        ]
    if group and what != "closed":
        return [f"[{', '.join(facts['ended'])}]"]
    count = facts.get("count", 1)
    return [f"x{count}"] if count > 1 else []


def _message(what: str, facts: Json) -> list[str]:
    winner = facts.get("winner")
    later = f"{facts['winner'].get('workflow', '')}: {winner['message']}" if winner else ""
    told = {
        "asked": [facts.get("channel", "")],
        "started": [facts.get("channel", "")],
        "sent": [
            "rewound" if facts.get("rewound") else _json(facts.get("result")),
            "left" * facts.get("left", False),
        ],
        "deferred": [durations.show(facts.get("duration", 0)), facts.get("reason", "")],
    }
    return [*told.get(what, [facts.get("reason", "")]), f"after {later}" if later else ""]


def _credit(facts: Json) -> list[str]:
    return [f"by {facts['message']}"] if "message" in facts else []


def _until(facts: Json) -> list[str]:
    """ "9h until 09:00 mon-fri UTC from workflow"."""
    late, shifted = facts.get("late"), facts.get("shifted")
    return [
        "skipped" if facts.get("skipped") else durations.show(facts["duration"]),
        f"until {local_time.words(facts['local'])} {facts['zone']}",
        f"from {facts['zone_from']}",
        f"({facts['no_zone']} is none)" if "no_zone" in facts else "",
        f"shifted {durations.show(shifted)}" if shifted else "",
        f"late {durations.show(late)}" if late else "",
    ]


def _step(what: str, facts: Json) -> list[str]:
    if what == "started":
        attempt, start = facts.get("attempt", 1), facts.get("start", 1)
        return [f"attempt {attempt}" if attempt > 1 else "", f"start {start}" if start > 1 else ""]
    if what == "done":
        return [_json(facts["result"])]
    error = f"{facts['type']}: {facts['message']}"
    return [error + (f", {durations.show(facts['pause'])}" if what == "retry" else "")]


def _journey(e: Json, what: str, facts: Json, events: dict[int, Json]) -> list[str]:
    if what == "started":
        return [f"had {facts['had']['event']}" if "had" in facts else ""]
    if what == "pass":
        trigger = events.get(facts.get("trigger", 0))
        return [str(e["pass"]), f"by {trigger['name']}" if trigger else ""]
    if what == "completed":
        return [_json(facts["result"])]
    if what == "failed":
        message = _PLACE.sub("", facts.get("message", ""))
        source = facts.get("source")
        return [f"{facts['type']}: {message}", f"at {source}" if source else ""]
    if what == "resumed" and facts.get("void"):
        return [f"[{', '.join(facts['void'])}]"]
    if what == "exited":
        return _length(facts, "late")
    return [f"as ~{facts['as']}"] if what == "restarted" else []


def _length(facts: Json, name: str) -> list[str]:
    return [durations.show(facts[name])] if name in facts else []


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
