"""Computes one turn of a user, and says what it changed as bytes; nothing else counts of it.

A turn may be computed twice, also on two machines: only the result that Temporal records is ever looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from studio.engine.effects import capture
from studio.engine.work.drive_monitor import ThreadMonitor
from studio.kernel.packed import pack, unpack
from studio.kernel.partition import Partition
from studio.kernel.partition_dump import dump
from studio.kernel.partition_replay import replay
from studio.kernel.partition_turn import Came, CodeCame, DeadlinesCame, Ran, run_turn
from studio.kernel.records import Launch
from studio.kernel.turn import turn_from
from studio.temporal.code import CodeVersion
from studio.temporal.references import NotByName, reference
from studio.temporal.requests import TurnRequest
from studio.temporal.wire import Item, answer_of, came_of, failed, framed, launch_out, unframed
from studio.text import json_text as jsontext


@dataclass(frozen=True, slots=True)
class TurnResult:
    """What a turn came to."""

    head: dict[str, Any]
    """`due`: the next deadline. `launches`, `messages`: steps to run and events for others. `answers`: of
    each item that was taken; `took`: how many. `delivered`: the newest entry of each user that sent one."""
    turn: bytes
    """`Turn.packed()`; b"" when nothing was changed."""

    def packed(self) -> bytes:
        """It as bytes."""
        return framed([pack(self.head), self.turn])


def result_from(data: bytes) -> TurnResult:
    """The result of such bytes."""
    head, turn = unframed(data)
    return TurnResult(unpack(head), turn)


def partition_of(version: CodeVersion, salt: str, request: TurnRequest) -> Partition:
    """The user's state as it is after all turns so far, without calling any function of an author."""
    base = request.base
    if not base:
        empty = Partition(request.user, {})
        empty.seq = request.begins
        base = dump(empty)
    results = [result_from(each) for each in request.log]
    delivered: dict[str, int] = {}
    for result in results:
        delivered.update(result.head["delivered"])
    turns = (turn_from(result.turn) for result in results if result.turn)
    return replay(base, turns, delivered, version.workflows, salt, salt, version.hashes)


def compute(
    version: CodeVersion,
    partition: Partition,
    request: TurnRequest,
    monitor: ThreadMonitor,
    *,
    ask: bool = False,
) -> TurnResult:
    """Carry out what came, and the deadlines up to now, in order of time (DESIGN rule 2).

    Journeys that wait by other code than what counts go over to that first.
    """
    capture.listen_to_drives(monitor)
    came, places = _in_order(request)
    others = {name for name, hash in version.hashes.items() if request.hashes.get(name, hash) != hash}
    first = min((each["at"] for each in request.items), default=request.now)
    due = partition.next_due
    moved = CodeCame(others, min(first, request.now, request.now if due is None else due))
    ran = run_turn(
        partition,
        version.routes,
        came,
        monitor=monitor,
        live=monitor.live,
        running=request.running,
        code=moved if others else None,
        ask=ask,
    )
    turn = ran.turn
    changed = turn.first != turn.next or turn.journeys or turn.waits or turn.ended or turn.moved
    head: dict[str, Any] = {
        "first": turn.first,
        "next": turn.next,
        "due": partition.next_due,
        "took": len(request.items),
        "launches": [_launch(partition, launch) for launch in ran.launches],
        "messages": _messages(ran),
        "answers": [{} if place is None else answer_of(ran.answers[place]) for place in places],
        "deployed": version.number,
        "delivered": _delivered(request.items),
    }
    if ran.asks:
        head["questions"] = [
            {"wait": each.wait, "events": list(each.events), "match": each.match} for each in ran.asks
        ]
    if request.hashes != version.hashes:
        head["hashes"] = version.hashes
    return TurnResult(head, turn.packed() if changed else b"")


def _in_order(request: TurnRequest) -> tuple[list[Came], list[int | None]]:
    """What came, with the deadlines between; and where each item stands among it."""
    came: list[Came] = []
    places: list[int | None] = []
    for item in request.items:
        if item["kind"] == "code":
            # It comes so that the turn is computed.
            places.append(None)
            continue
        at = min(item["at"], request.now)
        # An event that comes at a deadline's own moment beats it.
        came.append(DeadlinesCame(at - 1, request.now))
        places.append(len(came))
        came.append(came_of(item, request.user, at))
    came.append(DeadlinesCame(request.now, request.now))
    return came, places


def _launch(partition: Partition, launch: Launch) -> dict[str, Any]:
    journey = partition.journey_by_id(launch.journey)
    assert journey is not None
    assert journey.workflow is not None
    workflow, command = journey.workflow, launch.command
    refused = None
    function = args = ""
    try:
        function = reference(workflow, command.function)
        args = jsontext.dumps([list(command.args), command.kwargs])
    except NotByName as error:
        refused = failed("NotByName", str(error), final=True)
    except jsontext.NotJson as error:
        refused = failed("NotJson", f"its arguments cannot be handed over: {error}", final=True)
    told = launch_out(launch, workflow.name, partition.codes.get(workflow.name), function, args)
    return told if refused is None else {**told, "refused": refused}


def _messages(ran: Ran) -> list[dict[str, Any]]:
    return [
        {
            "to": sent.user,
            "name": e.name,
            "text": e.text,
            "id": e.id,
            "at": e.at_ms,
            "seq": e.seq,
            "chain": list(sent.chain),
        }
        for sent in ran.sent
        for e in (sent.event,)
    ]


def _delivered(items: Sequence[Item]) -> dict[str, int]:
    newest: dict[str, int] = {}
    for item in items:
        if (origin := item.get("from")) is not None:
            newest[origin[0]] = max(origin[1], newest.get(origin[0], 0))
    return newest
