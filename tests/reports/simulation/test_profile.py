"""Profiles of made-up users: what a file says, and what is refused by the name of its field."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from studio import Journey, workflow
from studio.design.outline.flow_reader import read
from studio.reports.simulation.chance import Delay
from studio.reports.simulation.first_profile import first_profile
from studio.reports.simulation.profile import ENTRY, Habit, ProfileError, profile_of, read_profile

WHOLE = """
[arrivals]
event = "signup"
start = "2026-03-02T09:00Z"
over = "10d"
data = {plan = "free"}
user = {timezone = "Europe/Berlin"}

[events.paid]
chance = 0.2
p50 = "2d"
p90 = "9d"
data = {amount = 9}
[events.paid.after."day 1"]
chance = 0.4
p50 = "1h"
"""


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    file = tmp_path / "p.toml"
    file.write_text(WHOLE)
    found = read_profile(file)
    assert (found.event, found.start_ms, found.over_ms) == ("signup", 1_772_442_000_000, 864_000_000)
    assert (found.data, found.user) == ({"plan": "free"}, {"timezone": "Europe/Berlin"})
    assert found.habits == (
        Habit("paid", ENTRY, 0.2, Delay(172_800_000, 777_600_000), {"amount": 9}),
        Habit("paid", "day 1", 0.4, Delay(3_600_000, 14_400_000), {"amount": 9}),
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "[arrivals]: it names no event"),
        ("[arrivals]\nevent = 1", "it names no event"),
        ("[arrivals]\nevent = 'a'\nevery = '1d'", "'every' is no field of it"),
        ("[arrivals]\nevent = 'a'\nover = 'long'", "over: it is 'long'"),
        ("[arrivals]\nevent = 'a'\nstart = 'soon'", "[arrivals] start"),
        ("[arrivals]\nevent = 'a'\n[events.b]\nchance = 2", "chance is 2"),
        ("[arrivals]\nevent = 'a'\n[events.b]\nchance = true", "chance is True"),
        ("[arrivals]\nevent = 'a'\n[events.b]\np50 = '1d'", "chance is None"),
        (
            "[arrivals]\nevent = 'a'\n[events.b]\nchance = 1\np50 = '2d'\np90 = '1d'",
            "p90 is shorter than p50",
        ),
        ("[arrivals]\nevent = 'a'\n[events.b.after.c]\nchance = -1", '[events."b".after."c"]: chance is -1'),
        ("[arrivals]\nevent = 'a'\n[events]\nb = 1", "it is 1, not a table"),
        ("[others]", "'others' is no field of it"),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_field(text: str, said: str) -> None:
    with pytest.raises(ProfileError) as caught:
        profile_of(tomllib.loads(text), "p.toml")
    assert said in str(caught.value)
    assert str(caught.value).startswith("p.toml: ")


def test_a_file_that_is_not_there_or_no_toml_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match=r"none\.toml: No such file"):
        read_profile(tmp_path / "none.toml")
    file = tmp_path / "p.toml"
    file.write_text("[")
    with pytest.raises(ProfileError, match=r"p\.toml: it is no TOML"):
        read_profile(file)


@workflow(trigger=["app/*", "signup"])
async def welcome(journey: Journey) -> bool:
    await journey.step("greet", print)
    await journey.wait_for("opened", match={"id": 1}, timeout="1d")
    await journey.wait_for("opened")
    return True


def test_the_first_profile_is_read_as_any_other_and_names_what_is_waited_for() -> None:
    text = first_profile(welcome, read(welcome))
    found = profile_of(tomllib.loads(text), "first")
    assert found.event == "signup"
    assert [(habit.event, habit.after) for habit in found.habits] == [("opened", ENTRY)]
    assert "waited for in test_profile.py:" in text
    assert '# [events."opened".after."greet"]' in text
