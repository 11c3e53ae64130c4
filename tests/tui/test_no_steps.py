"""The studio on an engine that calls no step."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.cli import call
from studio.cli.no_steps import would_run
from studio.cli.output import Exit
from studio.cli.settings import Settings
from studio.language.incoming import incoming
from studio.store.inbox import send
from studio.tui.app import StudioApp
from tests.tui.test_studio import until

STEPS = """
from studio import Journey, workflow


@workflow(trigger="signup")
async def welcome(journey: Journey):
    return await journey.step("send mail", mail, journey.user.id)


def mail(user):
    raise RuntimeError("it was called")
"""


async def test_the_clock_bar_says_so_and_the_log_what_would_run(tmp_path: Path) -> None:
    (tmp_path / "welcome.py").write_text(STEPS)
    settings = Settings(str(tmp_path / "welcome.py"), str(tmp_path / "s.db"), "full")
    app = StudioApp(
        settings.workflows, settings.store, stand_in=would_run(settings, True, ('send mail={"ok": true}',))
    )
    send(settings.store, [incoming("signup", "ada")])
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, "RUNNING  NO STEPS")
        await until(pilot, "would run send mail('ada')")
        await until(pilot, 'welcome completed  {"ok": true}')


@pytest.mark.parametrize("option", ["--no-steps", "--http=8288"])
def test_a_studio_that_only_looks_runs_no_engine_to_ask_it_of(
    option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(["--readonly", option]) == Exit.WRONG
    assert "--readonly runs no engine" in capsys.readouterr().err
