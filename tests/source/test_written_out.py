"""What is written out in a call and cannot be done is told when the file is loaded, with its line."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from studio import Journey, workflow
from studio.source import loader

HEAD = "from studio import Journey, workflow\n"
GOOD = (
    HEAD + '@workflow(trigger="go")\nasync def flow(j: Journey):\n    return await j.split("s", {"a": 100})\n'
)


def problems(folder: Path, statements: str, head: str = "async def flow(journey):") -> list[str]:
    """What is told of a workflow of these statements, which begin in line 4 of flow.py."""
    lines = [f"    {line}" for line in dedent(statements).strip("\n").splitlines()]
    (folder / "flow.py").write_text("\n".join([HEAD + '@workflow(trigger="go")', head, *lines]) + "\n")
    return [str(problem) for problem in loader.load(folder).problems]


@pytest.mark.parametrize(
    ("call", "says"),
    [
        ('journey.split("s", {"a": 50, "b": 49})', 'flow.py:4: the percentages of split "s" add up to 99'),
        ('journey.split("s", arms={"a": 50})', 'flow.py:4: the percentages of split "s" add up to 50'),
        ('journey.split("s", {"a": 100}, gone="b")', "flow.py:4: split \"s\" has gone='b'"),
        ('journey.until("9 am")', "flow.py:4: until has '9 am', which is no time of day"),
        ('journey.until("09:00", on="mo-fr")', "flow.py:4: until has 'mo-fr', which names no days"),
        ('journey.until("09:00", if_past="skip")', "the next of a time is never past"),
        ('journey.collect("tick")', 'flow.py:4: collect("tick") has nothing that ends it'),
        ('journey.collect("tick", count=0)', "has count=0"),
        ('journey.message(email, "", send)', "flow.py:4: the message's name is empty"),
        ('journey.message(email, "a", send, priority=200)', 'flow.py:4: message "a" has priority=200'),
        ('journey.message(email, "a", send, valid_for="long")', "message \"a\" has valid_for 'long'"),
    ],
)
def test_a_call_that_cannot_be_done(tmp_path: Path, call: str, says: str) -> None:
    (problem,) = problems(tmp_path, f"return await {call}")
    assert says in problem


@pytest.mark.parametrize(
    "statements",
    [
        "half = 50\nreturn await journey.split('s', {'a': half, 'b': half})",
        "return await journey.split(*['s', {'a': 1}])",
        "return await journey.split(**{'name': 's', 'arms': {'a': 100}})",
        "text = 'a,b'\ntext.split('s', {'a': 1})",
        "day = None\nawait journey.until('09:00', date=day, if_past='skip')",
    ],
)
def test_what_is_computed_or_is_no_journeys_is_left_to_the_call(tmp_path: Path, statements: str) -> None:
    assert problems(tmp_path, statements) == []


def test_helpers_that_take_a_journey_are_looked_at(tmp_path: Path) -> None:
    (tmp_path / "_helper.py").write_text(
        HEAD + 'async def deal(who: "Journey") -> str:\n    return await who.split("s", {"a": 1})\n'
    )
    (tmp_path / "flow.py").write_text(
        HEAD + "import _helper\n@workflow\nasync def flow(j):\n    return await _helper.deal(j)\n"
    )
    (problem,) = (str(each) for each in loader.load(tmp_path).problems)
    assert "_helper.py:3: " in problem


def test_the_last_good_version_goes_on(tmp_path: Path) -> None:
    file = tmp_path / "flow.py"
    file.write_text(GOOD)
    library = loader.Library(tmp_path)
    assert not library.load().problems
    file.write_text(GOOD.replace("100", "10"))
    loaded = library.load()
    assert len(loaded.problems) == 1
    assert "100" in loaded.workflows["flow"].source
    file.write_text(GOOD)
    assert not library.load().problems


def test_a_function_that_is_handed_over_is_looked_at() -> None:
    @workflow(trigger="go", name="handed")
    async def handed(journey: Journey) -> str:
        return await journey.split("s", {"a": 30, "b": 30})

    (problem,) = loader.collect(handed).problems
    assert "test_written_out.py" in str(problem)
    assert "add up to 60" in str(problem)


def test_two_channels_of_one_name_that_differ_are_refused_with_both_lines(tmp_path: Path) -> None:
    head = "from studio import Journey, channel, workflow\n"
    body = (
        "@workflow(trigger='go')\nasync def {name}(journey):\n    await journey.message(email, 'a', print)\n"
    )
    one, other = tmp_path / "one.py", tmp_path / "other.py"
    one.write_text(head + "email = channel('email', cap='1 per day')\n" + body.format(name="one"))
    other.write_text(head + "\nemail = channel('email', cap='2 per day')\n" + body.format(name="other"))
    library = loader.Library(tmp_path)
    loaded = library.load()
    (problem,) = (str(each) for each in loaded.problems)
    assert problem.startswith('other.py:3: the channel "email" is there twice')
    assert "one.py:2" in problem
    assert loaded.workflows == {}
    other.write_text(other.read_text().replace("2 per", "1 per"))
    loaded = library.load()
    assert (set(loaded.workflows), loaded.problems) == ({"one", "other"}, [])
    # Once they run, they go on as they were.
    other.write_text(other.read_text().replace("1 per", "3 per"))
    loaded = library.load()
    assert (set(loaded.workflows), len(loaded.problems)) == ({"one", "other"}, 1)
    assert "1 per" in loaded.workflows["other"].source
