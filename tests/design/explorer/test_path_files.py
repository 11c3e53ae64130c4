"""Explored paths as event files: each passes as it is written, and a later run knows what is new."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from studio import Journey, workflow
from studio.design.explorer.explored_path import ExploredPath
from studio.design.explorer.path_files import PathFile, choices_of, compare, path_file
from studio.design.explorer.search import START, Exploration, explore
from studio.source import loader
from studio.testing.checked_play import play_and_check

ROOT = Path(__file__).parent.parent.parent.parent


def files_of(found: Exploration) -> list[PathFile]:
    made = [asyncio.run(path_file(found, path, START)) for path in found.paths]
    return [file for file in made if file is not None]


@pytest.mark.parametrize("name", ["trial", "cart"])
def test_each_path_of_the_examples_passes_as_it_is_written(name: str) -> None:
    example = loader.load(ROOT / "workflows").workflows[name]
    found = explore(example)
    found.samples.add_event_file(example)
    found = explore(example, found.samples)
    files = files_of(found)
    assert len(files) == len(found.paths) > 2
    assert len({file.name for file in files}) == len(files)

    def stand_in(step: str, function: object) -> object:
        return lambda *args, **kwargs: found.samples.step_result(step, function)  # type: ignore[arg-type]

    for file in files:
        lines = file.text.splitlines()
        checked = asyncio.run(play_and_check(lines, example, name=file.name, stand_in=stand_in))  # type: ignore[arg-type]
        assert checked.mismatch is None, str(checked.mismatch)
        assert checked.expectations > 1


@workflow(trigger="begin")
async def late(journey: Journey) -> str:
    if await journey.wait_for("go", timeout="1d"):
        return "in time"
    return "late" if await journey.wait_for("go", timeout="1d") else "never"


def test_an_event_that_comes_after_a_time_out_is_put_behind_it() -> None:
    files = files_of(explore(late))
    texts = {file.choices: file.text for file in files}
    assert sorted(texts) == ["0", "1-0", "1-1"]
    assert '{"at": "1d1s", "event": "go", "user": "user1"}' in texts["1-0"]
    assert '"result": "late"' in texts["1-0"]
    assert '"result": "never"' in texts["1-1"]


@workflow(trigger="begin")
async def fragile(journey: Journey) -> bool:
    try:
        await journey.step("try", print)
    except Exception:
        return False
    return True


def test_a_path_on_which_a_step_fails_is_none_that_events_lead_to() -> None:
    found = explore(fragile, failures=True)
    assert len(found.paths) == 2
    assert [file.choices for file in files_of(found)] == ["0"]


def test_what_is_new_changed_edited_and_gone_is_told_apart() -> None:
    files = files_of(explore(late))
    there = {file.name: file.text for file in files[:2]}
    there[files[0].name] += '{"at": "2d", "expect": "completed", "user": "user1"}\n'
    there["old.jsonl"] = files[1].text.replace("choices 1-0", "choices 9-9")
    there["other.jsonl"] = files[1].text.replace("path of late", "path of later")
    there[files[2].name.replace("1-1", "1-1-0")] = "{}\n"
    there["by hand.jsonl"] = '{"at": "0s", "event": "begin", "user": "user1"}\n'
    found = compare(there, "late", files)
    assert [file.choices for file in found.new] == ["1-1"]
    assert (found.edited, found.gone, found.same, found.changed) == ([files[0].name], ["old.jsonl"], 1, [])


def test_a_path_that_goes_otherwise_now_is_written_anew_under_its_name() -> None:
    before = files_of(explore(late))
    there = {"kept-name.jsonl": before[0].text}

    @workflow(trigger="begin", name="late")
    async def other(journey: Journey) -> str:
        if await journey.wait_for("go", timeout="1d"):
            return "soon"
        return "late"

    found = compare(there, "late", files_of(explore(other)))
    assert [(file.name, '"soon"' in file.text) for file in found.changed] == [("kept-name.jsonl", True)]


def test_paths_have_choices_in_their_names() -> None:
    path = ExploredPath((), (), [], None, 0, 1)  # type: ignore[arg-type]
    assert choices_of(path) == "-"
