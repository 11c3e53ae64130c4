"""Which workflows run, and going back to those that ran before."""

from __future__ import annotations

from studio import Journey, workflow
from studio.engine.work.running_code import RunningCode


@workflow(trigger="go", name="old")
async def old(journey: Journey) -> None:
    """Only looked up here."""


@workflow(trigger="go", name="new")
async def new(journey: Journey) -> None:
    """Only looked up here."""


def starts(code: RunningCode) -> list[str]:
    return [each.name for each in code.routes.of("go")[1]]


def test_what_is_replaced_can_be_taken_back_with_its_versions() -> None:
    code = RunningCode({"old": old})
    code.codes["old"] = 3
    codes = code.codes
    take_back = code.replace({"new": new})
    code.codes["new"] = 4
    code.codes["old"] = 5
    assert (list(code.workflows), starts(code)) == (["new"], ["new"])
    take_back()
    assert (list(code.workflows), starts(code), code.codes) == (["old"], ["old"], {"old": 3})
    # Units of work hold this very mapping.
    assert code.codes is codes


def test_it_is_nobody_elses_mapping() -> None:
    given = {"old": old}
    code = RunningCode(given)
    given["new"] = new
    assert starts(code) == ["old"]
