"""Blocks of packed events."""

from __future__ import annotations

from studio.kernel.event_blocks import block_from, block_of, newest_first
from studio.language.event import Event
from studio.language.names import names

EVENTS = [
    Event("a", "ada", 10, '{"x":1}', "id1", 3),
    Event("b", "ada", 11, None, None, 5, 7),
    Event("a", "ada", 12, '{"ü":"é"}', None, 9),
]


def test_what_is_packed_comes_back() -> None:
    block = block_of(EVENTS)
    found = block_from(block.record(), block.packed)
    assert (found.first, found.last, found.names, found.ids) == (3, 9, frozenset("ab"), block.ids)
    for one, other in zip(found.events("ada"), EVENTS, strict=True):
        assert (one.seq, one.at_ms, one.name, one.text, one.id, one.sent_at, one.user) == (
            *(other.seq, other.at_ms, other.name, other.text),
            *(other.id, other.sent_at, "ada"),
        )


def test_it_says_whether_it_is_worth_opening() -> None:
    block = block_of(EVENTS)
    assert block.may_have(names("b"))
    assert block.may_have(names("a*"))
    assert not block.may_have(names("c"))


def test_only_blocks_within_the_bounds_are_gone_through() -> None:
    blocks = [block_of([Event("a", "ada", 1, None, None, seq)]) for seq in (1, 2, 3, 4)]
    assert [block.first for block in newest_first(blocks, 1, 3)] == [3, 2]
    assert [block.first for block in newest_first(blocks, 4, 9)] == []
