"""The grammar behind `/`."""

from __future__ import annotations

import pytest

from studio.tui.session.filters import Filter, parse

FIELDS = ("user", "level")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", Filter()),
        ("   ", Filter()),
        ("Mail Sent", Filter(words=("mail", "sent"))),
        ("mail !sent", Filter(words=("mail",), without=("sent",))),
        ("user:Ada", Filter(fields=(("user", "ada"),))),
        ("!user:ada", Filter(not_fields=(("user", "ada"),))),
        ("user:!ada", Filter(not_fields=(("user", "ada"),))),
        ("!user:!ada", Filter(fields=(("user", "ada"),))),
        ("user: ! level:!", Filter()),
        ("http://x a:b", Filter(words=("http://x", "a:b"))),
    ],
)
def test_a_filter_is_read(text: str, found: Filter) -> None:
    assert parse(text, FIELDS) == found
    assert bool(found) == (found != Filter())


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("mail", True),
        ("MAIL welcome", True),
        ("mail goodbye", False),
        ("!mail", False),
        ("!goodbye", True),
        ("user:ad", True),
        ("user:bob", False),
        ("!user:bob mail", True),
        ("level:info", False),
        ("!level:info", True),
    ],
)
def test_all_parts_must_agree(text: str, meant: bool) -> None:
    assert parse(text, FIELDS).meets("Welcome mail sent", {"user": "Ada", "level": None}) is meant
