"""An event beside a wait: by its name, by its data; and users by their ids."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from studio.engine.inspect.explanation import Proposal
from studio.engine.inspect.near_misses import NEAR_USERS, compare, near_users
from studio.kernel.matching import FieldMismatch
from studio.language.names import names
from studio.store.views import Views
from tests.store.build import Builder
from tests.tui.fakes import entry

WAIT = entry(2, 0, "wait.opened", "app/login", data={"match": {"ok": True}})


def event(name: str, **more: Any) -> Any:
    return entry(5, 9, "event", name, **{"journey": None, "data": {"ok": True}, **more})


def test_one_that_matches_came_too_early_or_to_another_wait() -> None:
    found = compare(event("app/login"), WAIT, names("app/login"), "what")
    assert found is not None
    assert (found.kind, found.what, found.proposal, found.seq) == ("near", "what", None, 2)
    assert "it matches" in found.hint


def test_a_field_that_differs_is_named_and_mended() -> None:
    found = compare(event("app/login", data={"ok": False}), WAIT, names("app/login"), "what")
    assert found is not None
    assert found.differences == (FieldMismatch("ok", True, False),)
    assert found.proposal == Proposal("app/login", "user1", {"ok": True})


def test_a_slip_in_the_name_is_hinted_at_and_is_farther_the_more_differs() -> None:
    near = compare(event("app/logn"), WAIT, names("app/login"), "what")
    farther = compare(event("app/logn", data={}), WAIT, names("app/login"), "what")
    assert near is not None
    assert farther is not None
    assert "did you mean app/login?" in near.hint
    assert (near.proposal, farther.far > near.far) == (Proposal("app/login", "user1", {"ok": True}), True)


@pytest.mark.parametrize(("name", "journey"), [("order/paid", None), ("app/logn", "onboarding/user1")])
def test_quite_another_is_none_and_what_a_journey_sends_means_what_it_says(
    name: str, journey: str | None
) -> None:
    assert compare(event(name, journey=journey), WAIT, names("app/login"), "what") is None


def test_users_who_are_called_nearly_so_come_behind_those_who_were_named(tmp_path: Path) -> None:
    b = Builder(tmp_path / "s.db")
    for user in ("user1", "user-1", "usre1", "lena", *(f"user1{n}" for n in range(20))):
        b.event("go", user)
    with Views(b.done()) as views:
        found = near_users(views, "user1", ["lena"])
        assert found[0] == "lena"
        assert "user-1" in found
        assert len(found) == NEAR_USERS
        assert near_users(views, "quite else") == []


def test_each_field_that_differs_is_as_far_as_two_slips_in_the_name() -> None:
    def far(name: str, **data: Any) -> int:
        found = compare(event(name, data=data), WAIT, names("app/login"), "what")
        assert found is not None
        return found.far

    assert [far("app/login", ok=True), far("app/login", ok=False)] == [5, 10]
    # Signs alone; a letter.
    assert [far("app/Login", ok=True), far("app/logn", ok=True)] == [5, 10]
    assert far("app/logn", ok=False) == 20
