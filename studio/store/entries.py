"""Rows of the history as people read them: from integers to an `Entry`.

The statements of `views.py` select `COLUMNS` from `JOINS`; `entry` turns such a row
into a record. One place, because every face and every stream shows the same entry.
"""

from __future__ import annotations

import json
from typing import Any

from studio.clocks import durations
from studio.clocks.clock import iso
from studio.language import local_time
from studio.language.commands import Key, key_text
from studio.language.journey_ids import shown_id
from studio.language.kinds import KIND_TEXT, LEVEL_OF, OF_WORKFLOWS, Kind
from studio.store.records import Entry
from studio.store.schema import ID_BOUNDS

# The entry is one a day, and the events that were refused carry it, too: how many they were.
_REFUSED_COUNT = f"""
CASE WHEN h.kind = {Kind.REFUSED} THEN (
    SELECT count(*) FROM history r JOIN json_each(r.meta, '$.refused') x
    WHERE r.user = h.user AND r.kind = {Kind.EVENT} AND r.seq >= h.cause
        AND r.at < json_extract(h.data, '$.until') AND instr(r.meta, '"refused":')
        AND x.key = e.text AND x.value = json_extract(h.data, '$.reason')
) END
"""
COLUMNS = f"""
    h.seq, h.at, h.kind, u.name, w.text, o.name, j.key, j.n, h.pass, e.text, h.n, p.text,
    h.cause, c.hash, h.late, h.id, h.data, j.id, {ID_BOUNDS}, {_REFUSED_COUNT}
"""
"""What `entry` takes, in order."""

# LEFT JOIN: the history leads, and each other table is one look-up by its key.
# `o` is the journey's user: an event that a journey sent to another user is about `u`.
JOINS = """
LEFT JOIN main.users u ON u.id = h.user
LEFT JOIN main.journeys j ON j.id = h.journey
LEFT JOIN main.users o ON o.id = j.user
LEFT JOIN names w ON w.id = j.workflow
LEFT JOIN names e ON e.id = h.name
LEFT JOIN names p ON p.id = h.place
LEFT JOIN codes c ON c.id = h.code
"""

LOG_KINDS = frozenset(LEVEL_OF)
WORKFLOW_KINDS = frozenset((*OF_WORKFLOWS, Kind.REFUSED))
"""Of no journey; their name is the workflow's."""
STEP_KINDS = frozenset((Kind.STEP_STARTED, Kind.STEP_RETRY, Kind.STEP_DONE, Kind.STEP_FAILED))
MESSAGE_KINDS = frozenset(
    (
        *(Kind.MESSAGE_ASKED, Kind.MESSAGE_DEFERRED, Kind.MESSAGE_SENT),
        *(Kind.MESSAGE_DROPPED, Kind.MESSAGE_WITHHELD),
    )
)
# Kinds whose name is the workflow's, which an entry says elsewhere.
JOURNEY_KINDS = frozenset(range(Kind.STARTED, Kind.MOVED + 1))


_MOVED = {
    "deadline": "new deadline",
    "match": "other match",
    "path": "other path",
    "fails": "fails by the new code",
}


def entry(row: tuple[Any, ...]) -> Entry:
    """The record of a row of `COLUMNS`."""
    (
        seq, at, kind, user, workflow, owner, journey_key, journey_n, pass_number, name, n, place,
        cause, code, late, id, text, number, bounds, refused,
    ) = row  # fmt: skip
    journey = None if owner is None else shown_id(workflow, owner, journey_key, journey_n, number, bounds)
    if kind in LOG_KINDS:
        data, message = None, text or ""
    else:
        data = _json(text)
        message = _message(kind, data)
    if kind == Kind.REFUSED and isinstance(data, dict):
        data["count"] = max(1, refused)
        message = _message(kind, data)
    if kind in WORKFLOW_KINDS:
        workflow, name = name, None
    elif kind in JOURNEY_KINDS:
        name = None
    return Entry(
        seq=seq,
        at=at,
        kind=KIND_TEXT.get(kind, f"kind {kind}"),
        user=user,
        workflow=workflow,
        journey=journey,
        pass_number=pass_number,
        name=name,
        key=key_of(kind, name, n, data),
        line=place or _line(kind, data),
        message=message,
        data=data,
        level=LEVEL_OF.get(kind),
        cause=cause,
        code=code,
        late_ms=late or 0,
        id=id,
    )


