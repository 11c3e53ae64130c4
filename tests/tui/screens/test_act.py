"""Acting on a journey: one key does it, what destroys asks first, and there enter is no."""

from __future__ import annotations

from pathlib import Path

from studio import Engine, Journey, VirtualClock, workflow
from studio.engine.local import LocalEngine
from studio.errors import JourneyError
from studio.tui.app import StudioApp
from studio.tui.picture import START
from studio.tui.session.acting import acts_for
from tests.tui.conftest import Studio, open_studio
from tests.tui.fakes import FakeEngine, FakeStudio, user, world
from tests.tui.test_studio import until


async def test_cancel_asks_first_and_enter_is_no(studio: Studio) -> None:
    acts = studio.app.fake_engine.acts
    await studio.press("3", "a")
    assert studio.screen == "ActScreen"
    assert "a answer app/email.verified" in studio.text
    await studio.press("c")
    assert "Cancel onboarding/user1?" in studio.text
    assert "1 open wait with it." in studio.text
    assert "y cancel   ⏎ no" in studio.text
    await studio.press("enter")
    assert acts == []
    assert studio.screen == "ActScreen", "no leads back to the menu"
    await studio.press("c", "escape", "c", "c", "r")
    assert acts == []
    await studio.press("y")
    assert acts == [("cancel", "onboarding/user1")]
    assert studio.screen == "LiveScreen"
    assert studio.outcome == "cancelled onboarding/user1"


async def test_y_alone_does_nothing_and_enter_leaves(studio: Studio) -> None:
    await studio.press("3", "a", "y", "enter")
    assert studio.app.fake_engine.acts == []
    assert studio.screen == "LiveScreen"


async def test_restart_says_which_steps_would_run_again(studio: Studio) -> None:
    await studio.press("2", "end", "a")
    assert "Act · trial/user1" in studio.text
    await studio.press("s")
    assert "Restart trial/user1 from its first line?" in studio.text
    assert "It is waiting: 1 open wait would end." in studio.text
    assert "1 done step would run again (send welcome)." in studio.text
    await studio.press("y")
    assert studio.app.fake_engine.acts == [("restart", "trial/user1")]


async def test_answer_fills_the_form(studio: Studio) -> None:
    await studio.press("3", "a", "a")
    assert studio.focus == "event"
    assert studio.field("data").value == '{"userId": "user1"}'
    assert studio.outcome == "✓ answers user1 ⏎"
    await studio.press("enter")
    assert studio.focus == "waiting", "sending goes back to the row"


async def test_a_wait_that_is_over_takes_no_act(studio: Studio) -> None:
    await studio.press("3")
    studio.app.records.rows_waits = studio.app.records.rows_waits[1:]
    await studio.changed()
    await studio.press("a")
    assert studio.screen == "LiveScreen"
    assert studio.outcome == "this wait has ended"


async def test_a_wait_is_timed_out_by_hand(studio: Studio) -> None:
    await studio.press("3", "a", "t")
    assert studio.app.fake_engine.acts == [("time_out", 16)]
    assert studio.outcome == "timed out app/email.verified of onboarding/user1"


async def test_the_arrows_go_through_the_journeys_of_a_user(studio: Studio) -> None:
    await studio.press("1", "a")
    assert "1 of 2 ← →" in studio.text
    first = "Act · onboarding/user1" in studio.text
    await studio.press("right")
    assert ("Act · trial/user1" in studio.text) == first
    await studio.press("left")
    assert ("Act · onboarding/user1" in studio.text) == first


async def test_a_failed_journey_shows_its_traceback_and_resumes_without_a_question() -> None:
    records = world()

    class Resuming(FakeEngine):
        async def act(self, act: str, target: str | int) -> None:
            await super().act(act, target)
            # It goes on to the end of its pass.
            records.rows_users[3] = user("user3")

    async with open_studio(app=FakeStudio(records, Resuming())) as studio:
        await studio.press("4", "home", "j", "j", "a")
        assert "KeyError: 'email'" in studio.text
        assert 'onboarding.py:20   user = account.result[0]["email"]' in studio.text
        assert "Traceback" in studio.text
        await studio.press("r")
        assert studio.app.fake_engine.acts == [("resume", "onboarding/user3")]
        assert studio.outcome == "resumed onboarding/user3"


async def test_a_refusal_is_said_where_the_eye_is() -> None:
    class Refusing(FakeEngine):
        async def act(self, act: str, target: str | int) -> None:
            raise JourneyError("it is completed already", where=str(target))

    async with open_studio(app=FakeStudio(world(), Refusing())) as studio:
        await studio.press("3", "a", "c", "y")
        assert studio.outcome == "onboarding/user1: it is completed already"


async def test_a_user_without_a_journey_has_nothing_to_act_on() -> None:
    records = world()
    records.rows_users.insert(1, user("stranger", "none"))
    async with open_studio(records) as studio:
        await studio.press("i", "a")
        assert studio.field("event").value == "a", "in the form it is a letter"
        await studio.press("escape", "escape", "1", "j", "a")
        assert studio.outcome == "stranger has no journey"
        assert studio.screen == "LiveScreen"


async def test_a_journey_fails_is_resumed_cancelled_and_restarted_for_real(tmp_path: Path) -> None:
    broken = [True]

    @workflow(trigger="app/signup")
    async def greet(journey: Journey) -> dict[str, bool]:
        if broken:
            raise KeyError("email")
        await journey.wait_for("app/verified", timeout="1h")
        return {"ok": True}

    async with Engine(greet, store=tmp_path / "s.db", clock=VirtualClock(START)) as engine:
        await engine.ingest("app/signup", user="user1")
        app = StudioApp(client=LocalEngine(engine))
        async with app.run_test(size=(120, 36)) as pilot:
            await until(pilot, "✗ failed")
            await pilot.press("1", "a")
            await until(pilot, 'raise KeyError("email")')
            broken.clear()
            await pilot.press("r")
            await until(pilot, "resumed greet/user1")
            await until(pilot, "◷ user1 ")
            await pilot.press("3", "a", "c")
            await until(pilot, "Cancel greet/user1?")
            await pilot.press("y")
            await until(pilot, "cancelled greet/user1")
            await pilot.press("1", "a")
            await until(pilot, "s restart from the first line")
            await pilot.press("s", "y")
            await until(pilot, "restarted greet/user1")
            await until(pilot, "of 1h")


def test_what_can_be_done_depends_on_where_a_journey_stands() -> None:
    from studio.store.records import JourneyRow
    from studio.tui.session.acting import Actable

    def keys(status: str) -> str:
        row = JourneyRow("w/u", "u", "w", None, status, 1, 0, None, None, None)
        return "".join(act.key for act in acts_for(Actable(row)))

    assert {status: keys(status) for status in ("failed", "waiting", "idle", "completed", "cancelled")} == {
        "failed": "rcs",
        "waiting": "cs",
        "idle": "cs",
        "completed": "s",
        "cancelled": "s",
    }
