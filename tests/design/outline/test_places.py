"""A node's place is the very text that the engine records: journeys are driven, and compared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from studio import Engine, VirtualClock
from studio.design.outline.flow_reader import read
from studio.events import event_files as eventfiles
from studio.source import loader
from studio.store.records import Entry
from tests.engine.support import entries

ROOT = Path(__file__).parents[3]
START = 1_767_225_600_000
MADE = (
    "wait.opened",
    "wait.matched",
    "wait.timeout",
    "wait.closed",
    "sleep.opened",
    "sleep.done",
    "step.started",
    "step.done",
    "step.failed",
    "log",
    "event",
)

ODD = """
import functools
import logging

from _helping import Asking, ask
from studio import Journey, workflow

log = logging.getLogger("odd")


def act():
    return 1


def introduced(function):
    @functools.wraps(function)
    async def inner(*given):
        return await function(*given)

    return inner


@workflow(trigger="go", name="odd one")
@introduced
async def odd(journey: Journey):
    one, other = await journey.wait_any(
        journey.wait_for("p"), journey.wait_for("q"),
        timeout="2h",
    )
    more = {"timeout": "1m"}
    await (journey
        .wait_for("r", **more))
    await (journey
        .wait_for("r",
            timeout="1m"))
    await ask(journey, f"computed/{journey.user.id}")
    await Asking(journey).twice()
    await journey.wait_all(*[
        journey.wait_for(e,
            timeout="1m") for e in ("m", "n")])
    await journey.step(
        "act",
        act)
    print(
        "hello",
        "you")
    log.warning(
        "careful")
    journey.log(
        "said")
    journey.note("noted")
    await journey.sleep(
        "1h")
    await journey.ingest(
        "sent", {"a": 1})
    wait = journey.wait_for
    last = wait("last",
        timeout="1s")
    await last
    try:
        await (journey.
               step("fails",
                    lambda: 1 / 0))
    except Exception as error: print(error)
    for n in range(3):
        if not (await journey.wait_for("tick", timeout="1m", past=False)): break
    return {"a": 1}
"""
HELPING = """
async def ask(journey, name):
    return await journey.wait_for(
        name,
        timeout="1h")


class Asking:
    def __init__(self, journey):
        self.journey = journey

    async def twice(self):
        for _ in "ab":
            await ask(self.journey, "asked")
            await self.journey.sleep("1m")
"""


async def play(folder: Path, workflows: Path, events: Path | None = None) -> list[Entry]:
    """Drive journeys through an event file, and on until nothing is due; gives what they did."""
    store = folder / "s.db"
    clock = VirtualClock(START)
    async with Engine(workflows, store=store, clock=clock) as engine:
        if events is None:
            await engine.ingest("go", user="ada")
            await engine.ingest("q", user="ada")
        else:
            await engine.play(eventfiles.read(events.read_text().splitlines(), START))
        await engine.forward("30d")
        await engine.run_until_idle()
    return [entry for entry in entries(store, *MADE) if entry.journey is not None]


def joined(made: list[Entry], workflows: Path) -> dict[str, set[str]]:
    """Per node id, the entries' kinds and names; each entry must have its node."""
    outlines = {name: read(each) for name, each in loader.load(workflows).workflows.items()}
    found: dict[str, set[str]] = {}
    for entry in made:
        assert entry.workflow is not None
        nodes = outlines[entry.workflow].entry_nodes(entry.line, entry.kind, entry.name)
        assert nodes, f"no node for {entry.kind} {entry.name} at {entry.line}"
        for node in nodes:
            found.setdefault(node.id, set()).add(f"{entry.kind} {entry.name or ''}".strip())
    return found


async def test_an_odd_journey_is_joined_with_all_that_it_did(tmp_path: Path) -> None:
    workflows = tmp_path / "workflows"
    workflows.mkdir()
    (workflows / "odd.py").write_text(ODD)
    (workflows / "_helping.py").write_text(HELPING)
    made = await play(tmp_path, workflows)
    assert made[-1].kind != "journey.failed"
    found = joined(made, workflows)
    (outline,) = [read(each) for each in loader.load(workflows).workflows.values()]
    acting = {"wait", "any", "all", "sleep", "step", "ingest", "log", "note"}
    assert {node.id for node in outline.walk() if node.kind in acting} == found.keys()
    on_one_line = [kinds for id, kinds in found.items() if id.startswith("odd.py:27 wait")]
    assert on_one_line == [
        {"wait.opened p", "wait.closed p"},
        {"wait.opened q", "wait.matched q"},
    ]


@pytest.mark.parametrize("name", ["cart", "onboarding", "trial"])
async def test_what_the_examples_do_is_on_their_maps(tmp_path: Path, name: str) -> None:
    file = ROOT / "workflows" / f"{name}.py"
    made = await play(tmp_path, file, ROOT / "data" / f"{name}.jsonl")
    # What a step prints is said at the step's own line, which is in no journey's way.
    own = [entry for entry in made if not (entry.kind == "log" and entry.name is not None)]
    found: dict[str, Any] = joined(own, file)
    assert len(found) >= 5
