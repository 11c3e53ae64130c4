"""What goes over Temporal: plain JSON that both ends, and older and newer workers, can read.

What comes for a user is an item: an event, the end of a step, an act of the operator. What a turn launches
and sends is told the same way. Results of turns and carried state are bytes in frames, packed once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from hashlib import blake2b
from typing import Any, cast
from urllib.parse import quote

from studio.errors import StudioError
from studio.kernel.partition_turn import ActCame, Came, EventCame, StepEnded
from studio.kernel.records import Chain, Launch, StepResult
from studio.language.commands import CommandOwner, Key, Step
from studio.language.event import Event
from studio.language.idempotency import StepKeys
from studio.language.incoming import Incoming
from studio.language.step_info import StepInfo

Item = dict[str, Any]
"""`kind` ("event", "step" or "act"), `at` in milliseconds since 1970, UTC, and what the kind has beside."""

USER_PREFIX = "user/"
MOST_ID = 900
"""Characters of a workflow's id: Temporal takes 1,000 bytes."""
MOST_EVENT = 256 * 1024
"""Characters of an event's data and profile together: it travels in one payload with others."""
PLACE = ("", 0)


class Nobody:
    """Whose command a step is that is run away from its journey."""

    _closing = False

    def _refuse(self) -> None:
        raise RuntimeError("a step that runs elsewhere is no command of a journey")


def workflow_id(user: str) -> str:
    """The id of the Temporal workflow that carries a user on."""
    quoted = quote(user, safe="")
    if len(USER_PREFIX) + len(quoted) > MOST_ID:
        quoted = "~" + blake2b(user.encode(), digest_size=32).hexdigest()
    return USER_PREFIX + quoted


# -- what comes ------------------------------------------------------------------------------


def event_item(
    event: Incoming, at: int, origin: tuple[str, int] | None = None, chain: Sequence[int] = ()
) -> Item:
    """An event that comes.

    Args:
        origin: the user whose journey sent it, and the number of the entry there.
        chain: of such a one, `Chain`.
    """
    told: dict[str, Any] = {"name": event.name, "text": event.text, "id": event.id, "profile": event.profile}
    told |= {"sent_at": event.sent_at, "extra": event.extra}
    item: Item = {"kind": "event", "at": at, "event": {k: v for k, v in told.items() if v is not None}}
    if origin is not None:
        item["from"], item["chain"] = list(origin), list(chain)
    return item


def act_item(name: str, target: str | int, at: int) -> Item:
    """An act of the operator."""
    return {"kind": "act", "at": at, "act": name, "target": target}


def step_item(launch: dict[str, Any], result: dict[str, Any], at: int) -> Item:
    """The end of an attempt of a step."""
    told = {name: launch[name] for name in ("journey", "pass", "key", "start", "at", "depth")}
    return {"kind": "step", "at": at, "launch": told, "result": result}


def size_of(item: Item) -> int:
    """About how many bytes an item takes."""
    told = item.get("event") or item.get("result") or {}
    return 200 + sum(len(value) for value in told.values() if isinstance(value, str))


def came_of(item: Item, user: str, at: int) -> Came:
    """An item as the rules take it, at the moment that counts."""
    kind = item["kind"]
    if kind == "event":
        e = item["event"]
        named = (e.get(name) for name in ("id", "profile", "sent_at", "extra"))
        origin = item.get("from")
        incoming = Incoming(e["name"], user, e.get("text", "{}"), *named)
        # An older worker tells of no chain.
        whose = None if origin is None else (origin[0], origin[1])
        return EventCame(incoming, at, whose, Chain(*item.get("chain", ())))
    if kind == "step":
        return StepEnded(_result_in(item["launch"], item["result"]), at)
    return ActCame(item["act"], item["target"], at)


