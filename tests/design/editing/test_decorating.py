"""What `@workflow` is given becomes another, and nothing else does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from studio.design.editing import change, insert
from studio.design.editing.templates import NewSleep
from studio.design.outline.flow_reader import read, read_source
from studio.errors import EditError
from studio.source.loader import load
from tests.design.editing.support import ROOT, node, refused, source

TEXT = source("pass")


def decorated(edit_of: str, what: str, value: Any) -> str:
    """The line of the decorator after a change, and that of the import."""
    edit = change(edit_of, node(edit_of, "start"), what, value)
    lines = edit.source.splitlines()
    assert len(lines) == len(edit_of.splitlines())
    return f"{lines[0]}\n{next(line for line in lines if line.startswith('@'))}"


@pytest.mark.parametrize(
    ("before", "what", "value", "after"),
    [
        ('trigger="go"', "holdout", 10, 'trigger="go", holdout=10'),
        ('trigger="go", holdout=10', "holdout", 20, 'trigger="go", holdout=20'),
        ('trigger="go", holdout=10', "holdout", None, 'trigger="go"'),
        ('trigger="go"', "trigger", ["go", "come"], 'trigger=["go", "come"]'),
        ('trigger="go"', "trigger", None, ""),
        ('trigger="go"', "again", "30d", 'trigger="go", again="30d"'),
        ('trigger="go", again=True', "again", False, 'trigger="go"'),
        ('trigger="go"', "exit_on", "user/left", 'trigger="go", exit_on="user/left"'),
        ('trigger="go"', "timezone", "Europe/Berlin", 'trigger="go", timezone="Europe/Berlin"'),
        ('trigger="go"', "key", "cart_id", 'trigger="go", key="cart_id"'),
        ('goal=goal("a", match={"x": 1})', "goal", "b", 'goal=goal("b", match={"x": 1})'),
        ('goal=goal("a")', "within", "30d", 'goal=goal("a", within="30d")'),
        ('goal=goal("a", within="30d")', "within", None, 'goal=goal("a")'),
        ('trigger="go", goal=goal("a")', "goal", None, 'trigger="go"'),
    ],
)
def test_one_argument_is_another(before: str, what: str, value: Any, after: str) -> None:
    head = "from studio import Journey, goal, workflow"
    text = TEXT.replace("Journey, workflow", "Journey, goal, workflow").replace('trigger="go"', before)
    assert decorated(text, what, value) == f"{head}\n@workflow({after})"


def test_a_goal_is_imported_and_a_bare_decorator_gets_brackets() -> None:
    bare = TEXT.replace('@workflow(trigger="go")', "@workflow")
    expected = 'from studio import Journey, goal, workflow\n@workflow(goal=goal("billing/paid"))'
    assert decorated(bare, "goal", "billing/paid") == expected
    whole = TEXT.replace(
        "from studio import Journey, workflow", "import studio\nfrom typing import Any as Journey"
    )
    whole = whole.replace("@workflow", "@studio.workflow")
    assert '@studio.workflow(trigger="go", goal=studio.goal("x"))' in decorated(whole, "goal", "x")
    several = TEXT.replace("import Journey, workflow", "import (\n    Journey,\n    workflow,\n)")
    edit = change(several, node(several, "start"), "goal", "x")
    assert edit.source.startswith("from studio import (\n    Journey,\n    goal,\n    workflow,\n)\n")
    assert edit.sentence == "goal of the workflow none -> x"


@pytest.mark.parametrize(
    ("text", "what", "value", "why"),
    [
        (TEXT, "holdout", 0.1, "did you mean 10?"),
        (TEXT, "holdout", None, "there is no holdout"),
        (TEXT, "goal", None, "there is no goal"),
        (TEXT, "within", "30d", "Give the goal first"),
        (TEXT, "timezone", "Europe/Berlon", "did you mean 'Europe/Berlin'?"),
        (TEXT, "again", "3x", "again '3x'"),
        (TEXT, "refuse", "f", "'refuse' of a workflow cannot be changed by the map"),
        (
            TEXT.replace("workflow\n\n", "workflow\n\ngoal = 1\n"),
            "goal",
            "x",
            "goal means something else here",
        ),
        (
            TEXT.replace("from studio import", "from elsewhere import"),
            "goal",
            "x",
            "goal is not imported here",
        ),
        (TEXT.replace('trigger="go"', "**given"), "holdout", 10, "the holdout may be in **given"),
        (TEXT.replace('trigger="go"', "goal=paid"), "goal", "x", "the goal is the variable paid"),
        (TEXT.replace("@workflow", "@mine"), "holdout", 10, "there is no @workflow above it"),
    ],
)
def test_what_is_no_plain_edit_is_refused(text: str, what: str, value: Any, why: str) -> None:
    with pytest.raises(EditError) as raised:
        change(text, node(text, "start"), what, value)
    assert why in refused(raised)


def test_the_start_of_a_loaded_workflow_with_a_goal_can_be_edited(tmp_path: Path) -> None:
    path = tmp_path / "lifecycle.py"
    text = (ROOT / "workflows" / "lifecycle.py").read_text(encoding="utf-8")
    path.write_text(text, encoding="utf-8")
    start = read(load(path).workflows["lifecycle"]).nodes[0]
    assert start.detail("goal") == "billing/paid within 30d"
    assert read_source(text, "lifecycle", str(path)).nodes[0].details == start.details
    edit = change(text, start, "within", "60d")
    assert 'goal=goal("billing/paid", within="60d"),' in edit.source
    path.write_text(edit.source, encoding="utf-8")
    goal = load(path).workflows["lifecycle"].goal
    assert goal is not None
    assert goal.within == 60 * 86_400_000
    assert 'await journey.sleep("1h")' in insert(text, start, "after", NewSleep("1h")).source
