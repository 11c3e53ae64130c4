"""A workflow tried a step at a time, without a screen; what is kept of it is played and checked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from studio import Journey, workflow
from studio.design.explorer.samples import Samples
from studio.design.preview import Preview, PreviewState, file_name
from studio.errors import StudioError
from studio.language.definition import Workflow
from studio.source import loader
from studio.store.views import Views
from studio.testing.checked_play import all_entries, play_and_check
from tests.engine.reloading import write

START = 1_795_519_800_000
DAY = 86_400_000

TRIAL = """
async def charge(cents: int) -> dict[str, str]:
    raise SystemExit("a step is never run")

journey.log(f"hello {journey.user.email}")
receipt = await journey.step("charge", charge, 12)
paid = await journey.wait_for("paid", match={"plan.name": "team"}, timeout="11d")
if not paid:
    await journey.ingest("reminder", {"chance": journey.random()})
    paid = await journey.wait_for("paid", timeout="3d")
return {"paid": bool(paid), "receipt": receipt}
"""


@pytest.fixture
def tried(tmp_path: Path) -> Iterator[Callable[[str | Workflow], Preview]]:
    """Makes previews of a body, or of a workflow, and throws them away."""
    made: list[Preview] = []

    def make(of: str | Workflow) -> Preview:
        if isinstance(of, str):
            write(tmp_path / "workflows", of)
            (found,) = loader.load(tmp_path / "workflows").workflows.values()
        else:
            found = of
        made.append(Preview(found, Samples(), START))
        return made[-1]

    yield make
    for each in made:
        each.end()


def kinds(preview: Preview) -> list[str]:
    """What has happened."""
    with Views(preview.store) as views:
        return [f"{entry.kind} {entry.name or ''}".strip() for entry in all_entries(views)]


def status(standing: PreviewState) -> str:
    assert standing.journey is not None
    return standing.journey.status


Make = Callable[[str | Workflow], Preview]


def test_a_wait_is_answered_with_what_it_needs_and_no_step_is_run(tried: Make) -> None:
    preview = tried(TRIAL)
    standing = preview.begin()
    (wait,) = standing.waits
    assert (wait.name, standing.passed_ms) == ("paid", 0)
    assert preview.answer_to(wait) == ("paid", {"plan": {"name": "team"}})
    standing = preview.answer(wait.seq)
    assert status(standing) == "completed"
    assert standing.last is not None
    assert standing.last.data == {"result": {"paid": True, "receipt": {}}}
    assert standing.waits == []
    assert not preview.can_go_on()
    for act in (preview.go_on, preview.pass_time, lambda: preview.time_out(wait.seq)):
        with pytest.raises(StudioError):
            act()


def test_time_passes_to_the_deadline(tried: Make) -> None:
    preview = tried(TRIAL)
    first = preview.begin().waits[0]
    standing = preview.time_out(first.seq)
    assert (standing.now, standing.passed_ms) == (START + 11 * DAY, 11 * DAY)
    with pytest.raises(StudioError, match="it has already ended"):
        preview.answer(first.seq)
    standing = preview.pass_time()
    assert (standing.passed_ms, status(standing)) == (14 * DAY, "completed")


def test_the_last_step_is_taken_back_and_chance_comes_out_the_same(tried: Make) -> None:
    preview = tried(TRIAL)
    standing = preview.begin()
    with pytest.raises(StudioError, match="the journey begins here"):
        preview.back()
    standing = preview.pass_time()
    with Views(preview.store) as views:
        before = list(all_entries(views))
    store = preview.store
    preview.pass_time()
    assert preview.back() == standing
    assert not store.exists()
    with Views(preview.store) as views:
        assert list(all_entries(views)) == before
    assert any("chance" in (entry.data or {}) for entry in before)
    assert preview.back().passed_ms == 0
    store = preview.store
    assert preview.wait(preview.begin().waits[0].seq).name == "paid"
    assert not store.exists(), "who begins again leaves no engine behind"


@pytest.mark.parametrize("acts", ["", "t", "a", "ta", "tt"])
def test_what_is_kept_plays_to_the_same(tried: Make, acts: str, tmp_path: Path) -> None:
    # What comes by chance is another in each store.
    preview = tried(TRIAL.replace("journey.random()", "7"))
    standing = preview.begin()
    for act in acts:
        does = preview.time_out if act == "t" else preview.answer
        standing = does(standing.waits[0].seq)
    file = preview.keep()
    assert file == tmp_path / "data" / "welcome-try-1.jsonl"
    assert preview.keep().name == "welcome-try-2.jsonl"

    def stand_in(name: str, _: Callable[..., object]) -> Callable[..., object]:
        return lambda *args: {}

    with file.open() as lines:
        done = asyncio.run(play_and_check(lines, tmp_path / "workflows", stand_in=stand_in))
    assert done.mismatch is None
    assert done.expectations > len(acts)


def test_nothing_is_left(tried: Make) -> None:
    preview = tried(TRIAL)
    preview.begin()
    store = preview.store
    assert store.exists()
    preview.end()
    preview.end()
    assert not list(store.parent.glob(f"{store.name}*"))
    with pytest.raises(StudioError, match="the try has ended"):
        preview.back()


def test_a_pass_without_a_result_goes_on_with_the_trigger(tried: Make) -> None:
    preview = tried('await journey.wait_for("paid", timeout="1d")')
    preview.begin()
    standing = preview.pass_time()
    assert status(standing) == "idle"
    assert preview.can_go_on()
    standing = preview.go_on()
    assert standing.journey is not None
    assert standing.journey.pass_number == 2
    with pytest.raises(StudioError, match="it still waits"):
        preview.go_on()


def test_a_failure_has_its_traceback(tried: Make) -> None:
    preview = tried('journey.trigger["plan"]')
    standing = preview.begin()
    assert standing.failed
    assert standing.last is not None
    assert (standing.last.message, standing.last.line) == ("KeyError: 'plan'", "welcome.py:7")
    assert "Traceback" in standing.last.data["traceback"]
    assert not preview.can_go_on()


@workflow(trigger=["cart/*"], key="cart.id", again=True)
async def basket(journey: Journey) -> dict[str, bool]:
    """A key, a group without own deadlines, a sleep, an event of any name."""
    bought, _ = await journey.wait_any(
        journey.wait_for("bought"), journey.wait_for(["web/*", "gone"]), timeout="1h"
    )
    await journey.sleep("2d")
    await journey.wait_for("never")
    return {"bought": bool(bought)}


def test_groups_sleeps_keys_and_what_has_no_deadline(tried: Make) -> None:
    preview = tried(basket)
    standing = preview.begin()
    one, other = (row for row in standing.waits if row.kind == "wait")
    (group,) = (row for row in standing.waits if row.kind == "group")
    assert preview.answer_to(one) == ("bought", {})
    assert preview.answer_to(other) == ("gone", {})
    with pytest.raises(StudioError, match="answer one of them"):
        preview.answer(group.seq)
    # A member's own time is that of its group.
    assert preview.due_of(one) == START + 3_600_000
    standing = preview.time_out(one.seq)
    (sleep,) = standing.waits
    with pytest.raises(StudioError, match="a sleep does not wait for an event: x lets its time pass"):
        preview.answer(sleep.seq)
    (wait,) = preview.time_out(sleep.seq).waits
    for act in (preview.pass_time, lambda: preview.time_out(wait.seq)):
        with pytest.raises(StudioError, match="deadline"):
            act()
    standing = preview.answer(wait.seq)
    assert status(standing) == "completed"
    assert preview.can_go_on()
    standing = preview.go_on()
    assert standing.journey is not None
    assert standing.journey.id == "basket/user1/cart.id1~2"


def test_a_function_that_hangs_fails(tried: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.design.preview.HANG_AFTER", 0.3)
    preview = tried("while True:\n    pass")
    standing = preview.begin()
    assert standing.failed


@pytest.mark.parametrize("name", ["../../etc/x", "a/b", "[b] x", "...", "名前" * 60, ".hidden"])
def test_a_name_of_any_kind_stays_in_its_folder(name: str) -> None:
    found = file_name(name)
    assert found
    assert not set(found) & set("/\\[] ")
    assert not found.startswith(".")
    assert len(found.encode()) < 200
