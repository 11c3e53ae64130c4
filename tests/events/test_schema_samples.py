"""Data that fits a schema, as an example."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import pydantic
import pytest

from studio import event
from studio.events.schema_samples import sample_of
from studio.language.event_types import event_type


@dataclass
class Node:
    name: str
    next: Node | None
    more: list[Node] = field(default_factory=list)


@event("everything")
@dataclass
class Everything:
    email: str
    cart_id: str
    at: datetime
    key: UUID
    count: int
    share: float
    kind: Literal["b", "a"]
    tags: list[str]
    by_name: dict[str, int]
    either: int | str
    node: Node
    maybe: str | None
    free: Any
    left_out: int = 3


@event("bounded")
class Bounded(pydantic.BaseModel):
    count: int = pydantic.Field(gt=10, lt=20)
    share: float = pydantic.Field(le=0.5)
    code: str = pydantic.Field(min_length=12, max_length=14)
    short: str = pydantic.Field(max_length=2)
    few: list[int] = pydantic.Field(min_length=2)
    seen: str = pydantic.Field(examples=["this"])
    email: str


@pytest.mark.parametrize("cls", [Everything, Bounded])
def test_a_sample_fits_its_type(cls: type) -> None:
    own = event_type(cls)
    assert own is not None
    sample = sample_of(own.schema)
    own.read(sample)
    assert sample["email"] == "user1@example.com"
    assert "left_out" not in sample


def test_what_is_given_as_an_example_is_taken() -> None:
    assert sample_of({"type": "string", "examples": ["x"], "default": "y"}) == "x"
    assert sample_of({"const": 7}) == 7
    assert sample_of({"type": ["null", "integer"]}) == 1
    assert sample_of({"allOf": [{"type": "boolean"}]}) is True
    assert sample_of({"$ref": "#/nowhere"}) is None
    assert sample_of({}) is None
    assert sample_of({"type": "array"}) == []
    endless = {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}}
    assert sample_of(endless) is None
