"""A name is one part of a key, and is read back from there."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from studio.objects.keys import PART_BYTES, Keys, event_of, name_of, part

NAMES = st.text(min_size=1, max_size=120)


@given(NAMES)
@example(".")
@example("..")
@example("a/b")
@example("~")
@example("%2F")
@example("ü" * 40)
def test_a_part_has_no_slash_and_names_one_thing(name: str) -> None:
    found = part(name)
    assert found.isascii()
    assert not set(found) & set("/\\?#& \n")
    assert found.strip(".")
    assert len(found) <= PART_BYTES
    assert name_of(found) in (name, None)
    assert (name_of(found) is None) == ("~" in found)


@given(NAMES, NAMES)
@example("x" * 512, "x" * 513)
@example("~", "%7E")
def test_different_names_have_different_parts(one: str, other: str) -> None:
    assert (part(one) == part(other)) == (one == other)


def test_where_an_event_stands() -> None:
    keys = Keys("/my/prefix/")
    key = keys.event("ada@x.org", "app/email.submitted", "a b")
    assert key == "my/prefix/users/ada%40x.org/events/app%2Femail.submitted/a%20b.json"
    assert event_of(key) == ("app/email.submitted", "a b")
    assert key.startswith(keys.events("ada@x.org", "app/email.submitted"))
    assert key.startswith(keys.events("ada@x.org"))
    assert Keys().event("u", "e", "i") == "users/u/events/e/i.json"
    assert event_of(keys.event("u", "é" * 200, "i")) == (None, "i")


def test_a_long_name_is_not_cut_within_a_letter() -> None:
    for length in range(20, 30):
        found = part("a" * length + "é" * 100)
        kept, _, digest = found.partition("~")
        assert len(digest) == 64
        assert kept.count("%") * 3 + length == len(kept)
