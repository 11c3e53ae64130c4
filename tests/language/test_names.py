from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.language.names import ANY, MAX_LENGTH, fault, names


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "is empty"),
        ("   ", "is empty"),
        (None, "is NoneType and must be text"),
        (7, "is int and must be text"),
        ("x" * 513, "has 513 characters, at most 512 are kept"),
        ("x" * 5_000, "has 5,000 characters, at most 512 are kept"),
        ("a\nb", "has the control character U+000A at position 2"),
        ("a\x00", "has the control character U+0000 at position 2"),
        ("\x1b[31m", "has the control character U+001B at position 1"),
        ("\x7f", "has the control character U+007F at position 1"),
        ("a\x9b1m", "has the control character U+009B at position 2"),
        ("a\u2028b", "has the control character U+2028 at position 2"),
        ("half \ud83d", "has the control character U+D83D at position 6"),
    ],
)
def test_a_name_that_cannot_be_is_refused_with_its_reason(name: Any, why: str) -> None:
    assert fault(name) == why


@pytest.mark.parametrize("name", ["a", "app/login", "名前", "a b", "x" * MAX_LENGTH, "🙂", "a*b", "app/*"])
def test_a_name_that_can_be_has_no_fault(name: str) -> None:
    assert fault(name) is None


def test_one_name_meets_itself_alone() -> None:
    wanted = names("app/login")
    assert wanted.simple
    assert wanted.meets("app/login")
    assert not wanted.meets("app/login2")
    assert not wanted.meets("App/login")


def test_several_names_meet_each_of_them() -> None:
    wanted = names(["app/*", "web/login"])
    assert not wanted.simple
    assert wanted.text == "app/*, web/login"
    assert wanted.meets("app/")
    assert wanted.meets("app/login/again")
    assert wanted.meets("web/login")
    assert not wanted.meets("web/logout")
    assert not wanted.meets("my/app/x")


def test_only_the_star_is_special() -> None:
    assert names("a.b?[c]").meets("a.b?[c]")
    assert names("a.b[1]*").meets("a.b[1]x")
    assert not names("a.b*").meets("axb")


def test_a_star_in_the_middle_meets_any_run() -> None:
    wanted = names("app/*.created")
    assert wanted.meets("app/post.created")
    assert wanted.meets("app/.created")
    assert not wanted.meets("app/post.created.twice")


def test_identify_meets_its_own_name_and_no_wildcard() -> None:
    assert not ANY.meets("identify")
    assert not names("*").meets("identify")
    assert not names("ident*").meets("identify")
    assert names("identify").meets("identify")
    assert names(["*", "identify"]).meets("identify")
    assert ANY.meets("identify2")


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ("", "is empty"),
        ([], "no event name is given"),
        (["a", ""], "is empty"),
        (["a", 7], "is int and must be text"),
        (7, "must be text, not int"),
        (None, "must be text, not NoneType"),
        ("a\nb", "control character"),
        ("x" * 600, "600 characters"),
    ],
)
def test_a_pattern_that_cannot_be_is_refused(event: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        names(event)


def test_a_pattern_takes_no_time_on_a_hostile_name() -> None:
    """Event names come from outside: none may keep the engine busy, whatever the author's pattern."""
    code = "from studio.language.names import names; print(names('*/*/*/*/*.created').meets('/' * 512))"
    done = subprocess.run(  # in a process of its own, since a regular expression cannot be interrupted
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=10, check=True
    )
    assert done.stdout == "False\n"


parts = st.lists(st.text(alphabet="ab/.", max_size=3), min_size=1, max_size=4)


@given(parts, st.lists(st.text(alphabet="ab/.*", max_size=4), min_size=4, max_size=4))
def test_a_pattern_meets_whatever_fills_its_stars(pieces: list[str], fill: list[str]) -> None:
    pattern = "*".join(pieces)
    name = pieces[0] + "".join(a + b for a, b in zip(fill, pieces[1:], strict=False))
    if fault(pattern) is None and fault(name) is None:
        assert names(pattern).meets(name)


@given(st.text(max_size=600))
def test_every_text_is_either_refused_or_meets_itself(text: str) -> None:
    if fault(text) is None:
        assert names(text).meets(text) or "*" in text
    else:
        with pytest.raises(ValueError, match="event name"):
            names(text)