def key_of(kind: int, name: str | None, n: int | None, data: Any) -> str | None:
    """What a command is found by: "wait:app/login#0"; None for what is no command's."""
    if n is None:
        return None
    found: Key
    if kind in (Kind.EVENT, Kind.EVENT_DUPLICATE):
        found = ("ingest", name or "", n)
    elif Kind.WAIT_OPENED <= kind <= Kind.WAIT_CLOSED or (
        kind == Kind.WAIT_MOVED and isinstance(data, dict) and "collect" in data
    ):
        found = ("wait", name or "", n)
    elif Kind.GROUP_OPENED <= kind <= Kind.GROUP_CLOSED:
        found = ("any" if name == "wait_any" else "all", "", n)
    elif Kind.SLEEP_OPENED <= kind <= Kind.SLEEP_CLOSED or kind == Kind.WAIT_MOVED:
        found = ("sleep", "", n)
    elif kind == Kind.SPLIT:
        found = ("split", name or "", n)
    elif kind in MESSAGE_KINDS:
        found = ("message", name or "", n)
    elif kind in STEP_KINDS:
        once = isinstance(data, dict) and data.get("once") is True
        sends = isinstance(data, dict) and "channel" in data and kind != Kind.STEP_DONE
        found = ("once" if once else "message" if sends else "step", name or "", n)
    else:
        return None
    if n < 0:
        given = data.get("id", "") if isinstance(data, dict) else ""
        found = (found[0], f"={given}", n)
    return key_text(found)


def _json(text: str | None) -> Any:
    if text is None:
        return None
    try:
        return json.loads(text)
    except ValueError:
        # Written by another hand: shown as it is, for a look must not fail.
        return text


def _line(kind: int, data: Any) -> str | None:
    """Where a failure says it happened; its entry has no place of its own."""
    if not isinstance(data, dict):
        return None
    if kind == Kind.FAILED:
        return data.get("line") or None
    if kind == Kind.WORKFLOW_FAILED and data.get("file"):
        return f"{data['file']}:{data['line']}" if data.get("line") else str(data["file"])
    return None


def _message(kind: int, data: Any) -> str | None:
    """A few words for what is no log entry, where there are some."""
    if not isinstance(data, dict):
        return None
    if kind == Kind.HOOK_FAILED:
        return f"{data.get('hook')} failed: {data.get('type')}: {data.get('message')}"
    if kind in (Kind.FAILED, Kind.STEP_FAILED, Kind.STEP_RETRY):
        what, why = data.get("type") or "", data.get("message") or ""
        return f"{what}: {why}" if what and why else what or why or None
    if kind == Kind.EVENT_DUPLICATE:
        return f"the id {data.get('id')} was taken before"
    if kind == Kind.SPLIT:
        return _drawn(data)
    if kind == Kind.STARTED and isinstance(had := data.get("had"), dict):
        return f"had {had.get('event')} already, on {iso(had['at'])[:10]}"
    if kind in (Kind.MESSAGE_DEFERRED, Kind.MESSAGE_DROPPED, Kind.MESSAGE_WITHHELD):
        return _kept_back(data)
    if kind == Kind.MESSAGE_SENT and data.get("rewound"):
        return "before a rewind"
    if kind == Kind.REFUSED:
        count = data.get("count", 1)
        return f"{data.get('reason')}" + (f" ({count:,} times)" if count > 1 else "")
    if kind == Kind.GOAL and isinstance(data.get("took"), int):
        return f"after {durations.show(data['took'])}"
    if kind == Kind.WORKFLOW_FAILED:
        return data.get("message")
    if kind == Kind.WORKFLOW_LOADED:
        return data.get("summary")
    if kind in (Kind.WORKFLOW_PAUSED, Kind.WORKFLOW_UNPAUSED):
        return _paused(data)
    if kind == Kind.EXITED and isinstance(data.get("late"), int):
        return f"{durations.show(data['late'])} late when {data.get('reason')}"
    if kind == Kind.MOVED:
        return _MOVED.get(str(data.get("what")))
    if kind == Kind.COMPLETED and "result" in data:
        return json.dumps(data["result"], ensure_ascii=False)
    if kind == Kind.SLEEP_OPENED and isinstance(data.get("duration"), int):
        return ", ".join((durations.show(max(0, data["duration"])), *_until(data), *_late(data)))
    if kind == Kind.SLEEP_DONE and data.get("skipped"):
        return ", ".join(("skipped", *_until(data), *_late(data)))
    if kind == Kind.WAIT_MOVED and "collect" in data:
        lengths = [each.get("timeout") for each in data.get("waits", {}).values()]
        return "".join(f"collects for {durations.show(each)}" for each in lengths if isinstance(each, int))
    if kind == Kind.WAIT_MOVED:
        time = local_time.words(data.get("local") or {})
        return f"{time} {data.get('from')} → {time} {data.get('to')}"
    if kind in (Kind.WAIT_OPENED, Kind.GROUP_OPENED, Kind.WAIT_MATCHED):
        return _wait_message(data)
    return None


