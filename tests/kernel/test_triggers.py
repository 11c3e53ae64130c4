"""Which workflows an event starts or ends by its name."""

from __future__ import annotations

from typing import Any

import pytest

from studio import Journey
from studio import workflow as make
from studio.kernel.triggers import Routes, key_value
from studio.language.definition import Workflow


def flow(name: str, **options: Any) -> Workflow:
    async def function(journey: Journey) -> None:
        """Only looked up here."""

    return make(name=name, **options)(function)


def routed(routes: Routes, name: str) -> tuple[list[str], list[str]]:
    exits, starts = routes.of(name)
    return [each.name for each in exits], [each.name for each in starts]


def test_workflows_come_in_order_of_their_names() -> None:
    made = [flow("b", trigger="go"), flow("a", trigger=["go", "app/*"]), flow("c", trigger="x", exit_on="go")]
    routes = Routes({each.name: each for each in made})
    assert routed(routes, "go") == (["c"], ["a", "b"])
    assert routed(routes, "app/login") == ([], ["a"])
    assert routed(routes, "other") == ([], [])
    # As it was found before.
    assert routes.of("go") is routes.of("go")


def test_names_without_end_fill_no_memory() -> None:
    routes = Routes({"a": flow("a", trigger="go/*")})
    for n in range(10_050):
        assert routed(routes, f"go/{n}") == ([], ["a"])
    assert len(routes._known) < 10_001


@pytest.mark.parametrize(("data", "value"), [({"k": "x"}, '"x"'), ({"k": None}, "null"), ({}, "null")])
def test_the_key_of_a_journey_is_the_value_that_its_trigger_carries(data: dict[str, Any], value: str) -> None:
    assert key_value(flow("keyed", trigger="go", key="k"), data) == value


def test_routes_are_remembered_and_do_not_fill_the_memory() -> None:
    routes = Routes({})
    first = routes.of("a")
    routes.of("b")
    assert routes.of("a") is first
    for number in range(10_100):
        routes.of(f"n{number}")
    assert len(routes._known) < 10_100
    assert routes.of("a") is not first
