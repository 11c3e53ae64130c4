"""A partition as bytes: all that it is comes back, and every form that was ever written can be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.kernel.event_blocks import BLOCK_EVENTS
from studio.kernel.partition import Partition
from studio.kernel.partition_dump import MARK, VERSION, PartitionError, dump, load
from tests.kernel.partitions import WORKFLOWS, event, partition, time, turn

DATA = Path(__file__).parent / "data"


def again(of: Partition) -> Partition:
    return load(dump(of), WORKFLOWS, "seed", "salt", of.codes)


def lived() -> Partition:
    """A user with a profile, an open journey, one event sent, and ids."""
    ada = partition(codes={"welcome": "abc"})
    turn(ada, event("identify", id="i1", plan="pro"), event("signup", "1m"))
    turn(ada, time("8d"))
    turn(ada, event("crm/seen", "9d")._replace(origin=("crm", 7)))
    return ada


def test_it_comes_back_as_it_was() -> None:
    ada = lived()
    assert dump(again(ada)) == dump(ada)
    one, other = turn(ada, event("active", "9d", n=3)), turn(again(lived()), event("active", "9d", n=3))
    assert one.turn == other.turn
    assert other.turn.rows[-1][13] == '{"result":{"first":null,"then":3}}'


def test_made_small_it_goes_on_alike() -> None:
    ada, small = lived(), lived()
    small.compact()
    assert len(dump(small)) < len(dump(ada))
    assert turn(again(small), event("active", "9d", n=3)).turn == turn(ada, event("active", "9d", n=3)).turn
    assert again(small).has_delivered("crm", 7)
    assert again(small).known_ids(["i1"]) == {"i1": 1}


def test_old_events_are_packed_once() -> None:
    ada = partition()
    turn(ada, *(event("tick", id=f"id{n}", n=n, text="x" * 50) for n in range(2 * BLOCK_EVENTS)))
    ada.compact()
    found = again(ada)
    assert found.blocks[0].packed == ada.blocks[0].packed
    assert found.known_ids(["id3"]) == {"id3": 4}
    assert [each["n"] for each in found.all_events()] == list(range(2 * BLOCK_EVENTS))


@pytest.mark.parametrize("form", sorted(DATA.glob("partition-*.bin")), ids=lambda path: path.stem)
def test_each_form_that_was_written_can_be_read(form: Path) -> None:
    found = load(form.read_bytes(), WORKFLOWS, "seed", "salt", {"welcome": "abc"})
    assert turn(found, event("active", "9d", n=3)).turn == turn(lived(), event("active", "9d", n=3)).turn


def test_the_form_of_today_is_among_them() -> None:
    assert (DATA / f"partition-{VERSION}.bin").exists()


@pytest.mark.parametrize(
    ("damaged", "says"),
    [
        (b"", "something else"),
        (b"PK\x03\x04" * 20, "something else"),
        (MARK + bytes((VERSION + 1,)) + bytes(9), f"reads up to {VERSION}"),
        (dump(partition())[:-3], "damaged"),
        (MARK + bytes((VERSION,)) + (9).to_bytes(4, "big") + b"not zlib.", "damaged"),
        (MARK + bytes((VERSION,)) + bytes(3), "something else"),
        (MARK + bytes((VERSION,)) + bytes(4), "damaged"),
    ],
)
def test_other_bytes_are_refused(damaged: bytes, says: str) -> None:
    with pytest.raises(PartitionError, match=says):
        load(damaged, WORKFLOWS)


def test_events_that_are_missing_are_missed() -> None:
    ada = partition()
    turn(ada, *(event("tick", n=n) for n in range(2 * BLOCK_EVENTS)))
    ada.compact()
    with pytest.raises(PartitionError, match="not all there"):
        load(dump(ada)[:-1], WORKFLOWS)