def _paused(data: dict[str, Any]) -> str | None:
    """ "by ada", "by ada, who is later than 2d leaves"."""
    words = [f"by {data['by']}"] if data.get("by") else []
    if isinstance(data.get("skip_late"), int):
        words.append(f"who is later than {durations.show(data['skip_late'])} leaves")
    if data.get("again"):
        words.append("told again: a cut took the entry away")
    return ", ".join(words) or None


def _kept_back(data: dict[str, Any]) -> str:
    """ "email: cap 1 per day, after day 1 of welcome"."""
    text = f"{data.get('channel')}: {data.get('reason')}"
    if isinstance(winner := data.get("winner"), dict):
        whose = f" of {winner['workflow']}" if "workflow" in winner else ""
        text += f", after {winner.get('message')}{whose}"
    return text


def _drawn(data: dict[str, Any]) -> str:
    """ "b", "b, drawn before", "b, as c is not there any more"."""
    if "was" in data:
        return f"{data.get('arm')}, as {data['was']} is not there any more"
    return f"{data.get('arm')}, drawn before" if "drawn" in data else str(data.get("arm"))


_WHOSE = {"workflow": " (the workflow's)", "default": " (no other is known)"}
"""Who has named a zone, where it is not the user's own."""


def _until(data: dict[str, Any]) -> list[str]:
    """Of a time by a user's clock: what was asked for, in which zone, and what is odd about it."""
    local = data.get("local")
    if not isinstance(local, dict):
        return []
    found = [
        f"until {local_time.words(local)} {data.get('zone')}{_WHOSE.get(str(data.get('zone_from')), '')}"
    ]
    if "no_zone" in data:
        found.append(f"{data['no_zone']!r} is no time zone")
    if isinstance(data.get("shifted"), int):
        found.append(f"{local.get('time')} does not exist that day, {durations.show(data['shifted'])} later")
    return found


def _late(data: dict[str, Any]) -> list[str]:
    """Of a time that had passed when it was asked for, since when."""
    late = data.get("late")
    return [f"passed {durations.show(late)} ago"] if isinstance(late, int) and late > 0 else []


def _wait_message(data: dict[str, Any]) -> str | None:
    words = []
    if data.get("match") is not None:
        words.append(json.dumps(data["match"], ensure_ascii=False))
    if isinstance(data.get("timeout"), int):
        words.append(f"at most {durations.show(max(0, data['timeout']))}")
    words += _late(data)
    if isinstance(data.get("count"), int):
        words.append("1 event" if data["count"] == 1 else f"{data['count']:,} events")
    return ", ".join(words) or None
