"""Matching, rule 20: which data agrees with which match."""

from __future__ import annotations

from studio import Journey, workflow
from tests.conformance.case import Case, Send

CASES: list[Case] = []


@workflow(trigger="go")
async def none_is_null(journey: Journey) -> int:
    found = await journey.wait_for("x", match={"a": None})
    return int(found[0]["n"])


@workflow(trigger="go")
async def true_is_true(journey: Journey) -> int:
    found = await journey.wait_for("x", match={"a": True})
    return int(found[0]["n"])


@workflow(trigger="go")
async def one_is_one(journey: Journey) -> int:
    found = await journey.wait_for("x", match={"a": 1})
    return int(found[0]["n"])


@workflow(trigger="go")
async def by_path(journey: Journey) -> int:
    found = await journey.wait_for("x", match={"a.b": 1})
    return int(found[0]["n"])


@workflow(trigger="go")
async def by_index(journey: Journey) -> int:
    found = await journey.wait_for("x", match={"items.1.sku": "tea"})
    return int(found[0]["n"])


@workflow(trigger="go")
async def nested(journey: Journey) -> int:
    found = await journey.wait_for("x", match={"plan": {"name": "pro", "paid": True}})
    return int(found[0]["n"])


@workflow(trigger="go")
async def all_fields(journey: Journey) -> int:
    found = await journey.wait_for("x", match={"a": 1, "b": "two"})
    return int(found[0]["n"])


@workflow(trigger="go")
async def whole_lists(journey: Journey) -> int:
    found = await journey.wait_for("x", match={"tags": ["a", "b"]})
    return int(found[0]["n"])


ANY_NAME = {"after": 1, "bound": 2, "events": 3, "group": "g", "match": 4, "timeout": 5}
"""Named as what the engine keeps of a wait."""


@workflow(trigger="go")
async def any_name(journey: Journey) -> int:
    return len(await journey.wait_for("x", match=ANY_NAME))


