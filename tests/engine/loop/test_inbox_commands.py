"""The inbox holds events, acts and exclusive operations; anything else is refused by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from studio import Journey, incoming, workflow
from studio.engine.loop.inbox_commands import InboxCommands, find
from studio.engine.work.drive_monitor import ThreadMonitor
from studio.engine.work.work_items import ExclusiveOperation, OperatorCommand, QueuedEvent
from studio.errors import JourneyError
from studio.language.kinds import Status
from studio.source.event_door import EventDoor
from studio.store.inbox import EVENT, encode
from tests.engine.bench import Bench


@workflow(trigger="go", name="waits")
async def waits(journey: Journey) -> None:
    await journey.wait_for("paid")


class Inbox:
    """The reader of an inbox, over a batch."""

    def __init__(self, path: Path, reload: Callable[[], None] | None = None) -> None:
        self.bench = Bench(path, waits)
        self.released: list[int | None] = []
        self.whole: list[tuple[str, str]] = []
        approvals = SimpleNamespace(
            release=lambda batch, at, wait: self.released.append(wait),
            release_all=lambda batch, at: self.released.append(None),
        )
        state: Any = SimpleNamespace(rewinds=SimpleNamespace(approvals=approvals), clock_control=None)
        self.commands = InboxCommands(
            state, self._alone, reload, EventDoor(dict), lambda: True, ThreadMonitor
        )

    def _alone(self, kind: str, body: str) -> Callable[[ExclusiveOperation], Any]:
        self.whole.append((kind, body))
        return lambda item: None

    def do(self, kind: str, body: str) -> Any:
        item = self.commands.item(3, kind, body)
        assert isinstance(item, OperatorCommand)
        assert item.inbox == 3
        return item.run(self.bench.batch, 20)


@pytest.fixture
def inbox(tmp_path: Path) -> Inbox:
    made = Inbox(tmp_path / "a.db")
    made.bench.event("go", 10)
    made.bench.write()
    return made


def test_an_event_is_queued_as_it_was_sent(inbox: Inbox) -> None:
    event = incoming("paid", "ada", {"n": 1}, id="e1")
    item = inbox.commands.item(3, EVENT, encode(event))
    assert isinstance(item, QueuedEvent)
    assert (item.incoming, item.inbox) == (event, 3)


def test_one_that_was_not_written_by_us_is_answered_like_what_nobody_knows(inbox: Inbox) -> None:
    with pytest.raises(JourneyError, match="this engine does not know 'event'"):
        inbox.do(EVENT, "no json")
    with pytest.raises(JourneyError, match="this engine does not know 'dance'"):
        inbox.do("dance", "{}")


def test_an_act_is_done_to_the_journey_that_it_names(inbox: Inbox) -> None:
    inbox.do("cancel", '{"journey": "waits/ada"}')
    (journey,) = inbox.bench.batch.unit.journeys.values()
    assert journey.status == Status.CANCELLED
    for body, said in (
        ('{"journey": "waits/bob"}', "there is no such journey"),
        ("{}", "names no journey"),
        ("", "names no journey"),
        ('{"journey": 7}', "names no journey"),
    ):
        with pytest.raises(JourneyError, match=said):
            inbox.do("cancel", body)


def test_a_journey_is_found_by_its_id(inbox: Inbox) -> None:
    assert find(inbox.bench.batch, "waits/ada").user.name == "ada"
    with pytest.raises(JourneyError, match="there is no such journey"):
        find(inbox.bench.batch, "nonsense")


@pytest.mark.parametrize("kind", ["rewind", "restore", "undo", "redo"])
def test_what_changes_the_store_as_a_whole_is_no_part_of_a_batch(inbox: Inbox, kind: str) -> None:
    assert isinstance(inbox.commands.item(3, kind, "{}"), ExclusiveOperation)
    assert inbox.whole == [(kind, "{}")]


def test_steps_are_released_one_or_all(inbox: Inbox) -> None:
    inbox.do("release", '{"wait": 7}')
    inbox.do("release", "{}")
    assert inbox.released == [7, None]
    with pytest.raises(JourneyError, match="lacks what it needs"):
        inbox.do("release", "[]")


def test_files_are_read_again_where_there_are_any(tmp_path: Path) -> None:
    read: list[int] = []
    Inbox(tmp_path / "a.db", lambda: read.append(1)).do("reload", "{}")
    assert read == [1]
    with pytest.raises(JourneyError, match="no workflow files to reload"):
        Inbox(tmp_path / "b.db").do("reload", "{}")
