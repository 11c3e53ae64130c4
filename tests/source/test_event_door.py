"""Events that do not fit their types: refused at each way in, kept aside, or only told."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from pathlib import Path

import pytest

from studio import Engine, Event, Journey, VirtualClock, event, incoming, workflow
from studio.errors import EventError, StudioError
from studio.source.event_door import EventDoor, types_in
from studio.source.loader import Library, load
from studio.store import inbox
from studio.store.views import Views


@event("billing/paid")
@dataclass(frozen=True)
class Paid:
    amount: int


@workflow(trigger="signup")
async def welcome(journey: Journey) -> dict[str, int | None]:
    paid = await journey.wait_for(Paid)
    return {"amount": paid.first.amount if paid.first else None}


GOOD = incoming("billing/paid", "ada", {"amount": 3})
WRONG = incoming("billing/paid", {"id": "ada", "plan": "pro"}, {"amount": "3"}, id="e1")
SAID = r'"billing/paid" of ada does not fit Paid \(test_event_door.py:\d+\): amount: expected int, got str\.'

SAYS = """
from dataclasses import dataclass
from studio import Journey, event, workflow

@event("billing/paid")
@dataclass
class Paid:
    amount: {kind}

@workflow
async def {name}(journey: Journey):
    await journey.wait_for(Paid)
"""


def events_of(engine: Engine) -> list[str | None]:
    with Views(engine.path) as views:
        return [entry.name for entry in views.entries(limit=100) if entry.kind == "event"]


async def test_an_application_is_told_and_nothing_of_it_is_stored() -> None:
    async with Engine(welcome, clock=VirtualClock()) as engine:
        with pytest.raises(EventError, match=SAID):
            await engine.ingest("billing/paid", "ada", {"amount": "3"})
        with pytest.raises(EventError, match=SAID):
            engine.submit([GOOD, WRONG])
        assert events_of(engine) == []
        assert await engine.ingest_many([GOOD, incoming("billing/other", "ada", {"amount": "3"})])
        assert events_of(engine) == ["billing/paid", "billing/other"]


async def test_what_only_is_told_is_taken(caplog: pytest.LogCaptureFixture) -> None:
    async with Engine(welcome, clock=VirtualClock(), typed="warn") as engine:
        with caplog.at_level(logging.WARNING, "studio"):
            await engine.ingest_many([WRONG, incoming("signup", "bob")])
            await engine.ingest("billing/paid", "ada", {"amount": "4"})
        assert events_of(engine) == ["billing/paid", "signup", "billing/paid"]
        (said,) = caplog.messages
        assert said.endswith("amount: expected int, got str. It is taken all the same.")
        await engine.ingest("billing/paid", "bob", {"amount": "5"})
        with Views(engine.path) as views:
            failed = [entry for entry in views.entries(limit=100) if entry.kind == "journey.failed"]
        assert "is no Paid: amount: expected int, got str" in (failed[0].message or "")
    with pytest.raises(StudioError, match='typed is \'never\'; use "refuse" or "warn"'):
        Engine(welcome, typed="never")  # type: ignore[arg-type]


def test_what_another_process_sent_is_kept_aside_with_the_reason(tmp_path: Path) -> None:
    store = tmp_path / "s.db"
    inbox.send(store, [WRONG, GOOD])
    with Engine(welcome, store=store) as engine:
        engine.submit([incoming("signup", "bob")]).result()
        assert events_of(engine) == ["billing/paid", "signup"]
        with Views(store) as views:
            assert views.left_waiting().events == 0
            (kept,) = views.refused()
            _, body = views.refused_event(kept.number)
    assert (kept.user, kept.event) == ("ada", "billing/paid")
    assert "amount: expected int, got str" in kept.reason
    line = {
        "event": "billing/paid",
        "user": {"id": "ada", "plan": "pro"},
        "data": {"amount": "3"},
        "id": "e1",
    }
    assert json.loads(body) == line


def test_a_step_that_sends_what_does_not_fit_fails(tmp_path: Path) -> None:
    @workflow(trigger="signup")
    async def relay(journey: Journey) -> None:
        await journey.step("relay", lambda: engine.submit([WRONG]).result())

    with Engine([welcome, relay], store=tmp_path / "s.db") as engine:
        engine.submit([incoming("signup", "ada")]).result()
        import time

        end = time.monotonic() + 30
        failed: list[str | None] = []
        while not failed and time.monotonic() < end:
            with Views(engine.path) as views:
                failed = [e.message for e in views.entries(limit=100) if e.kind == "step.failed"]
    assert "does not fit Paid" in (failed[0] or "")


def test_the_types_of_a_project_are_those_of_its_files_and_modules(tmp_path: Path) -> None:
    folder = tmp_path / "workflows"
    folder.mkdir()
    (folder / "_shared.py").write_text(SAYS.format(kind="int", name="nobody"))
    (folder / "one.py").write_text(
        "import _shared\nfrom studio import workflow\n\n@workflow\nasync def one(j): pass\n"
    )
    assert list(types_in(load(folder).workflows.values())) == ["billing/paid"]

    @event("local")
    @dataclass
    class Local:
        what: str

    @workflow
    async def inner(journey: Journey) -> None:
        await journey.wait_for(Local)

    assert sorted(types_in([inner])) == ["billing/paid", "local"]


def test_two_types_of_one_event_that_differ_are_refused_with_both_lines(tmp_path: Path) -> None:
    folder = tmp_path / "workflows"
    folder.mkdir()
    (folder / "one.py").write_text(SAYS.format(kind="int", name="one"))
    library = Library(folder)
    assert library.load().problems == []
    # Two that say the same are one.
    (folder / "two.py").write_text(SAYS.format(kind="int", name="two"))
    assert library.load().problems == []
    (folder / "two.py").write_text(SAYS.format(kind="str", name="two"))
    loaded = library.load()
    (problem,) = loaded.problems
    assert str(problem).startswith(
        'two.py:5: the event "billing/paid" has two types, and they differ; the other is Paid at one.py:5.'
    )
    assert set(loaded.workflows) == {"one", "two"}, "what ran before goes on"
    (folder / "two.py").write_text(SAYS.format(kind="Nowhere", name="two"))
    assert "NameError" in str(library.load().problems[0])


def test_a_reload_brings_the_types_of_the_new_files(tmp_path: Path) -> None:
    file = tmp_path / "one.py"
    file.write_text(SAYS.format(kind="int", name="one"))
    library = Library(file)
    workflows = library.load().workflows
    door = EventDoor(lambda: workflows)
    with pytest.raises(EventError):
        door.check([WRONG], "here:3")
    file.write_text(SAYS.format(kind="str", name="one"))
    workflows = library.load().workflows
    door.check([WRONG])
    with pytest.raises(EventError, match=r"^here:3: .*amount: expected str, got int"):
        door.check([GOOD], "here:3")


def test_an_event_of_the_history_may_be_older_than_its_type(tmp_path: Path) -> None:
    own = types_in([welcome])["billing/paid"]
    assert own.of_event(Event("billing/paid", "ada", 0, '{"amount": 1}')) == Paid(1)
