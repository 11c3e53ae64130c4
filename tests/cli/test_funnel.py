"""`funnel`: for people, for scripts, as a picture and as a page."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from studio.cli import call
from studio.cli.output import Exit
from tests.reports.journeys import play
from tests.reports.test_progress import welcome


@pytest.fixture
def funnel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    monkeypatch.chdir(tmp_path)
    sent = [("0s", user, "signup") for user in ("ada", "bob", "cy")]
    play(Path("s.db"), welcome, [*sent, ("1h", "ada", "opened"), ("8d", "dee", "signup")], until="9d")

    def funnel(*words: str) -> tuple[int, str, str]:
        code = call(["funnel", *words, "--store", "s.db"])
        out, err = capsys.readouterr()
        return code, out, err

    return funnel


def test_people_see_each_node_with_what_became_of_who_came_there(funnel: Any) -> None:
    code, out, err = funnel("welcome")
    assert (code, err) == (Exit.DONE, "")
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert lines[0] == "welcome: 4 journeys entered"
    assert "LINE NODE ENTERED MOVED ON TIMED OUT LEFT INSIDE VISITS" in lines
    assert any(line.endswith("wait opened 4 3 75 % 2 1 4") for line in lines)
    assert "3 reached the end 75 %" in lines
    assert "3 completed, 1 waiting" in lines
    assert any(line.startswith("At each of 5 nodes: entered = moved on + left + inside.") for line in lines)


def test_scripts_get_one_object_whose_nodes_add_up(funnel: Any) -> None:
    _, out, _ = funnel("welcome", "--json")
    (found,) = map(json.loads, out.splitlines())
    assert (found["workflow"], found["entered"], found["waiting"]) == ("welcome", 4, 1)
    for node in found["nodes"]:
        assert node["entered"] == node["moved_on"] + sum(node["left"].values()) + node["inside"]
        assert {"name", "line"} <= node.keys()
    assert found["outcome"]["by_day"]["1"]["share"] == pytest.approx(0.25)


def test_csv_has_a_row_for_each_node(funnel: Any) -> None:
    _, out, _ = funnel("welcome", "--csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [row["key"] for row in rows][:3] == ["start", "step:greet#0", "wait:opened#0"]
    assert rows[2]["timed_out"] == "2"


def test_a_cohort_begins_where_it_is_said_to(funnel: Any) -> None:
    _, out, _ = funnel("welcome", "--json", "--since", "2d")
    assert json.loads(out)["entered"] == 1


def test_weeks_are_funnels_of_their_own(funnel: Any) -> None:
    _, out, _ = funnel("welcome", "--json", "--by", "week")
    groups = json.loads(out)["groups"]
    assert [(group["group"], group["entered"]) for group in groups] == [("2026-W10", 3), ("2026-W11", 1)]
    _, out, _ = funnel("welcome", "--by", "week")
    assert "welcome (2026-W11): 1 journey entered" in out


def test_the_picture_and_the_page_stand_by_themselves(funnel: Any) -> None:
    code, _, _ = funnel("welcome", "--svg", "f.svg", "--html", "f.html")
    assert code == Exit.DONE
    ET.fromstring(Path("f.svg").read_text())
    page = Path("f.html").read_text()
    assert "wait opened" in page
    assert not any(word in page for word in ("<script", "<link", "src=", "@import", "url("))


def test_a_file_that_cannot_be_written_is_named(funnel: Any) -> None:
    code, _, err = funnel("welcome", "--svg", "no/f.svg")
    assert code == Exit.WRONG
    assert err == "journey-studio: no/f.svg: No such file or directory\n"


def test_a_workflow_that_never_ran_is_refused_by_name(funnel: Any) -> None:
    code, _, err = funnel("welcom")
    assert code == Exit.WRONG
    assert "it has no workflow 'welcom'. There is: welcome." in err