def answer_of(answer: Event | StudioError | None) -> dict[str, Any]:
    """What is told back of an item that was carried out."""
    if isinstance(answer, StudioError):
        return {"error": answer.what, "where": answer.where, "fix": answer.fix}
    if isinstance(answer, Event):
        return {"seq": answer.seq, "came_at": answer.at_ms if answer.duplicate else None}
    return {}


# -- steps -----------------------------------------------------------------------------------


def launch_out(launch: Launch, workflow: str, code: str | None, function: str, args: str) -> dict[str, Any]:
    """A step that is to run.

    Args:
        workflow: whose step it is, and the hash of the version.
        function: where it is found, as `references.reference` says.
        args: its arguments as JSON: a list of those by position, and an object.
    """
    command, info = launch.command, launch.info
    return {
        "journey": launch.journey,
        "pass": launch.pass_no,
        "key": list(launch.key),
        "start": launch.start,
        "at": launch.at,
        "depth": launch.causation_depth,
        "workflow": workflow,
        "code": code,
        "function": function,
        "args": args,
        "name": command.name,
        "timeout": command.timeout,
        "once": command.once,
        "of": info.journey,
        "idempotency_key": info.idempotency_key,
        "attempt": info.attempt,
        "late_ms": round(info.late.total_seconds() * 1000),
    }


def start_of(told: dict[str, Any]) -> tuple[int, int, Key, int]:
    """Which start of a step this is, as `Launch.which`."""
    return (told["journey"], told["pass"], _key(told["key"]), told["start"])


def launch_in(told: dict[str, Any], function: Any, args: list[Any], kwargs: dict[str, Any]) -> Launch:
    """A step that is to run here."""
    key = _key(told["key"])
    step: Step[Any] = Step(cast("CommandOwner", Nobody()), key, PLACE)
    step.name, step.function, step.args, step.kwargs = told["name"], function, tuple(args), kwargs
    step.retries, step.pause, step.timeout, step.once = 0, 0, told["timeout"], told["once"]
    late = timedelta(milliseconds=told["late_ms"])
    info = StepInfo(told["of"], told["name"], told["idempotency_key"], told["attempt"], late)
    keys = StepKeys(told["idempotency_key"])
    return Launch(
        told["journey"], told["pass"], key, told["start"], step, info, told["at"], told["depth"], keys=keys
    )


def result_out(result: StepResult) -> dict[str, Any]:
    """How an attempt ended."""
    told: dict[str, Any] = {"said": [[level, message, list(place)] for level, message, place in result.said]}
    if result.result is not None:
        return {**told, "result": result.result}
    told |= {"type": result.type, "message": result.message, "traceback": result.traceback[-20_000:]}
    return {**told, "final": result.is_final}


def failed(type: str, message: str, *, final: bool) -> dict[str, Any]:
    """An attempt that failed without its function."""
    return {"type": type, "message": message, "traceback": "", "final": final, "said": []}


def _result_in(launch: dict[str, Any], told: dict[str, Any]) -> StepResult:
    step: Step[Any] = Step(cast("CommandOwner", Nobody()), _key(launch["key"]), PLACE)
    info = StepInfo("", "", "", 0, timedelta())
    whose = (launch["journey"], launch["pass"], step.key, launch["start"])
    of = Launch(*whose, step, info, launch["at"], launch["depth"])
    said = [(level, message, (place[0], place[1])) for level, message, place in told.get("said", ())]
    how = (told.get("type", ""), told.get("message", ""), told.get("traceback", ""))
    return StepResult(of, told.get("result"), *how, said, told.get("final", False))


def _key(told: list[Any]) -> Key:
    kind, name, n = told
    return (kind, name, n)


# -- bytes -----------------------------------------------------------------------------------


def framed(parts: list[bytes]) -> bytes:
    """Bytes one behind the other, each with its length before it."""
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def unframed(data: bytes) -> list[bytes]:
    """The bytes that `framed` was given."""
    parts, at = [], 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        parts.append(data[at + 4 : at + 4 + size])
        at += 4 + size
    return parts
