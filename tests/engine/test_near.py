"""Texts that are nearly the same are found; texts that are not are left alone."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studio.engine.near import bare, how, likely_slip, nearest, nearness, slips, variants

PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""The machine may be busy with other tests."""
TEXTS = st.text(alphabet="abcdé/._-1", min_size=1, max_size=12)


@PATIENT
@given(TEXTS, TEXTS)
def test_slips_are_counted_alike_from_both_sides(one: str, other: str) -> None:
    assert slips(one, other, 20) == slips(other, one, 20)


@PATIENT
@given(TEXTS, TEXTS)
def test_only_the_same_text_has_no_slip(one: str, other: str) -> None:
    found = slips(one, other, 20)
    assert found is not None
    assert (found == 0) == (one == other)
    assert found <= max(len(one), len(other))


@PATIENT
@given(TEXTS, TEXTS, st.integers(0, 4))
def test_a_limit_only_hides_what_is_farther(one: str, other: str, limit: int) -> None:
    exact = slips(one, other, 20)
    assert exact is not None
    assert slips(one, other, limit) == (exact if exact <= limit else None)


@PATIENT
@given(st.text(alphabet="abc-1", min_size=1, max_size=8))
def test_every_variant_is_one_slip_away_or_the_same_word_written_otherwise(text: str) -> None:
    for each in variants(text):
        assert bare(each) == bare(text) or slips(text, each, 1) in (0, 1)


@PATIENT
@given(st.text(alphabet="abc1", min_size=2, max_size=8), st.data())
def test_what_one_slip_made_is_among_the_variants(text: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text) - 1))
    slip = data.draw(st.sampled_from([text[:at] + text[at + 1 :], text[:at] + "x" + text[at:]]))
    assert text in set(variants(slip)) or not slip


@pytest.mark.parametrize(
    ("written", "meant", "words"),
    [
        ("app/acount.created", "app/account.created", "1 letter"),
        ("app/account.craeted", "app/account.created", "1 letter"),
        ("App/Login", "app/login", "in capitals"),
        ("app.login", "app/login", "in its signs"),
        ("account.created", "app/account.created", "in another part"),
        ("web/account.created", "app/account.created", "in another part"),
        ("user-1", "user1", "in its signs"),
    ],
)
def test_near_names_are_found_with_a_word_of_how(written: str, meant: str, words: str) -> None:
    assert nearest(written, ["paid", meant, written]) == [meant]
    if how(written, meant) != words:
        assert words == "in another part"
        assert how(written, meant).endswith("letters")


@pytest.mark.parametrize(
    ("written", "meant"), [("paid", "left"), ("a", "b"), ("app/login", "app/paid"), ("x" * 100, "x" * 99)]
)
def test_other_names_are_not_near(written: str, meant: str) -> None:
    assert nearness(written, meant) is None or len(written) == 1
    assert nearest("app/login", ["app/paid", "signup"]) == []


def test_the_nearest_comes_first() -> None:
    assert nearest("app/logn", ["app/longs", "app/login", "app/logn"]) == ["app/login", "app/longs"]


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
    assert likely_slip(written, known) == meant
