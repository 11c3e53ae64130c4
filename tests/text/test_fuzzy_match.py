"""Texts that are nearly the same are found; texts that are not are left alone."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studio.text.fuzzy_match import (
    closest,
    describe_difference,
    edit_distance,
    likely_typo,
    match_rank,
    simplified,
    single_edits,
)

PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""The machine may be busy with other tests."""
TEXTS = st.text(alphabet="abcdé/._-1", min_size=1, max_size=12)


@PATIENT
@given(TEXTS, TEXTS)
def test_slips_are_counted_alike_from_both_sides(one: str, other: str) -> None:
    assert edit_distance(one, other, 20) == edit_distance(other, one, 20)


@PATIENT
@given(TEXTS, TEXTS)
def test_only_the_same_text_has_no_slip(one: str, other: str) -> None:
    found = edit_distance(one, other, 20)
    assert found is not None
    assert (found == 0) == (one == other)
    assert found <= max(len(one), len(other))


@PATIENT
@given(TEXTS, TEXTS, st.integers(0, 4))
def test_a_limit_only_hides_what_is_farther(one: str, other: str, limit: int) -> None:
    exact = edit_distance(one, other, 20)
    assert exact is not None
    assert edit_distance(one, other, limit) == (exact if exact <= limit else None)


@PATIENT
@given(st.text(alphabet="abc-1", min_size=1, max_size=8))
def test_every_variant_is_one_slip_away_or_the_same_word_written_otherwise(text: str) -> None:
    for each in single_edits(text):
        assert simplified(each) == simplified(text) or edit_distance(text, each, 1) in (0, 1)


@PATIENT
@given(st.text(alphabet="abc1", min_size=2, max_size=8), st.data())
def test_what_one_slip_made_is_among_the_variants(text: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text) - 1))
    slip = data.draw(st.sampled_from([text[:at] + text[at + 1 :], text[:at] + "x" + text[at:]]))
    assert text in set(single_edits(slip)) or not slip


@pytest.mark.parametrize(
    ("written", "meant", "words"),
    [
        ("app/acount.created", "app/account.created", "1 letter differs"),
        ("app/account.craeted", "app/account.created", "1 letter differs"),
        ("App/Login", "app/login", "differs only in upper and lower case"),
        ("app.login", "app/login", "differs only in punctuation"),
        ("account.created", "app/account.created", "another part differs"),
        ("web/account.created", "app/account.created", "another part differs"),
        ("user-1", "user1", "differs only in punctuation"),
    ],
)
def test_near_names_are_found_with_a_word_of_how(written: str, meant: str, words: str) -> None:
    assert closest(written, ["paid", meant, written]) == [meant]
    if describe_difference(written, meant) != words:
        assert words == "another part differs"
        assert describe_difference(written, meant).endswith("letters differ")


@pytest.mark.parametrize(
    ("written", "meant"),
    [("paid", "left"), ("paid", "pads"), ("a", "bc"), ("app/login", "app/paid"), ("x" * 100, "x" * 99)],
)
def test_other_names_are_not_near(written: str, meant: str) -> None:
    assert match_rank(written, meant) is None
    assert closest("app/login", ["app/paid", "signup"]) == []


@pytest.mark.parametrize(
    ("written", "meant", "far"),
    [
        ("paid", "paid", 0),
        ("Pa-id", "paid", 1),
        ("!", "?", 2),
        ("paid", "pair", 2),
        ("paid/in/x", "pair/iN/x", 3),
        ("paid", "pads", None),
        ("app/account", "app/akkount", 3),
        ("application", "apxlicatxon", 3),
        ("web/login", "application/login", 4),
        ("web/log", "application/log", None),
    ],
)
def test_how_near_a_text_is(written: str, meant: str, far: int | None) -> None:
    assert match_rank(written, meant) == match_rank(meant, written) == far


def test_the_nearest_comes_first() -> None:
    assert closest("app/logn", ["app/longs", "app/login", "app/logn"]) == ["app/login", "app/longs"]


@pytest.mark.parametrize(
    ("written", "known", "meant"),
    [
        ("app/logn", ["app/login", "app/logout"], "app/login"),
        ("app/sign-up", ["app/signup"], "app/signup"),
        ("APP/login", ["app/login"], "app/login"),
        ("app/login", ["app/login"], None),
        ("app/signed_in", ["app/signed_up"], None),
        ("step1", ["step2"], None),
        ("in", ["on"], None),
        ("invite", ["invited"], None),
    ],
)
def test_only_what_is_hardly_meant_is_a_likely_slip(
    written: str, known: list[str], meant: str | None
) -> None:
    assert likely_typo(written, known) == meant
