"""Events whose data has a type: what their classes say, and what waits for them give."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NotRequired, TypedDict, assert_type

import pydantic
import pytest

from studio import Engine, Event, Journey, VirtualClock, Waited, event, goal, incoming, workflow
from studio.errors import WorkflowError
from studio.language.event_types import EventFault, EventType, event_type
from studio.language.names import names
from studio.store.views import Views


@dataclass(frozen=True)
class Line:
    sku: str
    count: int = 1


@event("billing/paid")
@dataclass(frozen=True)
class Paid:
    amount: int
    currency: Literal["EUR", "USD"] = "EUR"
    lines: list[Line] = field(default_factory=list)
    at: datetime | None = None


@event("app/login")
class Login(TypedDict):
    device: str
    trusted: NotRequired[bool]


@event("app/signup")
class Signup(pydantic.BaseModel):
    plan: str = pydantic.Field(min_length=1)
    seats: int = 1


def type_of(cls: type) -> EventType[Any]:
    found = event_type(cls)
    assert found is not None
    return found


def fault(cls: type, data: dict[str, Any]) -> str:
    with pytest.raises(EventFault) as caught:
        type_of(cls).read(data)
    return str(caught.value)


def test_what_fits_becomes_an_object_of_the_class() -> None:
    data = {"amount": 3, "lines": [{"sku": "a"}], "at": "2026-01-01T00:00:00Z", "more": True}
    paid = type_of(Paid).read(data)
    assert (paid.amount, paid.currency, paid.lines) == (3, "EUR", [Line("a")])
    assert paid.at.year == 2026
    assert type_of(Login).read({"device": "phone", "more": 1})["device"] == "phone"
    assert type_of(Signup).read({"plan": "pro"}) == Signup(plan="pro", seats=1)


@pytest.mark.parametrize(
    ("cls", "data", "said"),
    [
        (Paid, {}, "amount: is missing"),
        (Paid, {"amount": "3"}, "amount: expected int, got str"),
        (Paid, {"amount": True}, "amount: expected int, got bool"),
        (Paid, {"amount": 3, "currency": "YEN"}, "currency: invalid enum value 'YEN'"),
        (Paid, {"amount": 3, "lines": [{"sku": "a"}, {"count": 2}]}, "lines.1.sku: is missing"),
        (Paid, {"amount": 3, "lines": [{"sku": 7}]}, "lines.0.sku: expected str, got int"),
        (Paid, {"amount": 3, "at": "noon"}, "at: invalid RFC3339 encoded datetime"),
        (Login, {"trusted": True}, "device: is missing"),
        (Login, {"device": None}, "device: expected str, got null"),
        (Signup, {}, "plan: field required"),
        (Signup, {"plan": ""}, "plan: string should have at least 1 character"),
        (Signup, {"plan": "pro", "seats": "many"}, "seats: input should be a valid integer, unable to parse"),
    ],
)
def test_what_does_not_fit_is_told_with_its_field(cls: type, data: dict[str, Any], said: str) -> None:
    assert fault(cls, data).startswith(said)


def test_each_kind_of_class_gives_json_schema() -> None:
    for cls, needed in ((Paid, ["amount"]), (Login, ["device"]), (Signup, ["plan"])):
        schema = type_of(cls).schema
        own = schema
        if "$ref" in schema:
            own = schema["$defs"][schema["$ref"].rpartition("/")[2]]
        assert own["required"] == needed


def test_a_class_stands_for_the_name_of_its_event() -> None:
    assert names(Paid) is names("billing/paid")
    assert names([Paid, "app/*"]).text == "billing/paid, app/*"
    assert goal(Paid, within="30d").names.text == "billing/paid"

    @workflow(trigger=Signup, exit_on=[Login, "app/bye"])
    async def welcome(journey: Journey) -> None:
        pass

    assert welcome.trigger.text == "app/signup"
    assert welcome.exit_on is not None
    assert welcome.exit_on.text == "app/login, app/bye"

    class Below(Paid):
        pass

    for other in (Below, int):
        with pytest.raises(ValueError, match="is the type of no event"):
            names(other)


async def test_a_wait_for_a_class_gives_objects_of_it() -> None:
    seen: list[object] = []

    @workflow(trigger=Signup)
    async def welcome(journey: Journey) -> dict[str, object]:
        paid = await journey.wait_for(Paid, match={"currency": "EUR"}, timeout="3d")
        assert_type(paid, Waited[Paid])
        assert_type(paid.first, Paid | None)
        plain = await journey.wait_for("billing/paid")
        assert_type(plain.first, Event | None)
        either = await journey.wait_for([Paid, Login], past=False)
        late, login = await journey.wait_any(
            journey.wait_for(Paid, match={"amount": 99}),
            journey.wait_all(journey.wait_for(Login, match={"device": "tablet"})),
        )
        history = journey.events(Paid)
        assert_type(history, list[Paid])
        assert paid.first is not None
        assert plain.first is not None
        assert paid.events is not None
        if journey._live:
            seen.extend([paid.first, paid.events[0].name, plain.first["amount"], either.first])
            seen.extend([late.timed_out, login[0].first["device"], [each.amount for each in history]])
        return {"amount": paid.first.amount, "all": [each.amount for each in paid]}

    async with Engine(welcome, clock=VirtualClock()) as engine:
        await engine.ingest("app/signup", "ada", {"plan": "pro"})
        await engine.ingest("billing/paid", "ada", {"amount": 3, "currency": "USD"})
        await engine.ingest("billing/paid", "ada", {"amount": 7, "currency": "EUR", "lines": [{"sku": "a"}]})
        await engine.ingest("app/login", "ada", {"device": "phone"})
        await engine.ingest("app/login", "ada", {"device": "tablet"})
        await engine.run_until_idle()
        with Views(engine.path) as views:
            row = views.journey("welcome/ada")
            assert row is not None
            assert row.status == "completed", row.note
            result = [e.data for e in views.entries(limit=100) if e.kind == "journey.completed"]
    assert result == [{"result": {"amount": 7, "all": [7]}}]
    assert seen == [
        Paid(7, lines=[Line("a")]),
        "billing/paid",
        3,
        {"device": "phone"},
        False,
        "tablet",
        [3, 7],
    ]


def test_what_came_before_the_class_said_so_fails_the_journey_by_name() -> None:
    old = Event("billing/paid", "ada", 1_767_225_600_000, '{"amount":"3"}')
    with pytest.raises(WorkflowError) as caught:
        type_of(Paid).of_event(old)
    assert str(caught.value).startswith(
        '"billing/paid" of 2026-01-01 00:00:00 is no Paid: amount: expected int, got str. Let Paid take it'
    )


def test_what_is_no_type_of_an_event_is_refused_at_its_line() -> None:
    for name in ("", "app/*", "a\nb"):
        with pytest.raises(WorkflowError, match=r"test_event_types\.py:\d+: the event's name "):
            event(name)
    with pytest.raises(WorkflowError, match="which is no dataclass, TypedDict or pydantic model"):
        event("app/x")(int)
    with pytest.raises(WorkflowError, match="which is no dataclass"):
        event("app/x")(lambda: None)  # type: ignore[arg-type]

    @event("app/x")
    @dataclass
    class Odd:
        what: Nowhere  # type: ignore[name-defined]  # noqa: F821

    with pytest.raises(WorkflowError, match=r"the fields of Odd cannot be read: name 'Nowhere'"):
        _ = type_of(Odd).schema
    with pytest.raises(WorkflowError, match="the fields of Odd cannot be read"):
        type_of(Odd).read({"what": 1})
    assert incoming("app/x", "ada").name == "app/x"