CASES += [
    Case(
        "None in a match means present and null",
        (none_is_null,),
        (Send("go"), Send("x", {"n": 1}), Send("x", {"n": 2, "a": 0}), Send("x", {"n": 3, "a": None})),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened x#0 {"a":null}
        +0s event x {"n":1}
        +0s event x {"n":2,"a":0}
        +0s event x {"n":3,"a":null}
        +0s wait.matched x#0
        +0s journey.completed 3
        """,
    ),
    Case(
        "None in a match finds its like in the past",
        (none_is_null,),
        (Send("x", {"n": 1, "a": False}), Send("x", {"n": 2, "a": None}), Send("x", {"n": 3}), Send("go")),
        """
        +0s event x {"n":1,"a":false}
        +0s event x {"n":2,"a":null}
        +0s event x {"n":3}
        +0s event go
        +0s journey.started
        +0s wait.matched x#0
        +0s journey.completed 2
        """,
    ),
    Case(
        "True in a match is no number and no text",
        (true_is_true,),
        (
            Send("go"),
            Send("x", {"n": 1, "a": 1}),
            Send("x", {"n": 2, "a": "true"}),
            Send("x", {"n": 3, "a": True}),
        ),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened x#0 {"a":true}
        +0s event x {"n":1,"a":1}
        +0s event x {"n":2,"a":"true"}
        +0s event x {"n":3,"a":true}
        +0s wait.matched x#0
        +0s journey.completed 3
        """,
    ),
    Case(
        "a number in a match is no truth value, and 1 is 1.0",
        (one_is_one,),
        (
            Send("go"),
            Send("x", {"n": 1, "a": True}),
            Send("x", {"n": 2, "a": "1"}),
            Send("x", {"n": 3, "a": 1.0}),
        ),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened x#0 {"a":1}
        +0s event x {"n":1,"a":true}
        +0s event x {"n":2,"a":"1"}
        +0s event x {"n":3,"a":1.0}
        +0s wait.matched x#0
        +0s journey.completed 3
        """,
    ),
    Case(
        "a key with a dot is a path, unless it is there literally",
        (by_path,),
        (
            Send("go"),
            Send("x", {"n": 1, "a": {"b": 2}}),
            Send("x", {"n": 2, "a": {"b": 1}, "a.b": 2}),
            Send("x", {"n": 3, "a": {"b": 1}}),
        ),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened x#0 {"a.b":1}
        +0s event x {"n":1,"a":{"b":2}}
        +0s event x {"n":2,"a":{"b":1},"a.b":2}
        +0s event x {"n":3,"a":{"b":1}}
        +0s wait.matched x#0
        +0s journey.completed 3
        """,
    ),
    Case(
        "digits in a path index lists",
        (by_index,),
        (
            Send("go"),
            Send("x", {"n": 1, "items": [{"sku": "tea"}]}),
            Send("x", {"n": 2, "items": [{"sku": "nut"}, {"sku": "tea"}]}),
        ),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened x#0 {"items.1.sku":"tea"}
        +0s event x {"n":1,"items":[{"sku":"tea"}]}
        +0s event x {"n":2,"items":[{"sku":"nut"},{"sku":"tea"}]}
        +0s wait.matched x#0
        +0s journey.completed 2
        """,
    ),
    Case(
        "a nested mapping agrees when all its keys do, whatever else is there",
        (nested,),
        (
            Send("go"),
            Send("x", {"n": 1, "plan": {"name": "pro"}}),
            Send("x", {"n": 2, "plan": "pro"}),
            Send("x", {"n": 3, "plan": {"name": "pro", "paid": True, "seats": 5}}),
        ),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened x#0 {"plan":{"name":"pro","paid":true}}
        +0s event x {"n":1,"plan":{"name":"pro"}}
        +0s event x {"n":2,"plan":"pro"}
        +0s event x {"n":3,"plan":{"name":"pro","paid":true,"seats":5}}
        +0s wait.matched x#0
        +0s journey.completed 3
        """,
    ),
    Case(
        "all keys of a match must agree",
        (all_fields,),
        (
            Send("go"),
            Send("x", {"n": 1, "a": 1}),
            Send("x", {"n": 2, "a": 1, "b": "Two"}),
            Send("x", {"n": 3, "b": "two", "a": 1}),
        ),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened x#0 {"a":1,"b":"two"}
        +0s event x {"n":1,"a":1}
        +0s event x {"n":2,"a":1,"b":"Two"}
        +0s event x {"n":3,"b":"two","a":1}
        +0s wait.matched x#0
        +0s journey.completed 3
        """,
    ),
    Case(
        "a list agrees with the same list only",
        (whole_lists,),
        (
            Send("go"),
            Send("x", {"n": 1, "tags": ["b", "a"]}),
            Send("x", {"n": 2, "tags": ["a", "b", "c"]}),
            Send("x", {"n": 3, "tags": ["a", "b"]}),
        ),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened x#0 {"tags":["a","b"]}
        +0s event x {"n":1,"tags":["b","a"]}
        +0s event x {"n":2,"tags":["a","b","c"]}
        +0s event x {"n":3,"tags":["a","b"]}
        +0s wait.matched x#0
        +0s journey.completed 3
        """,
    ),
    Case(
        "a field of a match may have any name",
        (any_name,),
        (Send("go"), Send("x", {"after": 1, "bound": 2, "events": 3}), Send("x", ANY_NAME)),
        """
        +0s event go
        +0s journey.started
        +0s wait.opened x#0 {"after":1,"bound":2,"events":3,"group":"g","match":4,"timeout":5}
        +0s event x {"after":1,"bound":2,"events":3}
        +0s event x {"after":1,"bound":2,"events":3,"group":"g","match":4,"timeout":5}
        +0s wait.matched x#0
        +0s journey.completed 1
        """,
        killed=True,
    ),
]
