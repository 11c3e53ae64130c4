"""What steps give and raise, of every kind: stored, refused with a reason, or told as a failure."""

from __future__ import annotations

from pathlib import Path

from tests.cases.playing import played
from tests.engine.support import entries, in_time

__all__ = ["in_time"]

STORED = {
    "str enum": "pro",
    "int enum": 3,
    "tuple": [1, 2],
    "int keys": {"1": "a"},
    "none key": {"null": 1, "true": 2},
    "big int": 2**70,
    "nul": "a\x00b",
    "sub dict": {"a": 1},
    "sub str": "x",
    "wrapped coroutine": 5,
    "partial coroutine": 6,
    "method": 7,
    "callable": 8,
}

REFUSED = {
    "enum",
    "dataclass",
    "decimal",
    "datetime",
    "uuid",
    "bytes",
    "set",
    "nan",
    "clashing keys",
    "tuple key",
    "huge int",
    "surrogate",
    "exception",
    "generator",
    "async generator",
    "class",
}


async def test_a_result_is_stored_or_refused_for_what_it_is(tmp_path: Path) -> None:
    store = await played("results", "e.jsonl", tmp_path / "s.db")
    done = {entry.name: entry.data["result"] for entry in entries(store, "step.done")}
    deep = done.pop("deep")
    assert done == STORED
    assert str(deep).startswith("[[[[")
    failed = {entry.name: entry.data for entry in entries(store, "step.failed")}
    refused = [name for name, data in failed.items() if data["type"] == "NotJson"]
    assert set(refused) == REFUSED
    assert failed["clashing keys"]["message"] == (
        "it did its work, but its result cannot be stored:"
        " its keys 1 and '1' are both '1' in JSON, and one would be lost"
    )
    raised = {name: data["type"] for name, data in failed.items() if data["type"] != "NotJson"}
    assert raised == {
        "needs two": "NeedsTwo",
        "bad str": "BadStr",
        "group": "ExceptionGroup",
        "stop iteration": "StopIteration",
        "system exit": "SystemExit",
        "keyboard interrupt": "KeyboardInterrupt",
        "generator exit": "GeneratorExit",
    }
